use sluice_document::{members, words};

/// How viewers' tokens are recognised: the `viewer` object of the edge's configuration.
///
/// ```json
/// {"issuer":"https://accounts.tv.example","audience":"sluice",
///  "keys":[{"kid":"2026-11","alg":"ES256","public_key":"-----BEGIN PUBLIC KEY-----…"}]}
/// ```
#[derive(Clone, Debug)]
pub struct ViewerConfig {
    /// One key, or two while one replaces the other.
    pub keys: Vec<ViewerKeyConfig>,
    /// What `iss` must be; without it, `iss` is not looked at.
    pub issuer: Option<String>,
    /// What `aud` must be or contain; without it, a token that has an `aud` is meant for somebody else and refused (RFC 7519, 4.1.3).
    pub audience: Option<String>,
    /// Seconds by which the issuer's clock may be ahead of the edge's: for `nbf` and `iat`. `exp` is strict, for no session outlives it.
    pub leeway_seconds: u64,
    /// The claim that names the tier (a string).
    pub tier_claim: String,
    /// The claim that lists the titles (an array of strings); a token without it covers every title.
    pub titles_claim: String,
}

members!(deny ViewerConfig {
    keys,
    issuer = None,
    audience = None,
    leeway_seconds = 10,
    tier_claim = "tier".to_owned(),
    titles_claim = "titles".to_owned(),
});

/// One key by which tokens are signed. Its algorithm is said here and never by the token.
#[derive(Clone, Debug)]
pub struct ViewerKeyConfig {
    /// The `kid` of the tokens that it signs.
    pub kid: String,
    /// The one algorithm that it is used with.
    pub alg: Algorithm,
    /// HS256: the name of the secret in the platform's secret store. At least 32 bytes (RFC 7518, 3.2).
    pub secret: Option<String>,
    /// RS256, ES256, EdDSA: the public key, PEM (`BEGIN PUBLIC KEY`, a SubjectPublicKeyInfo). RSA: 2048 to 4096 bits.
    pub public_key: Option<String>,
}

members!(deny ViewerKeyConfig { kid, alg, secret = None, public_key = None });

/// A signature algorithm (RFC 7518, RFC 8037).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// HMAC with SHA-256.
    Hs256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
}

words!(Algorithm { Hs256 => "HS256", Rs256 => "RS256", Es256 => "ES256", EdDsa => "EdDSA" });

impl ViewerConfig {
    /// The names of the secrets that [`super::jwt::ViewerKeys::new`] asks for.
    pub fn secret_names(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().filter_map(|key| key.secret.as_deref())
    }
}

impl Algorithm {
    /// The name in a token's `alg`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }
}

impl From<Algorithm> for jsonwebtoken::Algorithm {
    fn from(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Hs256 => Self::HS256,
            Algorithm::Rs256 => Self::RS256,
            Algorithm::Es256 => Self::ES256,
            Algorithm::EdDsa => Self::EdDSA,
        }
    }
}
