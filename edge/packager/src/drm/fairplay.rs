//! FairPlay Streaming: a key is named by an `skd` URI; `cbcs` only.

use crate::keys::Kid;

/// HLS `KEYFORMAT`.
pub const KEYFORMAT: &str = "com.apple.streamingkeydelivery";
/// `schemeIdUri` (DASH).
pub const URN: &str = "urn:uuid:94ce86fb-07ff-4f43-adb8-93d2fa968ca2";

/// `skd://` and the key id in 32 hex digits: what the player hands its application, which asks for a licence by it.
pub fn uri(kid: &Kid) -> String {
    format!("skd://{kid}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::fixture;

    #[test]
    fn the_uri_names_the_key() {
        assert_eq!(uri(&fixture::kid(0x30)), "skd://303132333435363738393a3b3c3d3e3f");
    }
}
