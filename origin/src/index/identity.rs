use sha2::{Digest, Sha256};
use sluice_packager::{
    keys::Kid,
    title::{Delivery, TitleId, Version},
};

use super::track::ReadTrack;

/// A version is a name for one state of the clear bytes: 16 hex digits of SHA-256 over the names and digests of all files, made ones too: what a version
/// names never changes, though another build may make them otherwise.
///
/// Track numbers, which derived IVs contain, follow from the same names, so that no version can ever have two numberings.
pub(super) fn version(tracks: &[ReadTrack]) -> String {
    let mut digest = Sha256::new();
    for track in tracks {
        let read = track.files.iter().map(|file| (&file.name, &file.digest));
        for (name, content) in read.chain(track.made.iter().map(|made| (&made.name, &made.digest))) {
            digest.update(track.id.as_str());
            digest.update([0]);
            digest.update(name);
            digest.update([0]);
            digest.update(content);
        }
    }
    digest.finalize()[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The key id of a title version in one delivery, for `kind` "video" or "audio": SHA-256 of all four, as a UUID of version 8
/// (RFC 9562, 5.8), which key servers take without complaint.
pub fn kid(title: &TitleId, version: &Version, delivery: Delivery, kind: &str) -> Kid {
    let mut digest = Sha256::new();
    digest.update(b"sluice kid");
    for part in [title.as_str(), version.as_str(), delivery.as_str(), kind] {
        digest.update([0]);
        digest.update(part);
    }
    let mut kid = [0; 16];
    kid.copy_from_slice(&digest.finalize()[..16]);
    kid[6] = kid[6] & 0x0f | 0x80;
    kid[8] = kid[8] & 0x3f | 0x80;
    Kid(kid)
}
