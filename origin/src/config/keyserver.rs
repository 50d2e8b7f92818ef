use std::net::SocketAddr;

use serde::Deserialize;

use super::{Auth, ConfigError, SecretRef};

/// What `sluice keyserver` is told.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyserverConfig {
    /// Where origins connect. Port 0 takes any free port.
    pub listen: SocketAddr,
    /// The secret that all content keys are derived from, at least 16 bytes. Absent, a secret that everybody can read in
    /// this program's source is used, on loopback addresses only.
    #[serde(default)]
    pub master_secret: Option<SecretRef>,
    /// What origins must show.
    #[serde(default)]
    pub auth: Auth,
}

impl KeyserverConfig {
    /// A configuration with the built-in secret.
    pub fn new(listen: SocketAddr) -> Self {
        Self { listen, master_secret: None, auth: Auth::None }
    }

    /// Checks what types alone do not: the built-in secret serves this machine only.
    ///
    /// # Errors
    /// [`ConfigError::Invalid`], which names the key.
    pub fn validate(&self) -> Result<(), ConfigError> {
        if self.master_secret.is_none() && !self.listen.ip().to_canonical().is_loopback() {
            return Err(ConfigError::invalid(
                "master_secret",
                format!(
                    "the built-in development secret is public and {} can be reached from other machines; set master_secret, or listen on 127.0.0.1",
                    self.listen
                ),
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_secret_stays_on_this_machine() {
        for (listen, good) in [
            ("127.0.0.1:0", true),
            ("127.9.9.9:80", true),
            ("[::1]:0", true),
            ("[::ffff:127.0.0.1]:0", true),
            ("0.0.0.0:0", false),
            ("[::]:0", false),
            ("10.0.0.1:80", false),
            ("[::ffff:10.0.0.1]:0", false),
        ] {
            let mut config = KeyserverConfig::new(listen.parse().expect("an address"));
            assert_eq!(config.validate().is_ok(), good, "{listen}");
            config.master_secret = Some(SecretRef::value("of one's own"));
            assert!(config.validate().is_ok(), "{listen}");
        }
    }
}
