//! Key sets that issuers publish (RFC 7517, 5).
//!
//! A key counts where it is RSA, EC on P-256 or OKP on Ed25519, public, for verifying, and the only one of its `kid`. What it
//! is used with is its own `alg`, else the configuration's choice, and never the token's. Keys that do not count are passed
//! over, as RFC 7517, 5 asks for; who presents a token by one of them is refused by the reason.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value};

use super::{Algorithm, public_key, public_key::PublicKeyError, strict::UniqueNames, viewer_keys::Pinned};

/// The longest key set that is read, bytes.
pub const MAX_SET: usize = 64 * 1024;
/// The most keys of a set.
pub const MAX_SET_KEYS: usize = 32;

/// A published key set, its keys not looked at yet.
#[derive(Clone, Debug, Default)]
pub struct KeySet(Vec<Map<String, Value>>);

/// Why bytes are no key set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeySetError {
    /// More bytes than are read.
    #[error("the key set has {0} bytes where at most 65536 are read")]
    TooLong(usize),
    /// Another document.
    #[error("the key set is no JSON object with an array of objects as its keys, each member named once (RFC 7517, 5)")]
    Form,
    /// More keys than are looked at.
    #[error("the key set lists {0} keys where at most 32 are looked at")]
    TooMany(usize),
}

/// Why a key of a set does not serve.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum KeyError {
    /// The set has none of that id.
    #[error("no key of that kid")]
    Unknown,
    #[error("a kid that the key set lists more than once")]
    Duplicate,
    /// A member that is missing, or of another form than RFC 7517 and RFC 7518 give it.
    #[error("a key whose {0} is missing or of another form")]
    Member(&'static str),
    #[error("a key of kty {0}")]
    Type(String),
    #[error("a key of crv {0}")]
    Curve(String),
    #[error("a key for alg {0}")]
    Algorithm(String),
    #[error("a key that is not for verifying signatures")]
    Purpose,
    #[error("a key that is published with its private half")]
    Private,
    #[error("a key that {0}")]
    Unsound(#[from] PublicKeyError),
}

impl KeySet {
    /// Reads a key set.
    ///
    /// # Errors
    /// [`KeySetError`]
    pub fn parse(bytes: &[u8]) -> Result<Self, KeySetError> {
        if bytes.len() > MAX_SET {
            return Err(KeySetError::TooLong(bytes.len()));
        }
        let Ok(UniqueNames(Value::Object(mut members))) = serde_json::from_slice(bytes) else {
            return Err(KeySetError::Form);
        };
        let Some(Value::Array(keys)) = members.get_mut("keys").map(Value::take) else { return Err(KeySetError::Form) };
        if keys.len() > MAX_SET_KEYS {
            return Err(KeySetError::TooMany(keys.len()));
        }
        let object = |key| match key {
            Value::Object(members) => Ok(members),
            _ => Err(KeySetError::Form),
        };
        keys.into_iter().map(object).collect::<Result<_, _>>().map(Self)
    }

    /// Whether it lists a key of that id, sound or not.
    pub fn lists(&self, kid: &str) -> bool {
        self.of(kid).next().is_some()
    }

    fn of<'a>(&'a self, kid: &'a str) -> impl Iterator<Item = &'a Map<String, Value>> {
        self.0.iter().filter(move |key| text(key, "kid") == Some(kid))
    }

    /// The key of that id and the one algorithm that it is used with. `algs`: those that keys of the set may be used with.
    pub(super) fn key(&self, kid: &str, algs: Option<&[Algorithm]>) -> Result<Pinned, KeyError> {
        let mut keys = self.of(kid);
        let key = keys.next().ok_or(KeyError::Unknown)?;
        if keys.next().is_some() {
            return Err(KeyError::Duplicate);
        }
        for private in ["d", "p", "q", "dp", "dq", "qi", "oth"] {
            if key.contains_key(private) {
                return Err(KeyError::Private);
            }
        }
        let fitting: &[Algorithm] = match (required(key, "kty")?, text(key, "crv")) {
            ("RSA", _) => &[Algorithm::Rs256, Algorithm::Ps256],
            ("EC", Some("P-256")) => &[Algorithm::Es256],
            ("OKP", Some("Ed25519")) => &[Algorithm::EdDsa],
            ("EC" | "OKP", _) => return Err(KeyError::Curve(named(required(key, "crv")?))),
            (other, _) => return Err(KeyError::Type(named(other))),
        };
        if !for_verifying(key)? {
            return Err(KeyError::Purpose);
        }
        let may = |algorithm: &Algorithm| algs.is_none_or(|algs| algs.contains(algorithm));
        let algorithm = match key.get("alg") {
            Some(_) => {
                let name = required(key, "alg")?;
                let algorithm =
                    Algorithm::parse(name).filter(|algorithm| fitting.contains(algorithm) && may(algorithm));
                algorithm.ok_or_else(|| KeyError::Algorithm(named(name)))?
            }
            None => {
                let preferred = algs.unwrap_or(&[Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa]);
                let algorithm = preferred.iter().find(|algorithm| fitting.contains(algorithm));
                *algorithm.ok_or(KeyError::Member("alg"))?
            }
        };
        let key = match algorithm {
            Algorithm::Hs256 => return Err(KeyError::Type("oct".to_owned())),
            Algorithm::Rs256 | Algorithm::Ps256 => public_key::rsa(&number(key, "n")?, &number(key, "e")?, algorithm)?,
            Algorithm::Es256 => {
                let (x, y) = (number(key, "x")?, number(key, "y")?);
                // Both in full length (RFC 7518, 6.2.1.2).
                if x.len() != 32 || y.len() != 32 {
                    return Err(PublicKeyError::Key(algorithm).into());
                }
                public_key::p256(&[&[4], x.as_slice(), &y].concat())?
            }
            Algorithm::EdDsa => public_key::ed25519(&number(key, "x")?)?,
        };
        Ok(Pinned { kid: kid.to_owned(), algorithm, key })
    }
}

/// By `use` and `key_ops` (RFC 7517, 4.2 and 4.3), where they are there.
fn for_verifying(key: &Map<String, Value>) -> Result<bool, KeyError> {
    let operations = match key.get("key_ops") {
        Some(Value::Array(operations)) => operations.iter().any(|operation| operation == "verify"),
        Some(_) => return Err(KeyError::Member("key_ops")),
        None => true,
    };
    Ok(operations && (!key.contains_key("use") || required(key, "use")? == "sig"))
}

fn text<'a>(key: &'a Map<String, Value>, member: &str) -> Option<&'a str> {
    key.get(member).and_then(Value::as_str)
}

fn required<'a>(key: &'a Map<String, Value>, member: &'static str) -> Result<&'a str, KeyError> {
    text(key, member).ok_or(KeyError::Member(member))
}

/// Base64url without padding.
fn number(key: &Map<String, Value>, member: &'static str) -> Result<Vec<u8>, KeyError> {
    URL_SAFE_NO_PAD.decode(required(key, member)?).map_err(|_| KeyError::Member(member))
}

/// A name for the log.
fn named(name: &str) -> String {
    name.chars().take(32).collect()
}
