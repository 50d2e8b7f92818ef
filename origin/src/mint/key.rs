use std::{path::PathBuf, time::SystemTime};

use anyhow::Context;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Serialize;
use sluice_gate::grant::{Algorithm, jwt::mint_hs256};

use super::SigningKey;
use crate::config::{Secret, SecretRef};

/// The key that signs a token.
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("key").required(true).args(["key_file", "secret_env"])))]
pub struct KeyArgs {
    /// The key's id, as the edge's configuration has it
    #[arg(long)]
    pub kid: String,
    /// The algorithm that the edge's configuration pins to that key
    #[arg(long, value_parser = algorithm)]
    pub alg: Algorithm,
    /// The private key (PEM) or, for HS256, the shared secret, in a file
    #[arg(long)]
    pub key_file: Option<PathBuf>,
    /// The same in an environment variable
    #[arg(long, value_name = "NAME")]
    pub secret_env: Option<String>,
}

fn algorithm(text: &str) -> Result<Algorithm, String> {
    Algorithm::ALL
        .into_iter()
        .find(|algorithm| algorithm.as_str() == text)
        .ok_or_else(|| "one of HS256, RS256, PS256, ES256, EdDSA".to_owned())
}

impl KeyArgs {
    /// The token (JWS, compact) of the claims.
    ///
    /// # Errors
    /// A key that cannot be read or does not serve, a token that no edge would take.
    pub fn sign(&self, claims: &impl Serialize) -> anyhow::Result<String> {
        let key = Secret::new(SecretRef::of_arguments(self.key_file.as_ref(), self.secret_env.as_ref())?).read()?;
        if self.alg == Algorithm::Hs256 {
            return Ok(mint_hs256(&self.kid, key.as_bytes(), claims)?);
        }
        let signer = SigningKey::from_pem(self.alg, key.as_bytes())?;
        let header = serde_json::json!({"typ": "JWT", "alg": self.alg.as_str(), "kid": self.kid});
        let encoded = |json: String| URL_SAFE_NO_PAD.encode(json);
        let message = format!("{}.{}", encoded(header.to_string()), encoded(serde_json::to_string(claims)?));
        let signature = URL_SAFE_NO_PAD.encode(signer.sign(message.as_bytes())?);
        Ok(format!("{message}.{signature}"))
    }
}

/// Unix seconds.
///
/// # Errors
/// A clock before 1970.
pub(super) fn now() -> anyhow::Result<u64> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    Ok(now.context("this machine's clock is before 1970")?.as_secs())
}
