//! The configurations of this program's own servers.

use std::path::Path;

use super::{Checked, Facts, document::Kind};
use crate::config::{self, Auth, KeyserverConfig, OriginConfig, Secret, SecretRef};

pub(super) fn check(path: &Path, kind: Kind) -> anyhow::Result<Checked> {
    let in_file = |error: config::ConfigError| anyhow::Error::new(error).context(format!("{}, {kind}", path.display()));
    let mut warnings = Vec::new();
    if kind == Kind::Keyserver {
        let config: KeyserverConfig = config::load(path)?;
        config.validate().map_err(in_file)?;
        if let Some(secret) = &config.master_secret {
            warn("master_secret", secret, &mut warnings);
        }
        auth("auth", &config.auth, &mut warnings);
    } else {
        let config: OriginConfig = config::load(path)?;
        config.validate().map_err(in_file)?;
        warn("secrets.current", &config.secrets.current, &mut warnings);
        match &config.keys {
            Some(keys) => {
                warn("keys.kek", &keys.kek, &mut warnings);
                auth("keys.auth", &keys.auth, &mut warnings);
            }
            None => warnings.push("keys: absent, so only unprotected titles can be played".to_owned()),
        }
        let config::StoreConfig::Directory(directory) = &config.store;
        if !directory.is_dir() {
            warnings.push(format!("store.directory: there is no directory {} on this machine", directory.display()));
        }
    }
    Ok(Checked { kind, warnings, facts: Facts::None })
}

fn auth(key: &str, auth: &Auth, warnings: &mut Vec<String>) {
    match auth {
        Auth::None => {}
        Auth::Basic { password, .. } => warn(&format!("{key}.basic.password"), password, warnings),
        Auth::Bearer(token) => warn(&format!("{key}.bearer"), token, warnings),
    }
}

/// A secret need not lie on the machine that checks.
fn warn(key: &str, secret: &SecretRef, warnings: &mut Vec<String>) {
    if let Err(error) = Secret::new(secret.clone()).read() {
        warnings.push(format!("{key}: {error}"));
    }
}
