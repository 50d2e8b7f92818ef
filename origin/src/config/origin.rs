use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, time::Duration};

use serde::Deserialize;

use super::{AuditConfig, ConfigError, DecisionsConfig, SecretRef, WebhookConfig, webhook};

/// What `sluice origin` is told.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OriginConfig {
    /// Where edges connect. Port 0 takes any free port.
    pub listen: SocketAddr,
    /// Where `/metrics` is served; absent, it is not.
    #[serde(default)]
    pub metrics_listen: Option<SocketAddr>,
    /// Seconds until a request without an answer is given up (504), and until a storage read within a body is.
    #[serde(default = "default_request_timeout")]
    pub request_timeout_seconds: u64,
    /// Seconds for which a descriptor may be kept by an edge: how late a published change may show.
    #[serde(default = "default_descriptor_max_age")]
    pub descriptor_max_age_seconds: u64,
    /// Where the titles are.
    pub store: StoreConfig,
    /// What edges must show.
    pub secrets: OriginSecrets,
    /// Where content keys come from. Absent, only unprotected titles can be played.
    #[serde(default)]
    pub keys: Option<KeysConfig>,
    /// The key sets of issuers of viewers' tokens, by the names that edges have for them.
    #[serde(default)]
    pub jwks: BTreeMap<String, JwksConfig>,
    /// The chain of custody.
    #[serde(default)]
    pub audit: Option<AuditConfig>,
    /// Whether edges' decision lines are taken.
    #[serde(default)]
    pub decisions: Option<DecisionsConfig>,
    /// Who is told of events.
    #[serde(default)]
    pub webhooks: Vec<WebhookConfig>,
}

/// Where the titles are. One kind so far.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum StoreConfig {
    /// A directory of this machine.
    Directory(PathBuf),
}

/// The secrets that `X-Origin-Secret` may carry: two at a time, for rotation. At least 16 bytes each.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OriginSecrets {
    /// The secret.
    pub current: SecretRef,
    /// Another that is also valid; a missing or empty one is no error.
    #[serde(default)]
    pub previous: Option<SecretRef>,
}

/// The DRM key provider (SPEKE v2.0), and how its keys are kept and passed on.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeysConfig {
    /// The provider's SPEKE v2.0 endpoint.
    pub url: String,
    /// What the provider is called in logs and events, `[a-z0-9._-]{1,64}`; default: the host of `url`.
    #[serde(default)]
    pub name: Option<String>,
    /// How this origin shows who it is.
    #[serde(default)]
    pub auth: Auth,
    /// The key-encryption key that edges hold too: `N:` and 64 hex digits, N from 0 to 255.
    pub kek: SecretRef,
    /// Another that edges may still hold alone, while a new one takes its place: keys are wrapped under both. A missing or empty one is no error.
    #[serde(default)]
    pub kek_previous: Option<SecretRef>,
    /// Age in seconds before which keys that are in use are asked for anew, in the background.
    #[serde(default = "default_refresh")]
    pub refresh_seconds: u64,
    /// Seconds for which keys already held are still served after that, while the provider is down. Then they leave the memory.
    #[serde(default = "default_hold")]
    pub hold_seconds: u64,
    /// Seconds after a failure during which the provider is not asked again for the same keys.
    #[serde(default = "default_backoff")]
    pub backoff_seconds: u64,
    /// Seconds for one exchange with the provider.
    #[serde(default = "default_timeout")]
    pub timeout_seconds: u64,
    /// Tries per exchange, the first included. Only what may pass by itself is tried again: no connection, 429, 5xx.
    #[serde(default = "default_attempts")]
    pub attempts: u32,
    /// Lets keys travel over unencrypted HTTP to another machine.
    #[serde(default)]
    pub allow_cleartext_http: bool,
}

/// An issuer's published key set (RFC 7517, 5).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JwksConfig {
    /// Where the issuer publishes it, over HTTPS: `jwks_uri` of its discovery document.
    pub url: String,
    /// Seconds after which it is fetched anew where the issuer's `Cache-Control` says nothing. From 60 to 3600, as that is taken too.
    #[serde(default = "default_refresh")]
    pub refresh_seconds: u64,
    /// Seconds for which the last good one is still served after that, while the issuer is down. At most a day.
    #[serde(default = "default_hold")]
    pub hold_seconds: u64,
    /// Seconds for one exchange with the issuer.
    #[serde(default = "default_timeout")]
    pub timeout_seconds: u64,
}

/// How a SPEKE client shows who it is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Auth {
    /// Not at all.
    #[default]
    None,
    /// HTTP Basic.
    Basic {
        /// The user's name.
        user: String,
        /// The password.
        password: SecretRef,
    },
    /// `Authorization: Bearer`.
    Bearer(SecretRef),
}

/// What is wrong with `http://` to a key provider.
const CLEARTEXT: &str = "content keys would travel in the clear; use https://, or set keys.allow_cleartext_http where the network itself is protected";

fn default_request_timeout() -> u64 {
    30
}

fn default_descriptor_max_age() -> u64 {
    10
}

fn default_refresh() -> u64 {
    300
}

fn default_hold() -> u64 {
    3600
}

fn default_backoff() -> u64 {
    2
}

fn default_timeout() -> u64 {
    5
}

fn default_attempts() -> u32 {
    3
}

