//! How each key system is told which key it needs (one file per system), and the ClearKey licence exchange.
//!
//! Nothing here but [`clearkey::response`] ever holds a content key: manifests are written without one.

pub mod clearkey;
pub mod fairplay;
pub mod playready;
pub mod pssh;
pub mod widevine;
