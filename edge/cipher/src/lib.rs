//! Carrying out the packager's encryption.
//!
//! A crate of its own for one reason: cargo knows levels of optimisation of crates alone. This one is built for speed, and the packager around it, many
//! times as long and a few microseconds of a segment, for size. Everybody else goes by `sluice_packager::{cipher, keys}`.

#[path = "../../packager/src/cipher/mod.rs"]
pub mod cipher;

/// What the ciphers are keyed with.
pub mod keys {
    pub use crate::content_key::ContentKey;
}

mod content_key;
