//! Layouts of clear CMAF that no muxer at hand makes, written by hand around the samples of a track that one did make.
//!
//! Nothing here reads or writes boxes with the product's own code: a parser that misreads would agree with itself. It trusts its input, a
//! track as ffmpeg's dash muxer or shaka-packager writes it, and panics on any other. Included by path by the tests that use it:
//! `edge/packager/tests` (no tools needed) and `tests/tests/packager` (other people's decryptors, and WASM).

pub(crate) mod boxes;
pub(crate) mod catalogue;
pub(crate) mod check;
mod init;
pub(crate) mod segment;
pub(crate) mod track;
mod traf;
