//! What bytes a viewer gets: clear CMAF in, Common Encryption, HLS and DASH out.
//!
//! Sans I/O: bytes, keys and times come in as arguments. `bmff` reads and writes boxes, `cenc`
//! decides what of a sample is protected, `cipher` carries it out, `title` is what the origin
//! stores beside the media, `trick` takes I-frames out of segments, `drm` signals the key systems, `hls` and `dash` write the manifests.

#![deny(unsafe_code)]

mod bits;
pub mod bmff;
pub mod cenc;
pub mod dash;
pub mod drm;
pub mod hls;
pub mod keys;
pub mod manifest;
mod obu;
mod order;
pub mod title;
pub mod trick;

pub use obu::ObuError;
pub use sluice_cipher::cipher;
