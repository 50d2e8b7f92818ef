use super::{Algorithm, public_key::PublicKeyError};

/// Why a configuration gives no keys.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeysError {
    /// No key: nobody could watch.
    #[error("keys is empty and there is no jwks: list the key by which viewers' tokens are signed")]
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
    /// Where a key set lies is not said, or said twice.
    #[error("jwks takes name (the origin fetches it) or url (the platform does), and one of them only")]
    JwksPlace,
    /// A key set that could be altered on its way, or that is no URL.
    #[error("jwks.url {0:?} is not of the form https://host/path")]
    JwksUrl(String),
    /// A name that no path can have.
    #[error("jwks.name {0:?} is not of the form [a-z0-9][a-z0-9_-]{{0,63}}")]
    JwksName(String),
    /// Algorithms that no published key has.
    #[error(
        "jwks.algs is empty or lists HS256; list those of RS256, PS256, ES256 and EdDSA that the issuer signs with"
    )]
    JwksAlgorithms,
    /// A published key set, of whomever.
    #[error("jwks needs issuer: say what iss the tokens of that key set have")]
    JwksIssuer,
    /// A claim that cannot be turned into others.
    #[error("claims.{0} takes no map")]
    Mapped(&'static str),
    /// A place that is none.
    #[error("claims.region maps to {0:?}, which is no place: use ISO 3166-1 alpha-2 (DE) or ISO 3166-2 (US-CA)")]
    Place(String),
    /// More issuers than are told apart.
    #[error("viewer lists {0} issuers where 1 to 4 are accepted")]
    Issuers(usize),
    /// Several issuers, of which one does not say who it is.
    #[error("viewer lists several issuers, and one has no issuer: say what iss its tokens have")]
    UnnamedIssuer,
    /// Two issuers of one name.
    #[error("issuer {0:?} is listed twice; put its keys into one")]
    DuplicateIssuer(String),
    /// A leeway that is no clock's error any more.
    #[error("leeway_seconds is {0} where at most 300 are allowed")]
    Leeway(u64),
}
