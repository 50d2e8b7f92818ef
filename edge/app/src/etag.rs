//! ETags that are known before anything is encrypted.

use core::fmt::Write;

use hmac::{Hmac, Mac};
use sha2::Sha256;
use sluice_gate::Roots;
use sluice_packager::title::{Delivery, TitleId, TrackId, Treatment, Version};

/// Raised whenever the packager writes other bytes for the same input.
const PACKAGER_VERSION: u8 = 2;

/// What an ETag stands for. A version is one state of the clear bytes, so naming it takes the place of the clear object's own ETag.
pub(crate) struct Subject<'a> {
    pub(crate) title: &'a TitleId,
    pub(crate) version: &'a Version,
    pub(crate) track: &'a TrackId,
    /// The object within its track: `init.mp4`, `12.m4s`.
    pub(crate) object: &'a str,
    pub(crate) delivery: Delivery,
    pub(crate) treatment: Treatment,
    /// What it holds of a key provider's own words, which the version does not name: they may change.
    pub(crate) provided: &'a [u8],
}

/// A strong ETag: the same on every host, point of presence and CDN that holds the same root.
pub(crate) fn etag(roots: &Roots, subject: &Subject<'_>) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(roots.etag_key()).expect("HMAC takes a key of any length");
    let names = [
        subject.title.as_str(),
        subject.version.as_str(),
        subject.track.as_str(),
        subject.object,
        subject.delivery.as_str(),
    ];
    for name in names {
        mac.update(name.as_bytes());
        mac.update(&[0]);
    }
    match subject.treatment {
        Treatment::Protect { kid, .. } | Treatment::EncryptSegments { kid } => mac.update(&kid.0),
        Treatment::Lead { reason, .. } | Treatment::Clear(reason) => mac.update(reason.as_str().as_bytes()),
    }
    mac.update(&[PACKAGER_VERSION]);
    mac.update(subject.provided);
    let tag = mac.finalize().into_bytes();
    let mut out = String::with_capacity(34);
    out.push('"');
    for byte in &tag[..16] {
        let _ = write!(out, "{byte:02x}");
    }
    out.push('"');
    out
}
