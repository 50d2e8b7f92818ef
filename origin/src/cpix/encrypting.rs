use std::time::SystemTime;

use aes::Aes256;
use base64::{Engine, engine::general_purpose::STANDARD};
use cbc::cipher::{BlockModeEncrypt, KeyIvInit, block_padding::Pkcs7};
use hmac::{Hmac, Mac};
use rsa::{Oaep, RsaPublicKey, rand_core::CryptoRngCore};
use sha1::Sha1;
use sha2::Sha512;
use sluice_packager::keys::ContentKey;
use zeroize::Zeroizing;

use super::{
    Element, Namespace,
    algorithm::{AES_256_CBC, HMAC_SHA512, RSA_OAEP, XMLENC},
    certificate::{Certificate, CertificateError},
};

/// Why nothing is encrypted for a `DeliveryData`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecipientError {
    /// No `DeliveryKey/X509Data/X509Certificate`.
    #[error("there is no DeliveryKey/X509Data/X509Certificate")]
    Missing,
    /// One that does not serve.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// A key that cannot encrypt.
    #[error("the certificate's key cannot encrypt")]
    Key,
}

/// The key of the certificate in a `DeliveryData`, valid at `now`. Whose it is, is not checked: who may ask at all is the
/// transport's matter.
///
/// # Errors
/// [`RecipientError`]
pub fn recipient(delivery: &Element, now: SystemTime) -> Result<RsaPublicKey, RecipientError> {
    let certificate = Certificate::delivered(delivery).ok_or(RecipientError::Missing)??;
    certificate.valid_at(now)?;
    Ok(certificate.key)
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
    /// [`RecipientError::Key`]
    pub fn deliver(
        &self,
        recipient: &RsaPublicKey,
        random: &mut impl CryptoRngCore,
    ) -> Result<[Element; 2], RecipientError> {
        let mut wrap = |key: &[u8]| {
            let sealed = recipient.encrypt(random, Oaep::new::<Sha1>(), key);
            sealed.map(|sealed| self.value(RSA_OAEP, &sealed)).map_err(|_| RecipientError::Key)
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
