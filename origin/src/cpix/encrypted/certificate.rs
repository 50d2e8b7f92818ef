use std::time::{Duration, SystemTime};

use rsa::{RsaPublicKey, pkcs8::DecodePublicKey};
use x509_cert::der::{DecodePem, Encode};

/// Fewest bits of an RSA key (SPEKE v2.0, content key encryption).
pub(super) const LEAST_BITS: usize = 2048;

/// Why a certificate and its key serve no encryptor.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// Not one X.509 certificate in PEM.
    #[error("the certificate is no X.509 certificate in PEM")]
    Form,
    /// Another algorithm than RSA.
    #[error("the certificate's key is not RSA, which CPIX wants")]
    Algorithm,
    /// Too few bits.
    #[error("the certificate's key has {0} bits; SPEKE wants 2048 or more")]
    Small(usize),
    /// Its time is over.
    #[error("the certificate expired {0} seconds ago; put a new one in its place")]
    Expired(u64),
    /// Its time has not come.
    #[error("the certificate is valid only in {0} seconds from now")]
    NotYet(u64),
    /// Not an RSA private key in PEM.
    #[error("the private key is no RSA key in PEM (PKCS#8 or PKCS#1, not encrypted)")]
    PrivateKey,
    /// The two do not belong together.
    #[error("the private key is not that of the certificate")]
    OtherKey,
}

/// What of an X.509 certificate (RFC 5280) matters here.
pub(super) struct Certificate {
    pub(super) der: Vec<u8>,
    pub(super) key: RsaPublicKey,
    not_before: SystemTime,
    not_after: SystemTime,
}

impl Certificate {
    pub(super) fn from_pem(pem: &str) -> Result<Self, CertificateError> {
        let form = |_| CertificateError::Form;
        let certificate = x509_cert::Certificate::from_pem(pem.trim().as_bytes()).map_err(form)?;
        let der = certificate.to_der().map_err(form)?;
        let body = certificate.tbs_certificate;
        let spki = body.subject_public_key_info.to_der().map_err(form)?;
        let key = RsaPublicKey::from_public_key_der(&spki).map_err(|_| CertificateError::Algorithm)?;
        let at = |time: x509_cert::time::Time| SystemTime::UNIX_EPOCH + time.to_unix_duration();
        Ok(Self { der, key, not_before: at(body.validity.not_before), not_after: at(body.validity.not_after) })
    }

    pub(super) fn valid_at(&self, now: SystemTime) -> Result<(), CertificateError> {
        let seconds = |duration: Duration| duration.as_secs();
        match (now.duration_since(self.not_after), self.not_before.duration_since(now)) {
            (Ok(since), _) if since > Duration::ZERO => Err(CertificateError::Expired(seconds(since))),
            (_, Ok(until)) if until > Duration::ZERO => Err(CertificateError::NotYet(seconds(until))),
            _ => Ok(()),
        }
    }
}
