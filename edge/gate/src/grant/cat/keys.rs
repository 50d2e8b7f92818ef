use hmac::{Hmac, Mac};
use jsonwebtoken::DecodingKeyKind;
use rsa::{BigUint, RsaPublicKey};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{CatAlgorithm, CatConfig, CatKeyConfig};
use crate::grant::{Algorithm, public_key, public_key::PublicKeyError, rsa_pss};

/// Keys that may be valid at a time: two issuers', each with the one that replaces it.
const MAX_KEYS: usize = 4;
/// The most that clocks may be said to differ by, seconds.
const MAX_LEEWAY: u64 = 300;
/// The fewest bytes of an HS256 secret: those of its hash (RFC 7518, 3.2; RFC 2104, 3).
const MIN_SECRET: usize = 32;

/// Why a configuration gives no keys.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CatKeysError {
    /// No key: no token could be accepted.
    #[error("keys is empty: list the key by which Common Access Tokens are made, or leave cat out")]
    None,
    /// Too many keys.
    #[error("keys lists {0} keys where at most 4 are valid at a time; remove the oldest")]
    TooMany(usize),
    /// An id that is none.
    #[error("kid {0:?} is empty, or has no pairs of hex digits after hex:")]
    Kid(String),
    /// Two keys of one id.
    #[error("kid {0:?} is listed twice")]
    DuplicateKid(String),
    /// The wrong kind of key for the algorithm.
    #[error("key {kid:?}: {alg} takes {takes} and nothing else", alg = .alg.as_str())]
    WrongField {
        /// The key.
        kid: String,
        /// Its algorithm.
        alg: CatAlgorithm,
        /// The field that belongs to the algorithm.
        takes: &'static str,
    },
    /// The platform has no such secret.
    #[error("key {kid:?}: the secret {secret:?} is not deployed, or has no pairs of hex digits after hex:")]
    NoSecret {
        /// The key.
        kid: String,
        /// The secret's name.
        secret: String,
    },
    /// A secret that can be guessed.
    #[error("key {kid:?}: the secret has {length} bytes where HS256 needs at least 32")]
    ShortSecret {
        /// The key.
        kid: String,
        /// The secret's length, bytes.
        length: usize,
    },
    /// A public key that does not serve.
    #[error("key {kid:?}: public_key does not serve for {alg}: it {error}", alg = .alg.as_str())]
    PublicKey {
        /// The key.
        kid: String,
        /// Its algorithm.
        alg: CatAlgorithm,
        /// What is wrong with it.
        error: PublicKeyError,
    },
    /// A leeway that is no clock's error any more.
    #[error("leeway_seconds is {0} where at most 300 are allowed")]
    Leeway(u64),
    /// A name that no parameter or cookie has.
    #[error("{member} is {name:?}: use letters, digits, - and _")]
    Name {
        /// `parameter` or `cookie`.
        member: &'static str,
        /// What it is.
        name: String,
    },
}

/// A key and the one algorithm that it is used with. Deliberately without `Debug`.
pub(super) struct Pinned {
    pub(super) kid: Vec<u8>,
    /// The same as the configuration writes it.
    pub(super) name: String,
    pub(super) algorithm: CatAlgorithm,
    material: Material,
}

enum Material {
    Secret(Zeroizing<Vec<u8>>),
    P256(p256::ecdsa::VerifyingKey),
    Rsa(RsaPublicKey),
}

/// The keys of a configuration; `secret` gives the value of a secret by its name.
pub(super) fn pinned<'a>(
    config: &CatConfig,
    secret: impl Fn(&str) -> Option<&'a [u8]>,
) -> Result<Vec<Pinned>, CatKeysError> {
    match config.keys.len() {
        0 => return Err(CatKeysError::None),
        1..=MAX_KEYS => {}
        many => return Err(CatKeysError::TooMany(many)),
    }
    if config.leeway_seconds > MAX_LEEWAY {
        return Err(CatKeysError::Leeway(config.leeway_seconds));
    }
    for (member, name) in [("parameter", &config.parameter), ("cookie", &config.cookie)] {
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')) {
            return Err(CatKeysError::Name { member, name: name.clone() });
        }
    }
    let mut keys: Vec<Pinned> = Vec::with_capacity(MAX_KEYS);
    for key in &config.keys {
        let kid = binary(key.kid.as_bytes()).filter(|kid| !kid.is_empty());
        let kid = kid.ok_or_else(|| CatKeysError::Kid(key.kid.clone()))?.to_vec();
        if keys.iter().any(|earlier| earlier.kid == kid) {
            return Err(CatKeysError::DuplicateKid(key.kid.clone()));
        }
        keys.push(Pinned { kid, name: key.kid.clone(), algorithm: key.alg, material: material(key, &secret)? });
    }
    Ok(keys)
}

