//! The core cache: one name space for what came from the origin (by URL) and one for the app's small values.

use core::{fmt::Write as _, time::Duration};
use std::io::Write as _;

use fastly::{
    cache::core::{self as store, CacheKey},
    http::purge,
};
use sha2::{Digest, Sha256};

/// Small values are larger only by mistake.
const MAX_VALUE: u64 = 64 * 1024;

/// A key of any length, as the platform takes them (up to 4 KiB).
pub(crate) fn key(name: &str) -> CacheKey {
    CacheKey::copy_from_slice(&Sha256::digest(name))
}

/// The surrogate key of one object, so that it can be purged alone.
pub(crate) fn surrogate_key(name: &str) -> String {
    let mut key = "object/".to_owned();
    for byte in &Sha256::digest(name)[..16] {
        let _ = write!(key, "{byte:02x}");
    }
    key
}

/// Drops an object. The cache drops what was not written to its end by itself; this is for what broke in another way.
pub(crate) fn forget(name: &str) {
    // Should it fail, the object is found broken again and dropped then.
    let _ = purge::purge_surrogate_key(&surrogate_key(name));
}

/// A small value.
pub(crate) fn get(name: &str) -> Option<Vec<u8>> {
    let found = store::lookup(value_key(name)).execute().ok()??;
    if found.is_stale() || found.known_length().is_none_or(|length| length > MAX_VALUE) {
        return None;
    }
    Some(found.to_stream().ok()?.into_bytes())
}

/// Keeps a small value, if the cache will.
pub(crate) fn put(name: &str, value: &[u8], seconds: u64) {
    let insertion =
        store::insert(value_key(name), Duration::from_secs(seconds)).known_length(value.len() as u64).execute();
    let Ok(mut writer) = insertion else { return };
    if writer.write_all(value).is_ok() {
        let _ = writer.finish();
    }
}

fn value_key(name: &str) -> CacheKey {
    key(&format!("value {name}"))
}
