use hmac::{Hmac, Mac};
use sha2::Sha256;
use sluice_gate::Unix;

use crate::hex;

/// The header that carries the signature.
pub(super) const HEADER: &str = "x-sluice-signature";

/// `t=SECONDS,v1=HEX` for a body.
pub(super) fn signature(secret: &[u8], time: Unix, body: &[u8]) -> String {
    let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(secret).expect("HMAC takes keys of any length");
    mac.update(time.to_string().as_bytes());
    mac.update(b".");
    mac.update(body);
    format!("t={time},v1={}", hex::encode(&mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From OpenSSL 3: `printf '1900000000.{"id":"1"}' | openssl dgst -sha256 -mac HMAC -macopt key:a-webhook-secret`
    #[test]
    fn signatures_are_hmac_sha256_of_time_and_body() {
        let signed = signature(b"a-webhook-secret", 1_900_000_000, br#"{"id":"1"}"#);
        assert_eq!(signed, "t=1900000000,v1=6ec7cfcf8f231127b722f31f20dd8bc0fcffec8323a055a6d6eba876d064debb");
    }
}
