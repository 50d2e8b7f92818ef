//! The configurations of this program's own servers.

use std::path::Path;

use anyhow::Context;

use super::{Checked, Facts, document::Kind};
use crate::{
    config::{self, Auth, KeysConfig, KeyserverConfig, OriginConfig, Secret, SecretRef},
    speke::SpekeClient,
};

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
                certificates(keys, &mut warnings)?;
            }
            None => warnings.push("keys: absent, so only unprotected titles can be played".to_owned()),
        }
        if let Some(audit) = &config.audit {
            warn("audit.key", &audit.key, &mut warnings);
        }
        if let Some(secret) = config.decisions.as_ref().and_then(|decisions| decisions.secret.as_ref()) {
            warn("decisions.secret", secret, &mut warnings);
        }
        for (at, hook) in config.webhooks.iter().enumerate() {
            warn(&format!("webhooks.{at}.secret"), &hook.secret, &mut warnings);
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
        Auth::Header { value, .. } => warn(&format!("{key}.header.value"), value, warnings),
        Auth::SigV4(config) => {
            warn(&format!("{key}.sigv4.secret_access_key"), &config.secret_access_key, warnings);
            if let Some(token) = &config.session_token {
                warn(&format!("{key}.sigv4.session_token"), token, warnings);
            }
        }
    }
}

/// Certificates that are here have to serve: one that has expired stops the origin's keys.
fn certificates(keys: &KeysConfig, warnings: &mut Vec<String>) -> anyhow::Result<()> {
    let (before, mut some) = (warnings.len(), keys.tls.ca.is_some());
    if let Some(ca) = &keys.tls.ca {
        warn("keys.tls.ca", ca, warnings);
    }
    for (key, pair) in [("keys.tls.client", &keys.tls.client), ("keys.encrypted_keys", &keys.encrypted_keys)] {
        if let Some(pair) = pair {
            some = true;
            warn(&format!("{key}.certificate"), &pair.certificate, warnings);
            warn(&format!("{key}.private_key"), &pair.private_key, warnings);
        }
    }
    // Secrets need not be here; where they are, they are what a client is set up with.
    if some && warnings.len() == before {
        SpekeClient::new(keys).context("keys cannot be asked for")?;
    }
    Ok(())
}

/// A secret need not lie on the machine that checks.
fn warn(key: &str, secret: &SecretRef, warnings: &mut Vec<String>) {
    if let Err(error) = Secret::new(secret.clone()).read() {
        warnings.push(format!("{key}: {error}"));
    }
}
