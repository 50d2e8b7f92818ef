use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use serde_json::Value;
use sha2::Sha256;

use super::json;

/// A JWS in compact form with HMAC-SHA256 (RFC 7515, 3.1; RFC 7518, 3.2).
pub(super) fn hs256(header: &Value, payload: &Value, key: &[u8]) -> String {
    let mut text = URL_SAFE_NO_PAD.encode(json::text(header));
    text.push('.');
    URL_SAFE_NO_PAD.encode_string(json::text(payload), &mut text);
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(text.as_bytes());
    text.push('.');
    URL_SAFE_NO_PAD.encode_string(mac.finalize().into_bytes(), &mut text);
    text
}
