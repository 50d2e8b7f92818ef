use axum::http::HeaderMap;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use crate::{
    config::{ConfigError, OriginSecrets, Secret},
    running::StartError,
};

/// The header that edges show.
const HEADER: &str = "x-origin-secret";
/// Shortest secret, in bytes.
const SHORTEST: usize = 16;

/// The secrets that open the origin: two at a time.
pub(super) struct OriginAuth {
    current: Secret,
    previous: Option<Secret>,
}

impl OriginAuth {
    pub(super) fn new(secrets: &OriginSecrets) -> Result<Self, StartError> {
        let current = Secret::new(secrets.current.clone());
        let text = current.read().map_err(StartError::secret("secrets.current"))?;
        if text.len() < SHORTEST {
            return Err(ConfigError::invalid("secrets.current", "it has fewer than 16 bytes; use more").into());
        }
        Ok(Self { current, previous: secrets.previous.clone().map(Secret::new) })
    }

    /// Whether the request shows one of the secrets. Takes as long for any: digests are compared, both of them always.
    pub(super) fn admits(&self, headers: &HeaderMap) -> bool {
        let mut shown = headers.get_all(HEADER).iter();
        let (Some(first), None) = (shown.next(), shown.next()) else { return false };
        let shown = Sha256::digest(first.as_bytes());
        let secrets = [Some(&self.current), self.previous.as_ref()];
        let matching = secrets.into_iter().flatten().fold(Choice::from(0), |matching, secret| match secret.read() {
            Ok(text) if text.len() >= SHORTEST => matching | Sha256::digest(text.as_bytes()).ct_eq(&shown),
            // Withdrawn, empty or too short: it opens nothing.
            _ => matching,
        });
        matching.into()
    }
}
