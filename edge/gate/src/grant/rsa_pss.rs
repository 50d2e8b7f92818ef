use rsa::{Pss, RsaPublicKey};
use sha2::{Digest, Sha256};

/// Whether an RSASSA-PSS signature holds: SHA-256, MGF1 with SHA-256, a salt of 32 bytes (RFC 8017, 8.1.2; RFC 7518, 3.5; RFC 8230, 2).
pub(super) fn holds(key: &RsaPublicKey, message: &[u8], signature: &[u8]) -> bool {
    key.verify(Pss::new::<Sha256>(), &Sha256::digest(message), signature).is_ok()
}
