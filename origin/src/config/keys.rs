use std::time::Duration;

use reqwest::header::HeaderName;
use serde::Deserialize;

use super::{
    ConfigError, SecretRef,
    origin::{check_url, default_hold, default_refresh, default_timeout},
};
use crate::cpix::SpekeVersion;

/// The DRM key provider (SPEKE v2), and how its keys are kept and passed on.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeysConfig {
    /// The provider's SPEKE v2 endpoint.
    pub url: String,
    /// What the provider is called in logs and events, `[a-z0-9._-]{1,64}`; default: the host of `url`.
    #[serde(default)]
    pub name: Option<String>,
    /// What is spoken with it. Nothing else is taken for an answer.
    #[serde(default)]
    pub version: SpekeVersion,
    /// How this origin shows who it is.
    #[serde(default)]
    pub auth: Auth,
    /// How TLS is spoken with it.
    #[serde(default)]
    pub tls: TlsConfig,
    /// Whom the provider encrypts keys for. Absent, they come as they are, under TLS.
    #[serde(default)]
    pub encrypted_keys: Option<CertificateConfig>,
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
    /// Seconds for one try.
    #[serde(default = "default_timeout")]
    pub timeout_seconds: u64,
    /// Seconds for all tries and the pauses between them.
    #[serde(default = "default_deadline")]
    pub deadline_seconds: u64,
    /// Tries per exchange, the first included. Only what may pass by itself is tried again: no connection, 429, 5xx.
    #[serde(default = "default_attempts")]
    pub attempts: u32,
    /// Lets keys travel over unencrypted HTTP to another machine.
    #[serde(default)]
    pub allow_cleartext_http: bool,
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
    /// A header of the provider's own: an API key.
    Header {
        /// The header's name.
        name: String,
        /// Its value.
        value: SecretRef,
    },
    /// AWS Signature Version 4.
    SigV4(SigV4Config),
}

/// Credentials of AWS Identity and Access Management.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SigV4Config {
    /// The access key's id.
    pub access_key_id: String,
    /// The access key.
    pub secret_access_key: SecretRef,
    /// The token of temporary credentials.
    #[serde(default)]
    pub session_token: Option<SecretRef>,
    /// The endpoint's region.
    pub region: String,
    /// The endpoint's service: `execute-api` is API Gateway's.
    #[serde(default = "default_service")]
    pub service: String,
}

/// How TLS is spoken with the provider. Absent, its certificate has to be one that the operating system trusts.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// The only authorities whose certificates are taken (PEM), instead of the operating system's.
    #[serde(default)]
    pub ca: Option<SecretRef>,
    /// The certificate that this origin shows, and its key.
    #[serde(default)]
    pub client: Option<CertificateConfig>,
}

/// A certificate and its private key.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateConfig {
    /// X.509, PEM.
    pub certificate: SecretRef,
    /// PEM, not encrypted.
    pub private_key: SecretRef,
}

/// Headers that an exchange has of itself.
const TAKEN: [&str; 5] = ["content-type", "content-length", "host", "transfer-encoding", "x-speke-version"];

/// What is wrong with `http://` to a key provider.
const CLEARTEXT: &str = "content keys would travel in the clear; use https://, or set keys.allow_cleartext_http where the network itself is protected";

fn default_backoff() -> u64 {
    2
}

fn default_deadline() -> u64 {
    15
}

fn default_service() -> String {
    "execute-api".to_owned()
}

fn default_attempts() -> u32 {
    3
}

