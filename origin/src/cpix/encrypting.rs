use std::time::SystemTime;

use aes::Aes256;
use base64::{Engine, engine::general_purpose::STANDARD};
use cbc::cipher::{BlockModeEncrypt, KeyIvInit, block_padding::Pkcs7};
use hmac::{Hmac, Mac};
use rsa::{Oaep, RsaPublicKey, pkcs8::DecodePublicKey, rand_core::CryptoRngCore, traits::PublicKeyParts};
use sha1::Sha1;
use sha2::Sha512;
use sluice_packager::keys::ContentKey;
use x509_cert::{
    Certificate,
    der::{Decode, Encode},
};
use zeroize::Zeroizing;

use super::{
    Element, Namespace,
    algorithm::{AES_256_CBC, HMAC_SHA512, RSA_OAEP, XMLDSIG, XMLENC},
};

/// Shortest modulus of a recipient's key, in bits (SPEKE v2.0, customizations and constraints).
const SHORTEST: usize = 2048;

/// Why nothing is encrypted for a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecipientError {
    /// No `DeliveryKey/X509Data/X509Certificate`.
    #[error("there is no DeliveryKey/X509Data/X509Certificate")]
    Missing,
    /// Not an X.509 certificate in DER and base64.
    #[error("the certificate is not X.509 in base64")]
    Form,
    /// A key that RSA does not use, or longer than 4096 bits.
    #[error("the certificate's key is not RSA of at most 4096 bits")]
    Algorithm,
    /// A key that is too short.
    #[error("the certificate's RSA key has {0} bits; 2048 are needed")]
    Short(usize),
    /// Its validity has not begun.
    #[error("the certificate is not valid yet")]
    Early,
    /// Its validity has ended.
    #[error("the certificate has expired")]
    Expired,
}

/// The key of the certificate in a `DeliveryData`, valid at `now`. Whose it is, is not checked: who may ask at all is the
/// transport's matter.
///
/// # Errors
/// [`RecipientError`]
pub fn recipient(delivery: &Element, now: SystemTime) -> Result<RsaPublicKey, RecipientError> {
    let in_xmldsig = |element: &Element, name: &str| {
        let of_namespace = |child: &&Element| matches!(&child.namespace, Namespace::Other(uri) if uri == XMLDSIG);
        element.children.iter().filter(of_namespace).find(|child| child.name == name).cloned()
    };
    let text = delivery
        .child("DeliveryKey")
        .and_then(|key| in_xmldsig(key, "X509Data"))
        .and_then(|data| in_xmldsig(&data, "X509Certificate"))
        .ok_or(RecipientError::Missing)?
        .text;
    // Base64 in XML may be broken into lines.
    let text: String = text.split_ascii_whitespace().collect();
    let der = STANDARD.decode(text).map_err(|_| RecipientError::Form)?;
    let certificate = Certificate::from_der(&der).map_err(|_| RecipientError::Form)?.tbs_certificate;
    let at = |time: x509_cert::time::Time| SystemTime::UNIX_EPOCH + time.to_unix_duration();
    if now < at(certificate.validity.not_before) {
        return Err(RecipientError::Early);
    }
    if now > at(certificate.validity.not_after) {
        return Err(RecipientError::Expired);
    }
    let info = certificate.subject_public_key_info.to_der().map_err(|_| RecipientError::Form)?;
    let key = RsaPublicKey::from_public_key_der(&info).map_err(|_| RecipientError::Algorithm)?;
    match key.n().bits() {
        bits if bits < SHORTEST => Err(RecipientError::Short(bits)),
        _ => Ok(key),
    }
}

/// The keys that encrypt one document: CPIX 2.3, encrypted content keys.
pub struct DocumentKeys {
    /// Encrypts content keys: AES-256-CBC.
    document: Zeroizing<[u8; 32]>,
    /// Authenticates what is encrypted: HMAC-SHA512.
    mac: Zeroizing<[u8; 64]>,
}

impl DocumentKeys {
    /// New ones. They are for one document.
    pub fn generate(random: &mut impl CryptoRngCore) -> Self {
        let (mut document, mut mac) = (Zeroizing::new([0; 32]), Zeroizing::new([0; 64]));
        random.fill_bytes(&mut *document);
        random.fill_bytes(&mut *mac);
        Self { document, mac }
    }

    /// `DocumentKey` and `MACMethod` of a recipient's `DeliveryData`: both keys, encrypted for its certificate.
    ///
    /// # Errors
    /// [`RecipientError::Algorithm`]: an RSA key that cannot encrypt.
    pub fn deliver(
        &self,
        recipient: &RsaPublicKey,
        random: &mut impl CryptoRngCore,
    ) -> Result<[Element; 2], RecipientError> {
        let mut wrap = |key: &[u8]| {
            let sealed = recipient.encrypt(random, Oaep::new::<Sha1>(), key);
            sealed.map(|sealed| self.value(RSA_OAEP, &sealed)).map_err(|_| RecipientError::Algorithm)
        };
        let secret = Element::pskc("Secret").holding(wrap(&*self.document)?);
        let document = Element::cpix("DocumentKey")
            .with("Algorithm", AES_256_CBC)
            .holding([Element::cpix("Data").holding([secret])]);
        let method = Element::cpix("MACMethod")
            .with("Algorithm", HMAC_SHA512)
            .holding([Element::cpix("Key").holding(wrap(&*self.mac)?)]);
        Ok([document, method])
    }

    /// The `Secret` of a content key: its bytes with PKCS #7 padding in AES-256-CBC behind their IV.
    pub fn secret(&self, key: &ContentKey, random: &mut impl CryptoRngCore) -> Element {
        let mut iv = [0; 16];
        random.fill_bytes(&mut iv);
        let mut block = Zeroizing::new([0; 32]);
        block[..16].copy_from_slice(key.expose());
        let sealed = cbc::Encryptor::<Aes256>::new((&*self.document).into(), (&iv).into())
            .encrypt_padded::<Pkcs7>(&mut *block, 16)
            .expect("16 bytes and their padding are 32");
        Element::pskc("Secret").holding(self.value(AES_256_CBC, &[&iv[..], sealed].concat()))
    }

    /// `EncryptedValue` and its `ValueMAC`, which is over the bytes of `CipherValue`.
    fn value(&self, algorithm: &str, sealed: &[u8]) -> [Element; 2] {
        let cipher_value = encryption("CipherValue").saying(STANDARD.encode(sealed));
        let encrypted = Element::pskc("EncryptedValue").holding([
            encryption("EncryptionMethod").with("Algorithm", algorithm),
            encryption("CipherData").holding([cipher_value]),
        ]);
        let mac = <Hmac<Sha512> as Mac>::new_from_slice(&*self.mac).expect("HMAC takes keys of any length");
        let mac = STANDARD.encode(mac.chain_update(sealed).finalize().into_bytes());
        [encrypted, Element::pskc("ValueMAC").saying(mac)]
    }
}

fn encryption(name: &str) -> Element {
    let mut element = Element::cpix(name);
    element.namespace = Namespace::Other(XMLENC.to_owned());
    element
}
