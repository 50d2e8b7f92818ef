use base64::{Engine, engine::general_purpose::STANDARD};
use ed25519_dalek::VerifyingKey;
use jsonwebtoken::DecodingKey;
use p256::elliptic_curve::sec1::ToEncodedPoint;
use rsa::{BigUint, RsaPublicKey, traits::PublicKeyParts};

use super::{Algorithm, spki};

/// The fewest bits of an RSA modulus (RFC 7518, 3.3). The most are the `rsa` crate's own bound, 4096.
const MIN_RSA_BITS: usize = 2048;

/// Why a public key does not serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublicKeyError {
    /// Not a PEM of the expected kind.
    #[error(
        "is not a PEM with -----BEGIN PUBLIC KEY----- (SubjectPublicKeyInfo); convert it with `openssl pkey -pubout`"
    )]
    Pem,
    /// A key, but not for this algorithm, or a broken one.
    #[error("is not a sound key for its alg ({})", .0.as_str())]
    Key(Algorithm),
    /// A key of another kind, or a broken one.
    #[error("is neither a sound RSA key nor a sound one on P-256")]
    Kind,
    /// An RSA key that can be factored.
    #[error("is an RSA key of {0} bits where at least 2048 are needed")]
    TooSmall(usize),
}

/// Parses a public key, and checks that it is one for `algorithm`.
pub(super) fn parse(pem: &str, algorithm: Algorithm) -> Result<DecodingKey, PublicKeyError> {
    let der = der(pem).ok_or(PublicKeyError::Pem)?;
    let unsound = PublicKeyError::Key(algorithm);
    match algorithm {
        Algorithm::Hs256 => Err(unsound),
        Algorithm::Rs256 => {
            let key = rsa(&der).ok_or(unsound)??;
            Ok(DecodingKey::from_rsa_raw_components(&key.n().to_bytes_be(), &key.e().to_bytes_be()))
        }
        Algorithm::Es256 => {
            let key = p256(&der).ok_or(unsound)?;
            Ok(DecodingKey::from_ec_der(key.to_encoded_point(false).as_bytes()))
        }
        Algorithm::EdDsa => {
            let key = VerifyingKey::from_bytes(spki::ed25519(&der).ok_or(unsound)?).map_err(|_| unsound)?;
            // A key of small order "signs" anything.
            if key.is_weak() { Err(unsound) } else { Ok(DecodingKey::from_ed_der(key.as_bytes())) }
        }
    }
}

/// An RSA key, unless the DER is none; an error where it can be factored.
pub(super) fn rsa(der: &[u8]) -> Option<Result<RsaPublicKey, PublicKeyError>> {
    let (n, e) = spki::rsa(der)?;
    let key = RsaPublicKey::new(BigUint::from_bytes_be(n), BigUint::from_bytes_be(e)).ok()?;
    Some(match key.n().bits() {
        bits if bits < MIN_RSA_BITS => Err(PublicKeyError::TooSmall(bits)),
        _ => Ok(key),
    })
}

/// A key on P-256, unless the DER is none.
pub(super) fn p256(der: &[u8]) -> Option<p256::PublicKey> {
    p256::PublicKey::from_sec1_bytes(spki::p256(der)?).ok()
}

/// The DER inside of `BEGIN PUBLIC KEY` (RFC 7468, 13).
pub(super) fn der(pem: &str) -> Option<Vec<u8>> {
    let body = pem.trim().strip_prefix("-----BEGIN PUBLIC KEY-----")?.strip_suffix("-----END PUBLIC KEY-----")?;
    let text: Vec<u8> = body.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    STANDARD.decode(text).ok()
}
