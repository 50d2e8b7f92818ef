//! Content keys that the provider encrypts for this encryptor's certificate (CPIX 2.3, 6.1; SPEKE v2.0, content key encryption).
//!
//! RSA-OAEP carries a document key and a MAC key; under these, each content key is AES-256-CBC and HMAC-SHA512. The MAC key comes by the
//! same public key as everything else, so that the MAC proves that a value was not changed since, and not who wrote it: that is TLS' to prove.

mod certificate;
mod delivery;
#[cfg(test)]
mod tests;

use std::time::SystemTime;

use base64::{Engine, engine::general_purpose::STANDARD};
use rsa::{RsaPrivateKey, pkcs1::DecodeRsaPrivateKey, pkcs8::DecodePrivateKey, traits::PublicKeyParts};

use super::Element;
use certificate::Certificate;
pub use certificate::CertificateError;
pub use delivery::DeliveryError;
pub(super) use delivery::DocumentKeys;

/// `ds` (XML Signature).
const DS: &str = "http://www.w3.org/2000/09/xmldsig#";

/// Whom content keys are encrypted for. Without `Debug`: it holds a private key, which is zeroized when dropped.
pub struct Recipient {
    certificate: Certificate,
    private: RsaPrivateKey,
}

impl Recipient {
    /// Of a certificate (X.509, PEM) and its private key (PKCS#8 or PKCS#1, PEM). RSA, 2048 bits or more.
    ///
    /// # Errors
    /// [`CertificateError`], for the certificate's time among others.
    pub fn new(certificate: &str, private_key: &str, now: SystemTime) -> Result<Self, CertificateError> {
        let certificate = Certificate::from_pem(certificate)?;
        let private = RsaPrivateKey::from_pkcs8_pem(private_key)
            .ok()
            .or_else(|| RsaPrivateKey::from_pkcs1_pem(private_key).ok())
            .ok_or(CertificateError::PrivateKey)?;
        if private.to_public_key() != certificate.key {
            return Err(CertificateError::OtherKey);
        }
        if private.size() * 8 < certificate::LEAST_BITS {
            return Err(CertificateError::Small(private.size() * 8));
        }
        let recipient = Self { certificate, private };
        recipient.valid_at(now)?;
        Ok(recipient)
    }

    /// Whether the certificate's time is now.
    ///
    /// # Errors
    /// [`CertificateError::Expired`], [`CertificateError::NotYet`]
    pub fn valid_at(&self, now: SystemTime) -> Result<(), CertificateError> {
        self.certificate.valid_at(now)
    }

    /// What a request says of it.
    pub(super) fn delivery_data(&self) -> Element {
        let certificate = Element::other(DS, "X509Certificate").saying(STANDARD.encode(&self.certificate.der));
        let key = Element::cpix("DeliveryKey").holding([Element::other(DS, "X509Data").holding([certificate])]);
        let data = Element::cpix("DeliveryData").with("id", "recipient").holding([key]);
        Element::cpix("DeliveryDataList").holding([data])
    }

    /// The keys under which the answer's content keys are.
    ///
    /// # Errors
    /// [`DeliveryError`]
    pub(super) fn document_keys(&self, root: &Element) -> Result<DocumentKeys, DeliveryError> {
        DocumentKeys::open(root, &self.certificate.der, &self.private)
    }
}
