use std::time::{Duration, SystemTime};

use base64::{Engine, engine::general_purpose::STANDARD};
use rsa::{RsaPublicKey, pkcs8::DecodePublicKey, traits::PublicKeyParts};
use x509_cert::der::{Decode, DecodePem, Encode};

use super::{Element, algorithm::XMLDSIG};

/// Fewest bits of an RSA key's modulus (SPEKE v2.0, content key encryption).
const LEAST_BITS: usize = 2048;

/// Why no keys are encrypted for a certificate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// Not one X.509 certificate: in PEM where a file has it, in base64 where a document has it.
    #[error("the certificate is not X.509 (PEM in a file, base64 in a document)")]
    Form,
    /// Another algorithm than RSA, or more than 4096 bits.
    #[error("the certificate's key is not RSA of at most 4096 bits, which CPIX wants")]
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
        Self::from_der(certificate.to_der().map_err(form)?)
    }

    /// Of a `DeliveryData`; `None` where it has none.
    pub(super) fn delivered(data: &Element) -> Option<Result<Self, CertificateError>> {
        let der = delivered(data)?;
        Some(der.ok_or(CertificateError::Form).and_then(Self::from_der))
    }

    fn from_der(der: Vec<u8>) -> Result<Self, CertificateError> {
        let form = |_| CertificateError::Form;
        let body = x509_cert::Certificate::from_der(&der).map_err(form)?.tbs_certificate;
        let spki = body.subject_public_key_info.to_der().map_err(form)?;
        let key = RsaPublicKey::from_public_key_der(&spki).map_err(|_| CertificateError::Algorithm)?;
        long_enough(&key)?;
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

/// The bytes of `DeliveryKey/X509Data/X509Certificate`, which may be broken into lines: `None` where there is no such element, `Some(None)` where it is not
/// in base64.
pub(super) fn delivered(data: &Element) -> Option<Option<Vec<u8>>> {
    let data = data.child("DeliveryKey")?.other_child(XMLDSIG, "X509Data")?;
    Some(decoded(data.other_child(XMLDSIG, "X509Certificate")?))
}

/// An element's base64, white space passed over.
pub(super) fn decoded(element: &Element) -> Option<Vec<u8>> {
    let text: String = element.text.split_ascii_whitespace().collect();
    STANDARD.decode(text).ok()
}

fn long_enough(key: &RsaPublicKey) -> Result<(), CertificateError> {
    match key.n().bits() {
        bits if bits < LEAST_BITS => Err(CertificateError::Small(bits)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use rsa::BigUint;

    use super::*;

    /// 2041 bits take as many bytes as 2048.
    #[test]
    fn bits_are_counted_and_not_bytes() {
        let of = |bits: usize| {
            let modulus = (BigUint::from(1u8) << (bits - 1)) + BigUint::from(1u8);
            long_enough(&RsaPublicKey::new(modulus, BigUint::from(65_537u32)).expect("a public key"))
        };
        assert_eq!(of(2041), Err(CertificateError::Small(2041)));
        assert_eq!(of(2047), Err(CertificateError::Small(2047)));
        assert_eq!(of(2048), Ok(()));
    }
}
