//! Configuration of the origin and of the development key server: TOML, unknown keys refused.
//!
//! Secrets stand in no configuration file. A secret is a reference, `{ file = "…" }` or
//! `{ env = "NAME" }`, and a file is read again whenever it changes, so that rotation needs no
//! restart. A file that has been removed withdraws its secret. What TLS with the key provider is set up with is read at the start alone.
//!
//! # The origin
//! ```toml
#![doc = include_str!("../../examples/origin.toml")]
//! ```
//!
//! # The development key server
//! ```toml
#![doc = include_str!("../../examples/keyserver.toml")]
//! ```
//!
//! In one process, build [`OriginConfig`] and [`KeyserverConfig`] directly and hand secrets over as
//! [`SecretRef::Value`], which TOML cannot express.

mod audit;
mod error;
mod keys;
mod keyserver;
mod origin;
mod secret;
mod webhook;

use std::path::Path;

use serde::de::DeserializeOwned;

pub use audit::{AuditConfig, AuditLog, DecisionsConfig};
pub use error::ConfigError;
pub use keys::{Auth, CertificateConfig, KeysConfig, SigV4Config, TlsConfig};
pub use keyserver::{Faults, KeyserverConfig};
pub use origin::{JwksConfig, OriginConfig, OriginSecrets, StoreConfig};
pub use secret::{Secret, SecretError, SecretRef};
pub use webhook::WebhookConfig;

/// Reads a configuration file.
///
/// # Errors
/// [`ConfigError`] where the file cannot be read, is no TOML, or has a key that is unknown, missing or of the wrong type.
pub fn load<T: DeserializeOwned>(path: &Path) -> Result<T, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
    parse(&text).map_err(|(line, message)| ConfigError::Parse { path: path.to_owned(), line, message })
}

/// Parses a configuration. The error is the line and what is wrong there.
fn parse<T: DeserializeOwned>(text: &str) -> Result<T, (usize, String)> {
    toml::from_str(text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        let line = text.bytes().take(start).filter(|byte| *byte == b'\n').count() + 1;
        (line, error.message().replace('\n', ", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGIN: &str = include_str!("../../examples/origin.toml");
    const KEYSERVER: &str = include_str!("../../examples/keyserver.toml");

    #[test]
    fn the_examples_are_what_the_program_reads() {
        let origin: OriginConfig = parse(ORIGIN).expect("origin.toml");
        origin.validate().expect("a valid origin");
        assert!(
            origin.jwks.contains_key("main")
                && origin.keys.is_some()
                && origin.secrets.previous.is_some()
                && origin.metrics_listen.is_some()
                && origin.audit.is_some()
                && origin.decisions.is_some()
                && origin.webhooks.len() == 1
        );
        let keyserver: KeyserverConfig = parse(KEYSERVER).expect("keyserver.toml");
        keyserver.validate().expect("a valid key server");
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_line() {
        let text = format!("lisen = \"127.0.0.1:1\"\n{ORIGIN}");
        let (line, message) = parse::<OriginConfig>(&text).expect_err("a misspelt key");
        assert_eq!(line, 1);
        assert!(message.contains("lisen"), "{message}");
        let text = ORIGIN.replace("current = {", "current = { hint = 1,");
        assert_ne!(text, ORIGIN);
        assert!(parse::<OriginConfig>(&text).is_err(), "a secret reference with a stray key");
    }

    #[test]
    fn a_secret_cannot_be_written_into_the_file() {
        let text = ORIGIN.replace("{ file = \"/run/secrets/origin.secret\" }", "{ value = \"hunter2hunter2hunter2\" }");
        assert_ne!(text, ORIGIN);
        assert!(parse::<OriginConfig>(&text).is_err());
    }

    #[test]
    fn a_wrong_key_set_says_what_is_wrong() {
        let says = |table: &str| {
            let start = ORIGIN.find("[jwks.main]").expect("the example's table");
            let text = format!("{}{table}", &ORIGIN[..start]);
            let origin: Result<OriginConfig, _> = parse(&text);
            match origin {
                Ok(origin) => origin.validate().err().map(|error| error.to_string()).unwrap_or_default(),
                Err((_, message)) => message,
            }
        };
        assert_eq!(says("[jwks.main]\nurl = \"https://issuer.example/jwks.json\""), "");
        assert_eq!(says("[jwks.main]\nurl = \"http://127.0.0.1:80/jwks.json\""), "");
        assert!(says("[jwks.main]\nurl = \"http://issuer.example/jwks.json\"").contains("jwks.main.url"));
        assert!(says("[jwks.main]\nurl = \"issuer.example\"").contains("jwks.main.url"));
        assert!(says("[jwks.Main]\nurl = \"https://issuer.example/jwks.json\"").contains("jwks.Main"));
        assert!(says("[jwks.main]\nurl = \"https://i.example/\"\ntimeout_seconds = 0").contains("timeout_seconds"));
        assert!(says("[jwks.main]\nurl = \"https://i.example/\"\nhold_seconds = 90000").contains("hold_seconds"));
        assert!(says("[jwks.main]\nurl = \"https://i.example/\"\nhold = 1").contains("hold"));
        assert!(says("[jwks.main]").contains("url"));
    }

    #[test]
    fn a_wrong_webhook_says_what_is_wrong() {
        let says = |from: &str, to: &str| {
            let text = ORIGIN.replace(from, to);
            assert_ne!(text, ORIGIN);
            match parse::<OriginConfig>(&text) {
                Ok(origin) => origin.validate().err().map(|error| error.to_string()).unwrap_or_default(),
                Err((_, message)) => message,
            }
        };
        assert!(says("https://ops.example/", "http://ops.example/").contains("webhooks.0.url"));
        assert!(says("\"key_changed\"", "\"keys_changed\"").contains("keys_changed"));
        let events = "events = [\"key_exchange_failed\", \"key_changed\", \"licence_refusals\"]";
        assert!(says(events, "events = []").contains("webhooks.0.events"));
        assert!(says("[audit]", "[audits]").contains("audits"));
        assert!(says("name = \"drm-provider\"", "name = \"DRM\"").contains("keys.name"));
    }

    #[test]
    fn keys_do_not_travel_in_the_clear_off_this_machine() {
        let mut origin: OriginConfig = parse(ORIGIN).expect("origin.toml");
        let mut with = |url: &str, allow| {
            let keys = origin.keys.as_mut().expect("keys");
            keys.url = url.to_owned();
            keys.allow_cleartext_http = allow;
            origin.validate().is_ok()
        };
        assert!(with("https://drm.example/speke", false));
        assert!(with("http://127.0.0.1:9090/speke", false));
        assert!(with("http://localhost:9090/speke", false));
        assert!(!with("http://drm.example/speke", false));
        assert!(with("http://drm.example/speke", true));
        assert!(!with("ftp://drm.example/speke", true));
        assert!(!with("not a url", true));
    }
}
