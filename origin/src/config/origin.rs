use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf};

use serde::Deserialize;

use super::{AuditConfig, ConfigError, DecisionsConfig, KeysConfig, SecretRef, WebhookConfig, webhook};

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

fn default_request_timeout() -> u64 {
    30
}

fn default_descriptor_max_age() -> u64 {
    10
}

pub(super) fn default_refresh() -> u64 {
    300
}

pub(super) fn default_hold() -> u64 {
    3600
}

pub(super) fn default_timeout() -> u64 {
    5
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
pub(super) fn check_url(
    key: &str,
    url: &str,
    allow_http: bool,
    give: &str,
    in_the_clear: &str,
) -> Result<(), ConfigError> {
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