impl OriginConfig {
    /// A configuration with the defaults of TOML, for a program that runs an origin within itself.
    pub fn new(listen: SocketAddr, store: StoreConfig, secret: SecretRef) -> Self {
        Self {
            listen,
            metrics_listen: None,
            request_timeout_seconds: default_request_timeout(),
            descriptor_max_age_seconds: default_descriptor_max_age(),
            store,
            secrets: OriginSecrets { current: secret, previous: None },
            keys: None,
            jwks: BTreeMap::new(),
            audit: None,
            decisions: None,
            webhooks: Vec::new(),
        }
    }

    /// Checks what types alone do not.
    ///
    /// # Errors
    /// [`ConfigError::Invalid`], which names the key.
    pub fn validate(&self) -> Result<(), ConfigError> {
        if self.request_timeout_seconds == 0 {
            return Err(ConfigError::invalid(
                "request_timeout_seconds",
                "0 would refuse every request; give 1 or more",
            ));
        }
        for (name, jwks) in &self.jwks {
            jwks.validate(name)?;
        }
        webhook::validate(&self.webhooks)?;
        if self.decisions.is_some() && self.audit.is_none() {
            return Err(ConfigError::invalid("decisions", "lines are verified by the audit key; give [audit]"));
        }
        self.keys.as_ref().map_or(Ok(()), KeysConfig::validate)
    }
}

impl JwksConfig {
    /// A configuration with the defaults of TOML.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            refresh_seconds: default_refresh(),
            hold_seconds: default_hold(),
            timeout_seconds: default_timeout(),
        }
    }

    fn validate(&self, name: &str) -> Result<(), ConfigError> {
        let invalid = |key: &str, reason: &str| Err(ConfigError::invalid(format!("jwks.{name}{key}"), reason));
        let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let all = name.bytes().all(|byte| letter(byte) || b"_-".contains(&byte));
        if !all || !name.bytes().next().is_some_and(letter) || name.len() > 64 {
            return invalid("", "a name is of the form [a-z0-9][a-z0-9_-]{0,63}");
        }
        let in_the_clear = "who is on the way could make keys of their own; use https://";
        check_url(&format!("jwks.{name}.url"), &self.url, false, "give the issuer's https:// URL", in_the_clear)?;
        if !(60..=3600).contains(&self.refresh_seconds) {
            return invalid(".refresh_seconds", "give 60 to 3600");
        }
        if self.hold_seconds > 86_400 {
            return invalid(".hold_seconds", "a withdrawn key would serve for longer than a day; give 86400 or less");
        }
        if self.timeout_seconds == 0 {
            return invalid(".timeout_seconds", "0 would refuse every exchange; give 1 or more");
        }
        Ok(())
    }
}

/// Whether `url` is `https://`, or `http://` on this machine or where that is allowed. `in_the_clear`: what is wrong with it elsewhere.
pub(super) fn check_url(key: &str, url: &str, allow_http: bool, give: &str, in_the_clear: &str) -> Result<(), ConfigError> {
    let url = reqwest::Url::parse(url).map_err(|error| ConfigError::invalid(key, format!("{error}; {give}")))?;
    let loopback = match url.host_str() {
        Some("localhost") => true,
        Some(host) => {
            host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        None => return Err(ConfigError::invalid(key, format!("names no host; {give}"))),
    };
    match url.scheme() {
        "https" => Ok(()),
        "http" if loopback || allow_http => Ok(()),
        "http" => Err(ConfigError::invalid(key, in_the_clear)),
        other => Err(ConfigError::invalid(key, format!("unknown scheme {other}; use https://"))),
    }
}

impl KeysConfig {
    /// A configuration with the defaults of TOML.
    pub fn new(url: impl Into<String>, kek: SecretRef) -> Self {
        Self {
            url: url.into(),
            name: None,
            auth: Auth::None,
            kek,
            kek_previous: None,
            refresh_seconds: default_refresh(),
            hold_seconds: default_hold(),
            backoff_seconds: default_backoff(),
            timeout_seconds: default_timeout(),
            attempts: default_attempts(),
            allow_cleartext_http: false,
        }
    }

    /// What the provider is called.
    pub(crate) fn provider_name(&self) -> String {
        let host = || reqwest::Url::parse(&self.url).ok()?.host_str().map(str::to_owned);
        self.name.clone().or_else(host).unwrap_or_default()
    }

    /// For how long keys are served at most without hearing from the provider.
    pub(crate) fn longest_hold(&self) -> Duration {
        Duration::from_secs(self.refresh_seconds.saturating_add(self.hold_seconds))
    }

    fn validate(&self) -> Result<(), ConfigError> {
        check_url("keys.url", &self.url, self.allow_cleartext_http, "give the provider's https:// URL", CLEARTEXT)?;
        let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
        if self.name.as_ref().is_some_and(|name| name.is_empty() || name.len() > 64 || !name.bytes().all(letter)) {
            return Err(ConfigError::invalid("keys.name", "a name is of the form [a-z0-9._-]{1,64}"));
        }
        if self.timeout_seconds == 0 {
            return Err(ConfigError::invalid("keys.timeout_seconds", "0 would refuse every exchange; give 1 or more"));
        }
        if !(1..=10).contains(&self.attempts) {
            return Err(ConfigError::invalid("keys.attempts", "give 1 to 10"));
        }
        Ok(())
    }
}