fn material<'a>(key: &CatKeyConfig, secret: &impl Fn(&str) -> Option<&'a [u8]>) -> Result<Material, CatKeysError> {
    let (kid, alg) = (|| key.kid.clone(), key.alg);
    match (alg, &key.secret, &key.public_key) {
        (CatAlgorithm::Hs256, Some(name), None) => {
            let missing = || CatKeysError::NoSecret { kid: kid(), secret: name.clone() };
            let secret = secret(name).and_then(binary).ok_or_else(missing)?;
            if secret.len() < MIN_SECRET {
                return Err(CatKeysError::ShortSecret { kid: kid(), length: secret.len() });
            }
            Ok(Material::Secret(secret))
        }
        (CatAlgorithm::Es256 | CatAlgorithm::Ps256, None, Some(pem)) => {
            public(alg, pem).map_err(|error| CatKeysError::PublicKey { kid: kid(), alg, error })
        }
        _ => {
            let takes = if alg == CatAlgorithm::Hs256 { "secret" } else { "public_key" };
            Err(CatKeysError::WrongField { kid: kid(), alg, takes })
        }
    }
}

/// A public key, checked as JWTs' keys are.
fn public(algorithm: CatAlgorithm, pem: &str) -> Result<Material, PublicKeyError> {
    let kind = if algorithm == CatAlgorithm::Ps256 { Algorithm::Ps256 } else { Algorithm::Es256 };
    let key = public_key::parse(pem, kind)?;
    let material = match key.kind() {
        DecodingKeyKind::RsaModulusExponent { n, e } => {
            RsaPublicKey::new(BigUint::from_bytes_be(n), BigUint::from_bytes_be(e)).ok().map(Material::Rsa)
        }
        DecodingKeyKind::SecretOrDer(point) => {
            p256::ecdsa::VerifyingKey::from_sec1_bytes(point).ok().map(Material::P256)
        }
    };
    material.ok_or(PublicKeyError::Key(kind))
}

/// Text as its bytes, and what follows `hex:` as the bytes that it stands for; `None` where those are no pairs of hex digits.
pub fn binary(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let Some(digits) = text.strip_prefix(b"hex:") else { return Some(Zeroizing::new(text.to_vec())) };
    let digit = |digit: u8| (digit as char).to_digit(16).map(|value| value as u8);
    let (pairs, rest) = digits.as_chunks::<2>();
    let bytes = pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect::<Option<Vec<u8>>>();
    bytes.filter(|_| rest.is_empty()).map(Zeroizing::new)
}

impl Pinned {
    /// Whether the tag or signature is this key's over the message.
    pub(super) fn holds(&self, message: &[u8], tag: &[u8]) -> bool {
        match &self.material {
            // Constant time, and the whole tag.
            Material::Secret(secret) => hmac(secret).chain_update(message).verify_slice(tag).is_ok(),
            // R ‖ S, 64 bytes (RFC 9053, 2.1).
            Material::P256(key) => p256::ecdsa::Signature::from_slice(tag)
                .is_ok_and(|signature| jsonwebtoken::signature::Verifier::verify(key, message, &signature).is_ok()),
            Material::Rsa(key) => rsa_pss::holds(key, message, tag),
        }
    }

    /// The tag over a message, where the key can make one.
    pub(super) fn tag(&self, message: &[u8]) -> Option<[u8; 32]> {
        match &self.material {
            Material::Secret(secret) => Some(mac(secret, message)),
            Material::P256(_) | Material::Rsa(_) => None,
        }
    }
}

/// HMAC with SHA-256.
pub(super) fn mac(secret: &[u8], message: &[u8]) -> [u8; 32] {
    hmac(secret).chain_update(message).finalize().into_bytes().into()
}

fn hmac(secret: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(secret).expect("HMAC takes a key of any length")
}
