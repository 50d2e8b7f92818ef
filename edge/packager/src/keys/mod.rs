//! Key ids, content keys, and how a content key travels from the origin to the edge.

mod kid;
pub mod wrap;

pub use kid::{Kid, KidError};
pub use sluice_cipher::keys::ContentKey;
