//! The edge's configuration: one JSON document (`"v":1`), schema in `edge/app/config.schema.json`.

use serde::Deserialize;
use sluice_gate::grant::ViewerConfig;

use crate::{Error, Host};

/// The document. Secrets are in it by name only.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Format of the document: 1.
    pub(crate) v: u32,
    /// What `/healthz` tells, so that an operator sees which document is live.
    #[serde(default)]
    pub(crate) name: String,
    pub(crate) origin: OriginConfig,
    pub(crate) viewer: ViewerConfig,
    /// Scheme, host and port of this edge as players see it, without a trailing slash. Without it, the request's own.
    #[serde(default)]
    pub(crate) public_url: Option<String>,
    /// A lease's life.
    #[serde(default = "default_lease_seconds")]
    pub(crate) lease_seconds: u64,
    /// The longest life of a session, and so of its handle.
    #[serde(default = "default_session_seconds")]
    pub(crate) session_seconds: u64,
    /// What a handle is bound to beside the country.
    #[serde(default)]
    pub(crate) handle_binding: HandleBinding,
    /// Sessions that one client address may create in a minute, where the platform can count.
    #[serde(default)]
    pub(crate) sessions_per_minute: Option<u32>,
    #[serde(default)]
    pub(crate) cors: Cors,
    /// A proxy in front whose headers tell the client, where the platform itself does not.
    #[serde(default)]
    pub(crate) proxy: Option<Proxy>,
}

/// Where the clear media comes from.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OriginConfig {
    /// Scheme, host and port, without a trailing slash.
    pub(crate) url: String,
    /// The platform's name of the backend, where it has such names.
    #[serde(default = "default_backend")]
    pub(crate) backend: String,
    #[serde(default = "default_connect")]
    pub(crate) connect_ms: u64,
    #[serde(default = "default_first_byte")]
    pub(crate) first_byte_ms: u64,
    #[serde(default = "default_between_bytes")]
    pub(crate) between_bytes_ms: u64,
}

/// Which pages may call.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cors {
    /// Origins as browsers send them (`https://tv.example`). There is no wildcard: requests carry credentials.
    #[serde(default)]
    pub(crate) origins: Vec<String>,
}

/// What a handle is bound to beside the country. Networks change under a moving viewer: `prefix` and `asn` break
/// players that roam, and `prefix` those that change between IPv4 and IPv6.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum HandleBinding {
    #[default]
    None,
    Asn,
    Prefix,
}

/// A trusted proxy: its headers count only beside its secret.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Proxy {
    /// Name of the secret.
    pub(crate) secret: String,
    /// The header that carries it.
    pub(crate) secret_header: String,
    #[serde(default)]
    pub(crate) country_header: Option<String>,
    #[serde(default)]
    pub(crate) address_header: Option<String>,
    #[serde(default)]
    pub(crate) asn_header: Option<String>,
}

fn default_lease_seconds() -> u64 {
    300
}
fn default_session_seconds() -> u64 {
    24 * 3600
}
fn default_backend() -> String {
    "origin".to_owned()
}
fn default_connect() -> u64 {
    2_000
}
fn default_first_byte() -> u64 {
    10_000
}
fn default_between_bytes() -> u64 {
    10_000
}

impl Config {
    pub(crate) async fn load<H: Host>(host: &H) -> Result<Self, Error> {
        let text = host.config().await?.ok_or_else(|| Error::Internal("no configuration is deployed".to_owned()))?;
        Self::parse(&text).map_err(Error::Internal)
    }

    fn parse(text: &str) -> Result<Self, String> {
        // As bytes, as all other documents: a second kind of reader would come with a second copy of the parser.
        let config: Self =
            serde_json::from_slice(text.as_bytes()).map_err(|error| format!("configuration: {error}"))?;
        if config.v != 1 {
            return Err(format!("configuration: format {} where this build reads format 1", config.v));
        }
        for (name, url) in [("origin.url", Some(&config.origin.url)), ("public_url", config.public_url.as_ref())] {
            let valid =
                |url: &String| (url.starts_with("http://") || url.starts_with("https://")) && !url.ends_with('/');
            if url.is_some_and(|url| !valid(url)) {
                return Err(format!("configuration: {name} must be http(s)://host[:port] without a trailing slash"));
            }
        }
        if !(2..=3600).contains(&config.lease_seconds) {
            return Err("configuration: lease_seconds must lie between 2 and 3600".to_owned());
        }
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_document_says_what_is_wrong() {
        let with = |rest: &str| format!(r#"{{"v":1,"origin":{{"url":"http://o"}},"viewer":{{"keys":[]}}{rest}}}"#);
        let says = |text: &str| Config::parse(text).err().unwrap_or_default();
        assert!(says("{}").contains("missing field"));
        assert!(says(&with(r#","lease":3"#)).contains("unknown field `lease`"));
        assert!(says(&with(r#","lease_seconds":1"#)).contains("lease_seconds"));
        assert!(says(&with(r#","public_url":"ftp://x""#)).contains("public_url"));
        assert!(says(&with("").replace(r#""v":1"#, r#""v":2"#)).contains("format 2"));
    }
}