impl KeysConfig {
    /// A configuration with the defaults of TOML.
    pub fn new(url: impl Into<String>, kek: SecretRef) -> Self {
        Self {
            url: url.into(),
            name: None,
            version: SpekeVersion::default(),
            auth: Auth::None,
            tls: TlsConfig::default(),
            encrypted_keys: None,
            kek,
            kek_previous: None,
            refresh_seconds: default_refresh(),
            hold_seconds: default_hold(),
            backoff_seconds: default_backoff(),
            timeout_seconds: default_timeout(),
            deadline_seconds: default_deadline(),
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

    pub(super) fn validate(&self) -> Result<(), ConfigError> {
        check_url("keys.url", &self.url, self.allow_cleartext_http, "give the provider's https:// URL", CLEARTEXT)?;
        let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
        if self.name.as_ref().is_some_and(|name| name.is_empty() || name.len() > 64 || !name.bytes().all(letter)) {
            return Err(ConfigError::invalid("keys.name", "a name is of the form [a-z0-9._-]{1,64}"));
        }
        if self.timeout_seconds == 0 {
            return Err(ConfigError::invalid("keys.timeout_seconds", "0 would refuse every exchange; give 1 or more"));
        }
        if self.deadline_seconds < self.timeout_seconds {
            return Err(ConfigError::invalid(
                "keys.deadline_seconds",
                "it is shorter than keys.timeout_seconds, of one try",
            ));
        }
        if !(1..=10).contains(&self.attempts) {
            return Err(ConfigError::invalid("keys.attempts", "give 1 to 10"));
        }
        match &self.auth {
            Auth::Header { name, .. } if HeaderName::from_bytes(name.as_bytes()).is_err() => {
                Err(ConfigError::invalid("keys.auth.header.name", "it is no name of an HTTP header"))
            }
            Auth::Header { name, .. } if TAKEN.iter().any(|taken| taken.eq_ignore_ascii_case(name)) => {
                Err(ConfigError::invalid("keys.auth.header.name", "the exchange has a header of that name already"))
            }
            Auth::SigV4(config)
                if [&config.access_key_id, &config.region, &config.service].iter().any(|text| text.is_empty()) =>
            {
                Err(ConfigError::invalid("keys.auth.sigv4", "access_key_id, region and service must not be empty"))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &str) -> Result<KeysConfig, String> {
        let text = format!("url = \"https://drm.example/speke\"\nkek = {{ env = \"KEK\" }}\n{lines}");
        let config: KeysConfig = toml::from_str(&text).map_err(|error| error.message().to_owned())?;
        config.validate().map_err(|error| error.to_string())?;
        Ok(config)
    }

    #[test]
    fn every_way_of_showing_who_one_is_is_read() {
        let secret = "{ env = \"SECRET\" }";
        let auth = |text: String| read(&format!("auth = {text}")).expect("a good configuration").auth;
        assert!(matches!(read("").expect("a good configuration").auth, Auth::None));
        assert!(matches!(auth("\"none\"".to_owned()), Auth::None));
        assert!(matches!(auth(format!("{{ basic = {{ user = \"u\", password = {secret} }} }}")), Auth::Basic { .. }));
        assert!(matches!(auth(format!("{{ bearer = {secret} }}")), Auth::Bearer(_)));
        let header = auth(format!("{{ header = {{ name = \"x-api-key\", value = {secret} }} }}"));
        assert!(matches!(header, Auth::Header { name, .. } if name == "x-api-key"));
        let sigv4 = format!("access_key_id = \"AKID\", secret_access_key = {secret}, region = \"eu-west-1\"");
        let Auth::SigV4(config) = auth(format!("{{ sigv4 = {{ {sigv4} }} }}")) else { panic!("SigV4") };
        assert_eq!((config.service.as_str(), config.session_token.is_none()), ("execute-api", true));
    }

    #[test]
    fn the_rest_of_an_exchange_is_read() {
        let pair = "{ certificate = { file = \"/c\" }, private_key = { file = \"/k\" } }";
        let config = read(&format!(
            "version = \"2.1\"\nencrypted_keys = {pair}\ntls = {{ ca = {{ file = \"/ca\" }}, client = {pair} }}"
        ))
        .expect("a good configuration");
        assert_eq!(config.version, SpekeVersion::V2_1);
        assert!(config.encrypted_keys.is_some() && config.tls.ca.is_some() && config.tls.client.is_some());
    }

    #[test]
    fn what_is_wrong_is_named() {
        let secret = "{ env = \"SECRET\" }";
        let header = |name: &str| format!("auth = {{ header = {{ name = \"{name}\", value = {secret} }} }}");
        for (lines, says) in [
            ("version = \"1.0\"".to_owned(), "2.1"),
            ("timeout_seconds = 5\ndeadline_seconds = 4".to_owned(), "keys.deadline_seconds"),
            ("attempts = 0".to_owned(), "keys.attempts"),
            (header("x api key"), "keys.auth.header.name"),
            (header("X-Speke-Version"), "keys.auth.header.name"),
            ("auth = { sigv4 = { access_key_id = \"A\" } }".to_owned(), "secret_access_key"),
            ("tls = { client = { certificate = { file = \"/c\" } } }".to_owned(), "private_key"),
            ("encrypted_keys = { certificate = { file = \"/c\" } }".to_owned(), "private_key"),
        ] {
            let error = read(&lines).expect_err(says);
            assert!(error.contains(says), "{error}");
        }
        let empty =
            format!("auth = {{ sigv4 = {{ access_key_id = \"A\", secret_access_key = {secret}, region = \"\" }} }}");
        assert!(read(&empty).expect_err("no region").contains("keys.auth.sigv4"));
    }
}
