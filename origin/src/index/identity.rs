use sha2::{Digest, Sha256};
use sluice_packager::{
    keys::Kid,
    title::{Delivery, TitleId, Version},
};

use super::{
    settings::{Policy, Sharing},
    track::ReadTrack,
};

/// A version is a name for one state of the clear bytes, and of how they are protected where that is not by one key per kind: 16 hex digits of
/// SHA-256 over the names and digests of all files, made ones too, and over what else makes other protected bytes of them: what a version names never
/// changes, though another build may make it otherwise.
///
/// Track numbers, which derived IVs contain, follow from the same names, so that no version can ever have two numberings.
pub(super) fn version(tracks: &[ReadTrack], policy: Option<&Policy>) -> String {
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
    if let Some(Policy { keys, clear_lead, key_period, pssh, .. }) = policy
        && (*keys, *clear_lead, *key_period, pssh.as_slice()) != (Sharing::Kind, 0, None, &[])
    {
        digest.update(format!("\0{keys:?} {clear_lead} {key_period:?} {pssh:?}"));
    }
    digest.finalize()[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The key id of a title version in one delivery, for `kind` "video" or "audio" (or "hd", "track/ID"; of key period n after the first, "video/n"):
/// SHA-256 of all four, as a UUID of version 8
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
