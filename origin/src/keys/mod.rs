//! Content keys on their way from the DRM provider to edges: asked for once, held in memory only, wrapped anew for every answer.

mod kek;
mod service;

pub use kek::parse_kek;
pub use service::{KeyError, KeyService, WrappedKey};
