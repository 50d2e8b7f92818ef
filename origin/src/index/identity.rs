use sha2::{Digest, Sha256};
use sluice_packager::{
    keys::Kid,
    title::{Delivery, SignalledBy, TitleId, Version},
};

use super::{
    settings::{Policy, Sharing},
    track::ReadTrack,
};

/// RFC 4648, 6.
const BASE32: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// A version is a name for one state of the clear bytes, and of how they are protected where that is not by one key per kind: 50 bits of SHA-256 over
/// the names and digests of all files, made ones too, and over what else makes other protected bytes of them, in ten characters of base 32 (RFC 4648, in
/// lower case). It stands in every URI of a playlist, and need only differ from a title's other versions. What it names never changes, though another
/// build may make it otherwise.
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
    if let Some(Policy { keys, clear_lead, key_period, pssh, signalling, .. }) = policy
        && (*keys, *clear_lead, *key_period, pssh.as_slice()) != (Sharing::Kind, 0, None, &[])
    {
        digest.update(format!("\0{keys:?} {clear_lead} {key_period:?} {pssh:?}"));
        // Of the media, that changes init segments with boxes in them alone.
        if *signalling == SignalledBy::Provider && !pssh.is_empty() {
            digest.update(" provider");
        }
    }
    let digest = digest.finalize();
    let bits = digest.iter().take(8).fold(0, |bits, byte| bits << 8 | u64::from(*byte));
    let digit = |at: u32| char::from(BASE32[(bits >> (64 - 5 * (at + 1)) & 31) as usize]);
    (0..10).map(digit).collect()
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
