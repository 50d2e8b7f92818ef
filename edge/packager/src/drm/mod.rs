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
pub mod pssh;
pub mod widevine;

/// The `pssh` boxes for these keys, one of each system that has one, for the media itself: ClearKey's is the common one of W3C.
pub fn pssh_boxes(systems: &[KeySystem], kids: &[Kid], scheme: Scheme) -> Vec<u8> {
    let boxed = |system: &KeySystem| match system {
        KeySystem::Widevine => widevine::pssh(kids, scheme),
        KeySystem::Playready => playready::pssh(kids, scheme),
        KeySystem::Clearkey => {
            let kids = Some(kids.to_vec());
            pssh::Pssh { system: pssh::SystemId::COMMON, kids, data: &[] }.to_bytes()
        }
        KeySystem::Fairplay | KeySystem::Identity => Vec::new(),
    };
    systems.iter().flat_map(boxed).collect()
}
