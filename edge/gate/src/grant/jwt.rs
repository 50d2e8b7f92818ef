//! Viewers' tokens: JWTs (RFC 7519) in the compact form, signed with a configured key.
//!
//! The rules of RFC 8725: the algorithm belongs to the key and is never taken from the token; the key
//! is named by `kid` and must be named; a header with `crit` is refused, for no extension is understood
//! here; keys in the header (`jwk`, `jku`, `x5c`, `x5u`) are never used; no JSON object may name a
//! member twice; tokens are at most 8 KiB.
//!
//! Keys and signatures are the `jsonwebtoken` crate's, by its lower-level `crypto::verify`, which is told
//! the pinned algorithm and never sees a header. Its `decode` would read header and claims a second time
//! and more loosely (repeated members), look for JWKs in the header, and compare times with the system's
//! clock; it would also add some 180 KB to the module. Claims are checked here, against the `now` that is given.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{DecodingKey, EncodingKey, Header, crypto};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{Algorithm, Grant, ViewerConfig, ViewerKeyConfig, claims, provider, public_key, strict::UniqueNames};
use crate::{TokenError, Unix};

pub use super::public_key::PublicKeyError;

/// The longest token, bytes.
pub const MAX_TOKEN: usize = 8 * 1024;
/// Keys that may be valid at a time: one, and the one that replaces it.
const MAX_KEYS: usize = 2;
/// The most that clocks may be said to differ by, seconds.
const MAX_LEEWAY: u64 = 300;
/// The fewest bytes of an HS256 secret (RFC 7518, 3.2).
const MIN_SECRET: usize = 32;

/// Why a configuration gives no keys.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeysError {
    /// No key: nobody could watch.
    #[error("keys is empty: list the key by which viewers' tokens are signed")]
    None,
    /// Too many keys.
    #[error("keys lists {0} keys where at most 2 are valid at a time; remove the oldest")]
    TooMany(usize),
    /// A key without an id.
    #[error("a key has an empty kid")]
    NoKid,
    /// Two keys of one id.
    #[error("kid {0:?} is listed twice")]
    DuplicateKid(String),
    /// The wrong kind of key for the algorithm.
    #[error("key {kid:?}: {alg} takes {takes} and nothing else", alg = .alg.as_str())]
    WrongField {
        /// The key.
        kid: String,
        /// Its algorithm.
        alg: Algorithm,
        /// The field that belongs to the algorithm.
        takes: &'static str,
    },
    /// The platform has no such secret.
    #[error("key {kid:?}: the secret {secret:?} is not deployed")]
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
    #[error("key {kid:?}: public_key {error}")]
    PublicKey {
        /// The key.
        kid: String,
        /// What is wrong with it.
        error: PublicKeyError,
    },
    /// A leeway that is no clock's error any more.
    #[error("leeway_seconds is {0} where at most 300 are allowed")]
    Leeway(u64),
}

/// The keys by which viewers' tokens are verified, and what the tokens must say.
///
/// Holds secrets: zeroized when dropped, and deliberately without `Debug`.
pub struct ViewerKeys {
    config: ViewerConfig,
    keys: Vec<Pinned>,
}

/// A key and the one algorithm that it is used with.
struct Pinned {
    kid: String,
    algorithm: Algorithm,
    key: DecodingKey,
}

impl ViewerKeys {
    /// Builds the keys; `secret` gives the bytes of an HS256 secret by its name in the configuration.
    ///
    /// # Errors
    /// [`KeysError`], which names the key and what is wrong with it.
    pub fn new<'a>(config: &ViewerConfig, secret: impl Fn(&str) -> Option<&'a [u8]>) -> Result<Self, KeysError> {
        match config.keys.len() {
            0 => return Err(KeysError::None),
            1..=MAX_KEYS => {}
            many => return Err(KeysError::TooMany(many)),
        }
        if config.leeway_seconds > MAX_LEEWAY {
            return Err(KeysError::Leeway(config.leeway_seconds));
        }
        let mut keys: Vec<Pinned> = Vec::with_capacity(MAX_KEYS);
        for key in &config.keys {
            if key.kid.is_empty() {
                return Err(KeysError::NoKid);
            }
            if keys.iter().any(|earlier| earlier.kid == key.kid) {
                return Err(KeysError::DuplicateKid(key.kid.clone()));
            }
            keys.push(Pinned { kid: key.kid.clone(), algorithm: key.alg, key: decoding_key(key, &secret)? });
        }
        Ok(Self { config: config.clone(), keys })
    }
}

fn decoding_key<'a>(
    key: &ViewerKeyConfig,
    secret: &impl Fn(&str) -> Option<&'a [u8]>,
) -> Result<DecodingKey, KeysError> {
    let kid = || key.kid.clone();
    match (key.alg, &key.secret, &key.public_key) {
        (Algorithm::Hs256, Some(name), None) => {
            let secret = secret(name).ok_or_else(|| KeysError::NoSecret { kid: kid(), secret: name.clone() })?;
            if secret.len() < MIN_SECRET {
                return Err(KeysError::ShortSecret { kid: kid(), length: secret.len() });
            }
            Ok(DecodingKey::from_secret(secret))
        }
        (Algorithm::Rs256 | Algorithm::Es256 | Algorithm::EdDsa, None, Some(pem)) => {
            public_key::parse(pem, key.alg).map_err(|error| KeysError::PublicKey { kid: kid(), error })
        }
        (alg, ..) => {
            let takes = if alg == Algorithm::Hs256 { "secret" } else { "public_key" };
            Err(KeysError::WrongField { kid: kid(), alg, takes })
        }
    }
}

