use sha2::{Digest, Sha256};
use sluice_packager::{
    keys::Kid,
    title::{Delivery, TitleId, Version},
};

use super::track::ReadTrack;

/// RFC 4648, 6.
const BASE32: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// A version is a name for one state of the clear bytes: 50 bits of SHA-256 over the names and digests of all files, in ten
/// characters of base 32 (RFC 4648, in lower case): it stands in every URI of a playlist, and need only differ from a title's other versions.
///
/// Track numbers, which derived IVs contain, follow from the same names, so that no version can ever have two numberings.
pub(super) fn version(tracks: &[ReadTrack]) -> String {
    let mut digest = Sha256::new();
    for track in tracks {
        for file in &track.files {
            digest.update(track.id.as_str());
            digest.update([0]);
            digest.update(&file.name);
            digest.update([0]);
            digest.update(file.digest);
        }
    }
    let digest = digest.finalize();
    let bits = digest.iter().take(8).fold(0, |bits, byte| bits << 8 | u64::from(*byte));
    let digit = |at: u32| char::from(BASE32[(bits >> (64 - 5 * (at + 1)) & 31) as usize]);
    (0..10).map(digit).collect()
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
