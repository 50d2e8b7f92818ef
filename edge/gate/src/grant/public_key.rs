use ::p256::elliptic_curve::sec1::ToEncodedPoint;
use ::rsa::{BigUint, RsaPublicKey, traits::PublicKeyParts};
use base64::{Engine, engine::general_purpose::STANDARD};
use ed25519_dalek::VerifyingKey;
use jsonwebtoken::DecodingKey;

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
        Algorithm::Rs256 | Algorithm::Ps256 => {
            let (n, e) = spki::rsa(&der).ok_or(unsound)?;
            rsa(n, e, algorithm)
        }
        Algorithm::Es256 => p256(spki::p256(&der).ok_or(unsound)?),
        Algorithm::EdDsa => ed25519(spki::ed25519(&der).ok_or(unsound)?),
    }
}

/// An RSA key by modulus and exponent, big-endian.
pub(super) fn rsa(n: &[u8], e: &[u8], algorithm: Algorithm) -> Result<DecodingKey, PublicKeyError> {
    let key = RsaPublicKey::new(BigUint::from_bytes_be(n), BigUint::from_bytes_be(e));
    let key = key.map_err(|_| PublicKeyError::Key(algorithm))?;
    match key.n().bits() {
        bits if bits < MIN_RSA_BITS => Err(PublicKeyError::TooSmall(bits)),
        _ => Ok(DecodingKey::from_rsa_raw_components(&key.n().to_bytes_be(), &key.e().to_bytes_be())),
    }
}

/// A point of P-256 (SEC 1, 2.3.3).
pub(super) fn p256(point: &[u8]) -> Result<DecodingKey, PublicKeyError> {
    let key = ::p256::PublicKey::from_sec1_bytes(point).map_err(|_| PublicKeyError::Key(Algorithm::Es256))?;
    Ok(DecodingKey::from_ec_der(key.to_encoded_point(false).as_bytes()))
}

/// An Ed25519 key (RFC 8032, 5.1.5).
pub(super) fn ed25519(key: &[u8]) -> Result<DecodingKey, PublicKeyError> {
    let key = <&[u8; 32]>::try_from(key).ok().and_then(|key| VerifyingKey::from_bytes(key).ok());
    // A key of small order "signs" anything.
    let key = key.filter(|key| !key.is_weak()).ok_or(PublicKeyError::Key(Algorithm::EdDsa))?;
    Ok(DecodingKey::from_ed_der(key.as_bytes()))
}

/// The DER inside of `BEGIN PUBLIC KEY` (RFC 7468, 13).
fn der(pem: &str) -> Option<Vec<u8>> {
    let body = pem.trim().strip_prefix("-----BEGIN PUBLIC KEY-----")?.strip_suffix("-----END PUBLIC KEY-----")?;
    let text: Vec<u8> = body.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    STANDARD.decode(text).ok()
}
