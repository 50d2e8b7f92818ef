//! The edge's configuration: one JSON document (`"v":1`), schema in `edge/app/config.schema.json`.

use sluice_document::{members, words};
use sluice_gate::grant::{ViewerConfig, cat::CatConfig};

use crate::{Error, Host};

/// The document. Secrets are in it by name only.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// Format of the document: 1.
    pub(crate) v: u32,
    /// What `/healthz` tells, so that an operator sees which document is live.
    pub(crate) name: String,
    pub(crate) origin: OriginConfig,
    /// Viewers' JWTs, where they are accepted as grants.
    pub(crate) viewer: Option<ViewerConfig>,
    /// Common Access Tokens, where they are accepted as grants.
    pub(crate) cat: Option<CatConfig>,
    /// Scheme, host and port of this edge as players see it, without a trailing slash. Without it, the request's own.
    pub(crate) public_url: Option<String>,
    /// A lease's life.
    pub(crate) lease_seconds: u64,
    /// The longest life of a session, and so of its handle.
    pub(crate) session_seconds: u64,
    /// What a handle is bound to beside the country.
    pub(crate) handle_binding: HandleBinding,
    /// Sessions that one client address may create in a minute, where the platform can count.
    pub(crate) sessions_per_minute: Option<u32>,
    pub(crate) cors: Cors,
    /// A proxy in front whose headers tell the client, where the platform itself does not.
    pub(crate) proxy: Option<Proxy>,
}

members!(deny Config {
    v,
    name = String::new(),
    origin,
    viewer = None,
    cat = None,
    public_url = None,
    lease_seconds = 300,
    session_seconds = 24 * 3600,
    handle_binding = HandleBinding::None,
    sessions_per_minute = None,
    cors = Cors::default(),
    proxy = None,
});

/// Where the clear media comes from.
#[derive(Clone, Debug)]
pub(crate) struct OriginConfig {
    /// Scheme, host and port, without a trailing slash.
    pub(crate) url: String,
    /// The platform's name of the backend, where it has such names.
    pub(crate) backend: String,
    pub(crate) connect_ms: u64,
    pub(crate) first_byte_ms: u64,
    pub(crate) between_bytes_ms: u64,
}

members!(deny OriginConfig {
    url,
    backend = "origin".to_owned(),
    connect_ms = 2_000,
    first_byte_ms = 10_000,
    between_bytes_ms = 10_000,
});

/// Which pages may call.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cors {
    /// Origins as browsers send them (`https://tv.example`). There is no wildcard: requests carry credentials.
    pub(crate) origins: Vec<String>,
}

members!(deny Cors { origins = Vec::new() });

/// What a handle is bound to beside the country. Networks change under a moving viewer: `prefix` and `asn` break
/// players that roam, and `prefix` those that change between IPv4 and IPv6.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum HandleBinding {
    #[default]
    None,
    Asn,
    Prefix,
}

words!(HandleBinding { None => "none", Asn => "asn", Prefix => "prefix" });

/// A trusted proxy: its headers count only beside its secret.
#[derive(Clone, Debug)]
pub(crate) struct Proxy {
    /// Name of the secret.
    pub(crate) secret: String,
    /// The header that carries it.
    pub(crate) secret_header: String,
    pub(crate) country_header: Option<String>,
    pub(crate) address_header: Option<String>,
    pub(crate) asn_header: Option<String>,
}

members!(deny Proxy { secret, secret_header, country_header = None, address_header = None, asn_header = None });

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
        if config.viewer.is_none() && config.cat.is_none() {
            return Err(
                "configuration: no kind of grant is accepted, so nobody could watch: add viewer or cat".to_owned()
            );
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
