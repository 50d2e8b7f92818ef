//! How each key system is told which key it needs (one file per system), and the ClearKey licence exchange.
//!
//! Nothing here but [`clearkey::response`] ever holds a content key: manifests are written without one.

use crate::{
    keys::Kid,
    title::{KeySystem, Scheme},
};

pub mod clearkey;
pub mod fairplay;
#[cfg(test)]
mod judged;
pub mod playready;
mod provided;
pub mod pssh;
mod signalling;
pub mod widevine;

#[cfg(test)]
pub(crate) use provided::tests::provided as told_by_provider;
pub use provided::{MAX_KEY_URI, MAX_OBJECT, MAX_PSSH, Provided, ProvidedError};
pub use signalling::{MAX_ROOM, RoomError, Signalling, Unsignalled, room};

/// The `pssh` boxes for these keys, one of each system that has one, for the media itself: ClearKey's is the common one of W3C.
pub fn pssh_boxes(systems: &[KeySystem], kids: &[Kid], scheme: Scheme) -> Vec<u8> {
    systems.iter().flat_map(|system| pssh_of(*system, kids, scheme)).collect()
}

/// The system's box for these keys; nothing where it has none.
fn pssh_of(system: KeySystem, kids: &[Kid], scheme: Scheme) -> Vec<u8> {
    match system {
        KeySystem::Widevine => widevine::pssh(kids, scheme),
        KeySystem::Playready => playready::pssh(kids, scheme),
        KeySystem::Clearkey => clearkey::common_pssh(kids),
        KeySystem::Fairplay | KeySystem::Identity => Vec::new(),
    }
}
