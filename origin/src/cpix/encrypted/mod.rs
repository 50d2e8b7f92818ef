//! Content keys that the provider encrypts for this encryptor's certificate (CPIX 2.3, 6.1; SPEKE v2.0, content key encryption).
//!
//! RSA-OAEP carries a document key and a MAC key; under these, each content key is AES-256-CBC and HMAC-SHA512. The MAC key comes by the
//! same public key as everything else, so that the MAC proves that a value was not changed since, and not who wrote it: that is TLS' to prove.

mod delivery;
#[cfg(test)]
mod tests;

use std::time::SystemTime;

use base64::{Engine, engine::general_purpose::STANDARD};
use rsa::{RsaPrivateKey, pkcs1::DecodeRsaPrivateKey, pkcs8::DecodePrivateKey};

use super::{
    Element,
    algorithm::XMLDSIG,
    certificate::{Certificate, CertificateError},
};
pub use delivery::DeliveryError;
pub(super) use delivery::DocumentKeys;

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
        let certificate = Element::other(XMLDSIG, "X509Certificate").saying(STANDARD.encode(&self.certificate.der));
        let key = Element::cpix("DeliveryKey").holding([Element::other(XMLDSIG, "X509Data").holding([certificate])]);
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
