use jsonwebtoken::DecodingKey;

use super::{
    Algorithm, IssuersConfig, JwksConfig, ViewerConfig, ViewerKeyConfig,
    compact::Compact,
    jwks::{KeyError, KeySet},
    keys_error::KeysError,
    public_key,
};

/// Keys that may be valid at a time: one, and the one that replaces it.
const MAX_KEYS: usize = 2;
/// Issuers whose tokens may be accepted.
const MAX_ISSUERS: usize = 4;
/// The most that clocks may be said to differ by, seconds.
const MAX_LEEWAY: u64 = 300;
/// The fewest bytes of an HS256 secret (RFC 7518, 3.2).
pub(super) const MIN_SECRET: usize = 32;

/// The keys by which an issuer's tokens are verified, and what the tokens must say.
///
/// Holds secrets: zeroized when dropped, and deliberately without `Debug`.
pub struct ViewerKeys {
    pub(super) config: ViewerConfig,
    keys: Vec<Pinned>,
    set: Option<KeySet>,
}

/// A key and the one algorithm that it is used with.
pub(super) struct Pinned {
    pub(super) kid: String,
    pub(super) algorithm: Algorithm,
    pub(super) key: DecodingKey,
}

impl ViewerKeys {
    /// Builds the keys; `secret` gives the bytes of an HS256 secret by its name in the configuration. Those of `jwks` are
    /// added by [`Self::add_set`].
    ///
    /// # Errors
    /// [`KeysError`], which names the key and what is wrong with it.
    pub fn new<'a>(config: &ViewerConfig, secret: impl Fn(&str) -> Option<&'a [u8]>) -> Result<Self, KeysError> {
        match (config.keys.len(), &config.jwks) {
            (0, None) => return Err(KeysError::None),
            (0..=MAX_KEYS, _) => {}
            (many, _) => return Err(KeysError::TooMany(many)),
        }
        if config.leeway_seconds > MAX_LEEWAY {
            return Err(KeysError::Leeway(config.leeway_seconds));
        }
        if let Some(claim) = config.claims.wrongly_mapped() {
            return Err(KeysError::Mapped(claim));
        }
        if let Some(place) = config.claims.wrong_place() {
            return Err(KeysError::Place(place.to_owned()));
        }
        if let Some(jwks) = &config.jwks {
            check_jwks(jwks)?;
            if config.issuer.is_none() {
                return Err(KeysError::JwksIssuer);
            }
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
        Ok(Self { config: config.clone(), keys, set: None })
    }

    /// Adds the keys that the issuer publishes. Those of the configuration come first: no published key takes their `kid`.
    pub fn add_set(&mut self, set: KeySet) {
        self.set = Some(set);
    }

    /// Where to look for a token's key: the configured place and the `kid`, where the token names one that only a published
    /// set can have. Nothing of the token is verified.
    pub fn wanted<'a>(&'a self, token: &str) -> Option<(&'a JwksConfig, String)> {
        let jwks = self.config.jwks.as_ref()?;
        let compact = Compact::read(token).ok()?;
        let kid = compact.kid().filter(|kid| !kid.is_empty() && self.configured(kid).is_none())?;
        // Who shows an algorithm that is not supported is refused whatever the key.
        compact.algorithm().ok()?;
        Some((jwks, kid.to_owned()))
    }

    fn configured(&self, kid: &str) -> Option<&Pinned> {
        self.keys.iter().find(|key| key.kid == kid)
    }

    /// Hands `take` the key of that id.
    pub(super) fn with_key<T>(&self, kid: &str, take: impl FnOnce(&Pinned) -> T) -> Result<T, KeyError> {
        if let Some(key) = self.configured(kid) {
            return Ok(take(key));
        }
        let algs = self.config.jwks.as_ref().and_then(|jwks| jwks.algs.as_deref());
        self.set.as_ref().ok_or(KeyError::Unknown)?.key(kid, algs).map(|key| take(&key))
    }
}

/// The issuers whose tokens are accepted, each with keys of its own.
pub struct Issuers(Vec<ViewerKeys>);

impl Issuers {
    /// Builds the keys of all; `secret` as for [`ViewerKeys::new`].
    ///
    /// # Errors
    /// [`KeysError`]
    pub fn new<'a>(config: &IssuersConfig, secret: impl Fn(&str) -> Option<&'a [u8]>) -> Result<Self, KeysError> {
        let IssuersConfig(issuers) = config;
        if !(1..=MAX_ISSUERS).contains(&issuers.len()) {
            return Err(KeysError::Issuers(issuers.len()));
        }
        for (at, config) in issuers.iter().enumerate() {
            match &config.issuer {
                None if issuers.len() > 1 => return Err(KeysError::UnnamedIssuer),
                Some(issuer) if issuers[..at].iter().any(|earlier| earlier.issuer.as_ref() == Some(issuer)) => {
                    return Err(KeysError::DuplicateIssuer(issuer.clone()));
                }
                _ => {}
            }
        }
        issuers.iter().map(|config| ViewerKeys::new(config, &secret)).collect::<Result<_, _>>().map(Self)
    }

    /// The keys of the issuer that the token names. Only they verify it: that the name is unverified until then lets
    /// nobody choose a key that is not that issuer's.
    pub fn of(&self, token: &str) -> Option<&ViewerKeys> {
        self.0.get(self.place(token)?)
    }

    /// The same, to add a set.
    pub fn of_mut(&mut self, token: &str) -> Option<&mut ViewerKeys> {
        let place = self.place(token)?;
        self.0.get_mut(place)
    }

    fn place(&self, token: &str) -> Option<usize> {
        if self.0.len() == 1 {
            return Some(0);
        }
        let claims = Compact::read(token).ok()?.payload().ok()?;
        let named = claims.get("iss")?.as_str()?;
        self.0.iter().position(|keys| keys.config.issuer.as_deref() == Some(named))
    }
}

fn check_jwks(jwks: &JwksConfig) -> Result<(), KeysError> {
    if jwks.algs.as_ref().is_some_and(|algs| algs.is_empty() || algs.contains(&Algorithm::Hs256)) {
        return Err(KeysError::JwksAlgorithms);
    }
    match (&jwks.name, &jwks.url) {
        (Some(name), None) => {
            let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
            let (first, all) = (name.bytes().next(), name.bytes().all(|byte| letter(byte) || b"_-".contains(&byte)));
            let valid = first.is_some_and(letter) && all && name.len() <= 64;
            if valid { Ok(()) } else { Err(KeysError::JwksName(name.clone())) }
        }
        (None, Some(url)) => {
            let host = url.strip_prefix("https://").and_then(|rest| rest.split_once('/')).map(|(host, _)| host);
            let plain = url.bytes().all(|byte| byte.is_ascii_graphic() && !b"#@\\".contains(&byte));
            let valid = plain && host.is_some_and(|host| !host.is_empty());
            if valid { Ok(()) } else { Err(KeysError::JwksUrl(url.clone())) }
        }
        _ => Err(KeysError::JwksPlace),
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
        (Algorithm::Rs256 | Algorithm::Ps256 | Algorithm::Es256 | Algorithm::EdDsa, None, Some(pem)) => {
            public_key::parse(pem, key.alg).map_err(|error| KeysError::PublicKey { kid: kid(), error })
        }
        (alg, ..) => {
            let takes = if alg == Algorithm::Hs256 { "secret" } else { "public_key" };
            Err(KeysError::WrongField { kid: kid(), alg, takes })
        }
    }
}
