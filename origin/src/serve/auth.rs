use axum::http::HeaderMap;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use crate::{
    config::{ConfigError, OriginSecrets, Secret, SecretRef},
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
    /// Opens `/decisions` and nothing else.
    shipper: Option<Secret>,
}

impl OriginAuth {
    pub(super) fn new(secrets: &OriginSecrets, shipper: Option<&SecretRef>) -> Result<Self, StartError> {
        let current = Secret::new(secrets.current.clone());
        let text = current.read().map_err(StartError::secret("secrets.current"))?;
        if text.len() < SHORTEST {
            return Err(ConfigError::invalid("secrets.current", "it has fewer than 16 bytes; use more").into());
        }
        let shipper = shipper.cloned().map(Secret::new);
        Ok(Self { current, previous: secrets.previous.clone().map(Secret::new), shipper })
    }

    /// Whether the request shows one of the secrets. Takes as long for any: digests are compared, all of them always. `decisions`: for the route that
    /// log shippers may use.
    pub(super) fn admits(&self, headers: &HeaderMap, decisions: bool) -> bool {
        let mut shown = headers.get_all(HEADER).iter();
        let (Some(first), None) = (shown.next(), shown.next()) else { return false };
        let shown = Sha256::digest(first.as_bytes());
        let shipper = self.shipper.as_ref().filter(|_| decisions);
        let secrets = [Some(&self.current), self.previous.as_ref(), shipper];
        let matching = secrets.into_iter().flatten().fold(Choice::from(0), |matching, secret| match secret.read() {
            Ok(text) if text.len() >= SHORTEST => matching | Sha256::digest(text.as_bytes()).ct_eq(&shown),
            // Withdrawn, empty or too short: it opens nothing.
            _ => matching,
        });
        matching.into()
    }
}
