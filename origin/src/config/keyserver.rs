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
    /// What it does wrong, so that an operator can rehearse it. On loopback addresses only.
    #[serde(default)]
    pub faults: Faults,
}

/// What a key server does wrong at command. Nothing by default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// Answers every request with this status, from 400 to 599, and no keys.
    pub status: Option<u16>,
    /// Waits so many milliseconds before it answers.
    pub delay_ms: u64,
    /// Breaks its answer off in the middle.
    pub garbage: bool,
    /// Gives the first key another id, which was not asked for.
    pub wrong_kid: bool,
    /// Gives plain keys of 15 bytes.
    pub wrong_length: bool,
    /// Gives encrypted keys a `ValueMAC` that is not theirs.
    pub bad_mac: bool,
    /// Gives a `PSSH` unlike the one inside `ContentProtectionData`.
    pub pssh_mismatch: bool,
    /// Leaves the filters of the usage rules out.
    pub missing_filter: bool,
}

impl KeyserverConfig {
    /// A configuration with the built-in secret.
    pub fn new(listen: SocketAddr) -> Self {
        Self { listen, master_secret: None, auth: Auth::None, faults: Faults::default() }
    }

    /// Checks what types alone do not: the built-in secret, and faults, serve this machine only.
    ///
    /// # Errors
    /// [`ConfigError::Invalid`], which names the key.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let loopback = self.listen.ip().to_canonical().is_loopback();
        if self.faults != Faults::default() && !loopback {
            let problem = format!(
                "{} can be reached from other machines, whose keys would go wrong; remove the table, or listen on 127.0.0.1",
                self.listen
            );
            return Err(ConfigError::invalid("faults", problem));
        }
        if self.faults.status.is_some_and(|status| !(400..600).contains(&status)) {
            return Err(ConfigError::invalid("faults.status", "give 400 to 599"));
        }
        if self.master_secret.is_none() && !loopback {
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
    fn the_built_in_secret_and_faults_stay_on_this_machine() {
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
            config.faults.garbage = true;
            assert_eq!(config.validate().is_ok(), good, "{listen}");
        }
    }
    #[test]
    fn faults_are_named_in_toml() {
        let parse = |faults: &str| {
            let text = format!("listen = \"127.0.0.1:0\"\n[faults]\n{faults}");
            crate::config::parse::<KeyserverConfig>(&text).map_err(|(line, _)| line)
        };
        let faults = parse("status = 503\ndelay_ms = 20\nbad_mac = true").expect("known").faults;
        assert_eq!(faults, Faults { status: Some(503), delay_ms: 20, bad_mac: true, ..Faults::default() });
        assert_eq!(parse("late = true").err(), Some(3));
        assert!(parse("status = 200").expect("a number").validate().is_err());
    }
}
