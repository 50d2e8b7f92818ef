use std::{
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use zeroize::Zeroizing;

use super::SpekeError;
use crate::{
    config::{CertificateConfig, Secret},
    cpix::Recipient,
};

/// Whom keys are encrypted for: a certificate that is renewed in its file serves from the next exchange on.
pub(super) struct Encryption {
    certificate: Secret,
    private_key: Secret,
    last: Mutex<Option<Known>>,
}

struct Known {
    certificate: Arc<Zeroizing<String>>,
    private_key: Arc<Zeroizing<String>>,
    recipient: Arc<Recipient>,
}

impl Encryption {
    pub(super) fn new(config: &CertificateConfig) -> Self {
        Self {
            certificate: Secret::new(config.certificate.clone()),
            private_key: Secret::new(config.private_key.clone()),
            last: Mutex::new(None),
        }
    }

    /// The recipient at `now`.
    ///
    /// # Errors
    /// [`SpekeError::Secret`], [`SpekeError::Certificate`], the latter where the certificate's time is over too.
    pub(super) fn recipient(&self, now: SystemTime) -> Result<Arc<Recipient>, SpekeError> {
        let (certificate, private_key) = (self.certificate.read()?, self.private_key.read()?);
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = &*last
            && known.certificate == certificate
            && known.private_key == private_key
        {
            known.recipient.valid_at(now)?;
            return Ok(Arc::clone(&known.recipient));
        }
        *last = None;
        let recipient = Arc::new(Recipient::new(&certificate, &private_key, now)?);
        *last = Some(Known { certificate, private_key, recipient: Arc::clone(&recipient) });
        Ok(recipient)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::Value;

    use super::*;
    use crate::{config::SecretRef, cpix::CertificateError};

    #[test]
    fn a_certificate_is_renewed_in_place() {
        let vectors: Value = serde_json::from_str(include_str!("../../tests/cpix/answers.json")).expect("JSON");
        let folder = tempfile::tempdir().expect("a folder");
        let place = |name: &str| folder.path().join(name);
        let put = |certificate: &str, private_key: &str| {
            for (name, text) in [("c.pem", certificate), ("k.pem", private_key)] {
                std::fs::write(place(name), vectors[text].as_str().expect("text")).expect("writable");
            }
        };
        let encryption = Encryption::new(&CertificateConfig {
            certificate: SecretRef::File(place("c.pem")),
            private_key: SecretRef::File(place("k.pem")),
        });
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000);
        put("expired", "private_key");
        let error = encryption.recipient(now).err();
        assert!(matches!(error, Some(SpekeError::Certificate(CertificateError::Expired(_)))));
        put("certificate", "private_key");
        let first = encryption.recipient(now).expect("a recipient");
        assert!(Arc::ptr_eq(&first, &encryption.recipient(now).expect("the same")));
        put("other_certificate", "other_private_key");
        assert!(!Arc::ptr_eq(&first, &encryption.recipient(now).expect("another")));
        std::fs::remove_file(place("k.pem")).expect("removable");
        assert!(matches!(encryption.recipient(now), Err(SpekeError::Secret(_))), "a withdrawn key serves nobody");
    }
}
