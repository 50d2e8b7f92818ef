use serde::{
    Deserialize, Deserializer,
    de::{
        MapAccess, SeqAccess, Visitor,
        value::{MapAccessDeserializer, SeqAccessDeserializer},
    },
};
use sluice_document::{members, words};

use super::{ClaimsConfig, Required};

/// Whose tokens are accepted: the `viewer` member of the edge's configuration, one object or an array of them.
#[derive(Clone, Debug)]
pub struct IssuersConfig(pub Vec<ViewerConfig>);

/// How the tokens of one issuer are recognised, and what of them counts.
///
/// ```json
/// {"issuer":"https://accounts.tv.example","audience":"sluice",
///  "keys":[{"kid":"2026-11","alg":"ES256","public_key":"-----BEGIN PUBLIC KEY-----…"}],
///  "jwks":{"name":"main"},
///  "claims":{"tier":{"claim":"roles","map":[["gold","premium"],["silver","basic"]]}},
///  "require":{"token_use":"access"}}
/// ```
#[derive(Clone, Debug)]
pub struct ViewerConfig {
    /// One key, or two while one replaces the other; none where there is `jwks`.
    pub keys: Vec<ViewerKeyConfig>,
    /// Where the issuer publishes its keys.
    pub jwks: Option<JwksConfig>,
    /// What `iss` must be; without it, `iss` is not looked at. Needed where there are several issuers, and where there is `jwks`.
    pub issuer: Option<String>,
    /// What `aud` must be or contain; without it, a token that has an `aud` is meant for somebody else and refused (RFC 7519, 4.1.3).
    pub audience: Option<String>,
    /// Seconds by which the issuer's clock may be ahead of the edge's: for `nbf` and `iat`. `exp` is strict, for no session outlives it.
    pub leeway_seconds: u64,
    /// Which claims say what.
    pub claims: ClaimsConfig,
    /// Claims that must be there, with these values.
    pub require: Required,
}

members!(deny ViewerConfig {
    keys = Vec::new(),
    jwks = None,
    issuer = None,
    audience = None,
    leeway_seconds = 10,
    claims = ClaimsConfig::default(),
    require = Required::default(),
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
    /// The others: the public key, PEM (`BEGIN PUBLIC KEY`, a SubjectPublicKeyInfo). RSA: 2048 to 4096 bits.
    pub public_key: Option<String>,
}

members!(deny ViewerKeyConfig { kid, alg, secret = None, public_key = None });

/// Where an issuer publishes its key set (RFC 7517, 5): `{"name":…}`, or `{"url":…,"backend":…}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JwksConfig {
    /// Fetched from the origin, by the name that the origin's configuration gives it.
    pub name: Option<String>,
    /// Fetched by the platform itself, over HTTPS.
    pub url: Option<String>,
    /// The platform's name of the backend behind `url`, where it has such names.
    pub backend: String,
    /// The algorithms that keys of the set may be used with. A key that names none itself is used with the first that fits it.
    pub algs: Option<Vec<Algorithm>>,
}

members!(deny JwksConfig { name = None, url = None, backend = "issuer".to_owned(), algs = None });

/// A signature algorithm (RFC 7518, RFC 8037).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// HMAC with SHA-256.
    Hs256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PSS with SHA-256, MGF1 with SHA-256 and a salt of 32 bytes.
    Ps256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
}

words!(Algorithm { Hs256 => "HS256", Rs256 => "RS256", Ps256 => "PS256", Es256 => "ES256", EdDsa => "EdDSA" });

impl IssuersConfig {
    /// The names of the secrets that [`super::jwt::Issuers::new`] asks for.
    pub fn secret_names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().flat_map(ViewerConfig::secret_names)
    }
}

impl<'de> Deserialize<'de> for IssuersConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMany;

        impl<'de> Visitor<'de> for OneOrMany {
            type Value = IssuersConfig;

            fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str("an issuer, or an array of them")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<IssuersConfig, A::Error> {
                Ok(IssuersConfig(vec![ViewerConfig::deserialize(MapAccessDeserializer::new(map))?]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<IssuersConfig, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(items)).map(IssuersConfig)
            }
        }

        deserializer.deserialize_any(OneOrMany)
    }
}

impl ViewerConfig {
    /// The names of the secrets that [`super::jwt::ViewerKeys::new`] asks for.
    pub fn secret_names(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().filter_map(|key| key.secret.as_deref())
    }
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Hs256, Self::Rs256, Self::Ps256, Self::Es256, Self::EdDsa];

    /// The name in a token's `alg`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }

    /// The algorithm of that name, to the letter.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == name)
    }
}

impl From<Algorithm> for jsonwebtoken::Algorithm {
    fn from(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Hs256 => Self::HS256,
            Algorithm::Rs256 => Self::RS256,
            Algorithm::Ps256 => Self::PS256,
            Algorithm::Es256 => Self::ES256,
            Algorithm::EdDsa => Self::EdDSA,
        }
    }
}
