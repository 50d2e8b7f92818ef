use hmac::{Hmac, Mac};
use sha2::Sha256;
use sluice_packager::keys::{ContentKey, Kid};
use zeroize::Zeroizing;

/// What everybody can read here is no secret: the key server uses it on loopback addresses only.
const BUILT_IN: &[u8] = b"sluice development master secret, public";
const LABEL: &[u8] = b"sluice content key";

/// The secret that content keys are derived from.
#[derive(Clone)]
pub struct MasterSecret(Hmac<Sha256>);

impl MasterSecret {
    /// One's own.
    pub fn new(secret: &[u8]) -> Self {
        Self(<Hmac<Sha256> as Mac>::new_from_slice(secret).expect("HMAC takes keys of any length"))
    }

    /// The public one, for development on one machine.
    pub fn built_in() -> Self {
        Self::new(BUILT_IN)
    }

    /// The content key of a key id: the first 16 bytes of HMAC-SHA256(master secret, "sluice content key" ‖ kid).
    pub fn content_key(&self, kid: &Kid) -> ContentKey {
        let mac = Zeroizing::new(<[u8; 32]>::from(
            self.0.clone().chain_update(LABEL).chain_update(kid.0).finalize().into_bytes(),
        ));
        let mut key = Zeroizing::new([0; 16]);
        key.copy_from_slice(&mac[..16]);
        ContentKey::new(*key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_hmac_sha256_cut_to_16_bytes() {
        // From OpenSSL: printf 'sluice content key\0…\x0f' | openssl dgst -sha256 -mac HMAC -macopt key:0123456789abcdef
        let kid = Kid(std::array::from_fn(|at| at as u8));
        let key = MasterSecret::new(b"0123456789abcdef").content_key(&kid);
        assert_eq!(key.expose(), &VECTOR);
        assert_ne!(MasterSecret::built_in().content_key(&kid).expose(), &VECTOR);
    }

    const VECTOR: [u8; 16] =
        [0xe3, 0xff, 0x75, 0x88, 0x28, 0xd2, 0x11, 0x85, 0x4a, 0xe2, 0x12, 0x47, 0x6c, 0x89, 0xba, 0x08];
}