/// Verifies a viewer's token and gives what it grants.
///
/// # Errors
/// [`TokenError::Missing`] for an empty text, [`TokenError::Expired`] for a token that is sound but for its `exp`,
/// [`TokenError::Invalid`] for everything else. No more is told: an attacker would learn from it.
pub fn verify(keys: &ViewerKeys, token: &str, now: Unix) -> Result<Grant, TokenError> {
    let claims = signed(keys, token)?;
    claims::grant(&keys.config, &claims, now)
}

/// Verifies a token for something other than watching, and gives its claims: signature, key, algorithm, issuer, audience and times are checked,
/// what else it says is the caller's.
///
/// # Errors
/// As [`verify`].
pub fn claims(keys: &ViewerKeys, token: &str, now: Unix) -> Result<Map<String, Value>, TokenError> {
    let claims = signed(keys, token)?;
    let ends = claims::standing(&keys.config, &claims, now)?;
    if now < ends { Ok(claims) } else { Err(TokenError::Expired) }
}

/// The claims of a token whose signature holds; they are not looked at before.
fn signed(keys: &ViewerKeys, token: &str) -> Result<Map<String, Value>, TokenError> {
    if token.is_empty() {
        return Err(TokenError::Missing);
    }
    if token.len() > MAX_TOKEN {
        return Err(TokenError::Invalid);
    }
    // The compact form: header.payload.signature, and no dot more.
    let (message, signature) = token.rsplit_once('.').ok_or(TokenError::Invalid)?;
    let (header, payload) =
        message.split_once('.').filter(|(_, payload)| !payload.contains('.')).ok_or(TokenError::Invalid)?;
    let header = object(header)?;
    let kid = header.get("kid").and_then(Value::as_str).ok_or(TokenError::Invalid)?;
    let key = keys.keys.iter().find(|key| key.kid == kid).ok_or(TokenError::Invalid)?;
    if header.get("alg").and_then(Value::as_str) != Some(key.algorithm.as_str()) || header.contains_key("crit") {
        return Err(TokenError::Invalid);
    }
    provider::install();
    match crypto::verify(signature, message.as_bytes(), &key.key, key.algorithm.into()) {
        Ok(true) => object(payload),
        Ok(false) | Err(_) => Err(TokenError::Invalid),
    }
}

/// The `kid` that a token names, unverified: enough to turn a token away, never to let one in.
pub fn kid(token: &str) -> Option<String> {
    if token.len() > MAX_TOKEN {
        return None;
    }
    match object(token.split_once('.')?.0).ok()?.remove("kid") {
        Some(Value::String(kid)) => Some(kid),
        _ => None,
    }
}

/// A part of a token: a JSON object in which no member is named twice, as base64url without padding.
fn object(part: &str) -> Result<Map<String, Value>, TokenError> {
    let json = URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenError::Invalid)?;
    match serde_json::from_slice(&json) {
        Ok(UniqueNames(Value::Object(members))) => Ok(members),
        Ok(_) | Err(_) => Err(TokenError::Invalid),
    }
}

/// A token cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MintError {
    /// The edge would refuse it.
    #[error("the secret has {0} bytes where HS256 needs at least 32")]
    ShortSecret(usize),
    /// The claims are no JSON object.
    #[error("the claims are no JSON object")]
    Claims,
    /// The edge would refuse it.
    #[error("the token has {0} bytes where at most 8192 are accepted")]
    TooLong(usize),
}

/// The claims of a viewer's token, by the names that the edge expects unless configured otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ViewerClaims {
    /// Who signs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iss: Option<String>,
    /// For whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aud: Option<String>,
    /// The account.
    pub sub: String,
    /// When the token ends.
    pub exp: Unix,
    /// Before when it is not valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nbf: Option<Unix>,
    /// When it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iat: Option<Unix>,
    /// The tier of subscription.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tier: Option<String>,
    /// The titles that it covers; every one where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub titles: Option<Vec<String>>,
    /// The device that it is given to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// How many sessions the account may have at a time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream_limit: Option<u32>,
}

/// Mints a viewer's token with HS256, for tools and tests; `claims` is [`ViewerClaims`] or any other JSON object.
///
/// # Errors
/// [`MintError`].
pub fn mint_hs256(kid: &str, secret: &[u8], claims: &impl Serialize) -> Result<String, MintError> {
    if secret.len() < MIN_SECRET {
        return Err(MintError::ShortSecret(secret.len()));
    }
    let claims = serde_json::to_value(claims).ok().filter(Value::is_object).ok_or(MintError::Claims)?;
    provider::install();
    let mut header = Header::new(jsonwebtoken::Algorithm::HS256);
    header.kid = Some(kid.to_owned());
    let token =
        jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(secret)).map_err(|_| MintError::Claims)?;
    if token.len() > MAX_TOKEN { Err(MintError::TooLong(token.len())) } else { Ok(token) }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors;
