use sluice_document::{members, words};

/// How Common Access Tokens are recognised: the `cat` object of the edge's configuration.
///
/// ```json
/// {"issuer":"https://accounts.tv.example","audience":"sluice",
///  "keys":[{"kid":"2026-11","alg":"HS256","secret":"cat_key"}]}
/// ```
#[derive(Clone, Debug)]
pub struct CatConfig {
    /// The keys that tokens may be made with, at most four.
    pub keys: Vec<CatKeyConfig>,
    /// What `iss` must be; without it, `iss` is not looked at.
    pub issuer: Option<String>,
    /// What `aud` must be or contain; without it, a token that has an `aud` is meant for somebody else and refused.
    pub audience: Option<String>,
    /// Seconds by which the issuer's clock may be ahead of the edge's: for `nbf` and `iat`. `exp` is strict, for no session outlives it.
    pub leeway_seconds: u64,
    /// The query parameter that carries a token.
    pub parameter: String,
    /// The cookie that carries a token.
    pub cookie: String,
    /// The tier that holders of a token have; a token itself names none. Empty for none.
    pub tier: String,
}

members!(deny CatConfig {
    keys,
    issuer = None,
    audience = None,
    leeway_seconds = 10,
    parameter = "CAT".to_owned(),
    cookie = super::HEADER.to_owned(),
    tier = String::new(),
});

/// One key. Its algorithm is said here and never by the token.
#[derive(Clone, Debug)]
pub struct CatKeyConfig {
    /// The key id of the tokens that are made with it: text, or `hex:` and hex digits.
    pub kid: String,
    /// The one algorithm that it is used with.
    pub alg: CatAlgorithm,
    /// HS256: the name of the secret in the platform's secret store. Its value is text, or `hex:` and hex digits; at least 32 bytes.
    pub secret: Option<String>,
    /// ES256, PS256: the public key, PEM (`BEGIN PUBLIC KEY`, a SubjectPublicKeyInfo). RSA: 2048 to 4096 bits.
    pub public_key: Option<String>,
}

members!(deny CatKeyConfig { kid, alg, secret = None, public_key = None });

/// An algorithm (RFC 9053, RFC 8230), by its name in JOSE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CatAlgorithm {
    /// HMAC with SHA-256, the whole tag: COSE algorithm 5.
    Hs256,
    /// ECDSA on P-256 with SHA-256: COSE algorithm −7.
    Es256,
    /// RSASSA-PSS with SHA-256 and a salt of 32 bytes: COSE algorithm −37.
    Ps256,
}

words!(CatAlgorithm { Hs256 => "HS256", Es256 => "ES256", Ps256 => "PS256" });

impl CatConfig {
    /// The names of the secrets that [`super::CatKeys::new`] asks for.
    pub fn secret_names(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().filter_map(|key| key.secret.as_deref())
    }
}

impl CatAlgorithm {
    /// The name in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Es256 => "ES256",
            Self::Ps256 => "PS256",
        }
    }

    /// The number in a token's `alg` (IANA, COSE Algorithms).
    pub fn cose(self) -> i64 {
        match self {
            Self::Hs256 => 5,
            Self::Es256 => -7,
            Self::Ps256 => -37,
        }
    }

    /// The envelope that it comes in.
    pub fn structure(self) -> super::cose::Structure {
        match self {
            Self::Hs256 => super::cose::Structure::Mac0,
            Self::Es256 | Self::Ps256 => super::cose::Structure::Sign1,
        }
    }
}
