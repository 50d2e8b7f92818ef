//! A video track's I-frames alone, for players that wind forward and back: a fragment made of the pictures at which decoding can begin, which
//! then is protected like any other.
//!
//! A sample keeps its decode time and its bytes, so that under `cenc` it gets the IV, the subsample map and the ciphertext that it has in the
//! whole segment, and under `cbcs` likewise: no second plaintext ever meets the same keystream. That the map is the same
//! [`crate::cenc::plan_segment`] has checked for every picture that a plan tells of. Only the bytes up to the end of the last picture are needed.

mod cut;
mod error;
mod fragment;
mod pictures;
#[cfg(test)]
mod tests;

pub use cut::Cutter;
pub use error::Error;
pub use pictures::{MAX_PICTURES, Pictures};
