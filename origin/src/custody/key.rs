use zeroize::Zeroizing;

use crate::{
    config::{AuditConfig, Secret, SecretError},
    hex,
};

/// The audit key, and the one before where the edges' root has been rotated. By reference, read again on change.
///
/// Edges derive it from their root (HKDF-SHA256, salt `sluice/1`, info `audit`); an origin is given the derived key, which mints nothing.
pub(crate) struct AuditKeys {
    current: Secret,
    previous: Option<Secret>,
}

/// An audit key.
pub(crate) type Key = Zeroizing<[u8; 32]>;

impl AuditKeys {
    pub(crate) fn new(config: &AuditConfig) -> Self {
        Self { current: Secret::new(config.key.clone()), previous: config.previous_key.clone().map(Secret::new) }
    }

    /// The key that lines are written under.
    ///
    /// # Errors
    /// [`SecretError`]
    pub(crate) fn current(&self) -> Result<Key, SecretError> {
        read_key(&self.current)
    }

    /// The keys that lines are read under. No previous one is no error.
    ///
    /// # Errors
    /// [`SecretError`] of the current one.
    pub(crate) fn all(&self) -> Result<Vec<Key>, SecretError> {
        let previous = self.previous.as_ref().and_then(|secret| read_key(secret).ok());
        Ok(core::iter::once(self.current()?).chain(previous).collect())
    }
}

/// Reads an audit key.
///
/// # Errors
/// [`SecretError`]
pub(crate) fn read_key(secret: &Secret) -> Result<Key, SecretError> {
    let text = secret.read()?;
    let bytes = hex::decode(text.trim()).map(Zeroizing::new);
    let key = bytes.and_then(|bytes| bytes.as_slice().try_into().ok());
    Ok(Zeroizing::new(key.ok_or_else(|| secret.malformed("expected 64 hex digits"))?))
}
