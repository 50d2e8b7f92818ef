use p256::ecdsa::{Signature, VerifyingKey, signature::hazmat::PrehashVerifier};
use rsa::{Pkcs1v15Sign, RsaPublicKey};
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::super::{
    public_key::{self, PublicKeyError},
    spki,
};

/// What a signature is made over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hash {
    Sha1,
    Sha256,
}

/// A public key, and so the one kind of signature that it verifies.
pub(super) enum Key {
    /// RSASSA-PKCS1-v1_5.
    Rsa(RsaPublicKey),
    /// ECDSA on P-256.
    P256(VerifyingKey),
}

impl Key {
    pub(super) fn parse(pem: &str) -> Result<Self, PublicKeyError> {
        let der = public_key::der(pem).ok_or(PublicKeyError::Pem)?;
        if let Some((n, e)) = spki::rsa(&der) {
            return public_key::rsa_key(n, e).ok_or(PublicKeyError::Kind)?.map(Self::Rsa);
        }
        let point = spki::p256(&der).ok_or(PublicKeyError::Kind)?;
        VerifyingKey::from_sec1_bytes(point).map(Self::P256).map_err(|_| PublicKeyError::Kind)
    }

    pub(super) fn verifies(&self, hash: Hash, message: &[u8], signature: &[u8]) -> bool {
        let digest = match hash {
            Hash::Sha1 => Sha1::digest(message).to_vec(),
            Hash::Sha256 => Sha256::digest(message).to_vec(),
        };
        match self {
            Self::Rsa(key) => {
                let scheme = match hash {
                    Hash::Sha1 => Pkcs1v15Sign::new::<Sha1>(),
                    Hash::Sha256 => Pkcs1v15Sign::new::<Sha256>(),
                };
                // A signature is as long as the modulus and smaller: one spelling.
                key.verify(scheme, &digest, signature).is_ok()
            }
            Self::P256(key) => {
                ecdsa(signature).is_some_and(|signature| key.verify_prehash(&digest, &signature).is_ok())
            }
        }
    }
}

/// Ecdsa-Sig-Value (RFC 3279, 2.2.3) in DER, in its one spelling.
fn ecdsa(der: &[u8]) -> Option<Signature> {
    let (r, s) = spki::integers(der)?;
    let mut fixed = [0; 64];
    for (field, number) in fixed.as_chunks_mut::<32>().0.iter_mut().zip([r, s]) {
        let spare = field.len().checked_sub(number.len())?;
        field[spare..].copy_from_slice(number);
    }
    Signature::from_slice(&fixed).ok()
}
