//! Key ids, content keys, and how a content key travels from the origin to the edge.

mod content_key;
mod kid;
pub mod wrap;

pub use content_key::ContentKey;
pub use kid::{Kid, KidError};
