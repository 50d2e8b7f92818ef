use aes::Aes256;
use cbc::cipher::{BlockModeDecrypt, KeyIvInit, block_padding::Pkcs7};
use hmac::{Hmac, Mac};
use rsa::{Oaep, RsaPrivateKey, rand_core::OsRng};
use sha2::Sha512;
use sluice_packager::keys::{ContentKey, Kid};
use zeroize::Zeroizing;

use crate::cpix::{
    AnswerError, Element,
    algorithm::{AES_256_CBC, HMAC_SHA512, RSA_OAEP, XMLDSIG, XMLENC},
    certificate::{decoded, delivered},
};

const SHA1: &str = "http://www.w3.org/2000/09/xmldsig#sha1";
/// Lengths of a MAC key that are taken, in bytes: from that of a good key to HMAC-SHA512's block.
const MAC_KEY: std::ops::RangeInclusive<usize> = 32..=128;

/// Why the answer's content keys cannot be decrypted. Tells nothing of how far decryption came.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryError {
    /// No `DeliveryData` for this encryptor's certificate, or two.
    #[error("the answer has not exactly one DeliveryData for this encryptor's certificate")]
    Recipient,
    /// A part is missing or malformed.
    #[error("the answer has no usable {0} in its DeliveryData")]
    Missing(&'static str),
    /// Another algorithm than CPIX makes mandatory.
    #[error("the answer's {0} names another algorithm than that of CPIX")]
    Algorithm(&'static str),
    /// Not encrypted for this certificate, or not a key.
    #[error("the answer's {0} cannot be decrypted to a key")]
    Key(&'static str),
}

/// The two keys of an answer's `DeliveryData`. Zeroized when dropped.
pub(in crate::cpix) struct DocumentKeys {
    document: Zeroizing<Vec<u8>>,
    mac: Zeroizing<Vec<u8>>,
}

impl DocumentKeys {
    pub(super) fn open(root: &Element, certificate: &[u8], private: &RsaPrivateKey) -> Result<Self, DeliveryError> {
        let list = root.child("DeliveryDataList").ok_or(DeliveryError::Missing("DeliveryDataList"))?;
        let is_ours = |data: &&Element| delivered(data).flatten().is_some_and(|der| der == certificate);
        let mut ours = list.all("DeliveryData").filter(is_ours);
        let (Some(data), None) = (ours.next(), ours.next()) else { return Err(DeliveryError::Recipient) };

        let document = "DocumentKey";
        let element = data.child(document).ok_or(DeliveryError::Missing(document))?;
        // 2.4 has no such attribute any more.
        if element.attribute("Algorithm").is_some_and(|algorithm| algorithm != AES_256_CBC) {
            return Err(DeliveryError::Algorithm(document));
        }
        let value = element
            .child("Data")
            .and_then(|data| data.pskc_child("Secret"))
            .and_then(|secret| secret.pskc_child("EncryptedValue"));
        let document_key = rsa_decrypt(value, private, document)?;
        if document_key.len() != 32 {
            return Err(DeliveryError::Key(document));
        }

        let mac = "MACMethod";
        let element = data.child(mac).ok_or(DeliveryError::Missing(mac))?;
        if element.attribute("Algorithm") != Some(HMAC_SHA512) {
            return Err(DeliveryError::Algorithm(mac));
        }
        // Written in three ways: SPEKE's example has cpix:Key around pskc:EncryptedValue, others leave the latter out, the schema has pskc:MACKey.
        let key = element.child("Key").or_else(|| element.pskc_child("MACKey"));
        let value = key.map(|key| key.pskc_child("EncryptedValue").unwrap_or(key));
        let mac_key = rsa_decrypt(value, private, mac)?;
        if !MAC_KEY.contains(&mac_key.len()) {
            return Err(DeliveryError::Key(mac));
        }
        Ok(Self { document: document_key, mac: mac_key })
    }

    /// The key in a `Secret`: its MAC first, and only then what is under it.
    pub(in crate::cpix) fn content_key(&self, secret: &Element, kid: Kid) -> Result<ContentKey, AnswerError> {
        if secret.pskc_child("PlainValue").is_some() {
            return Err(AnswerError::Plain(kid));
        }
        let value = secret.pskc_child("EncryptedValue").ok_or(AnswerError::NoKey(kid))?;
        let mut value = Zeroizing::new(cipher_value(value, AES_256_CBC, "ContentKey").map_err(AnswerError::Delivery)?);
        let tag = secret.pskc_child("ValueMAC").and_then(decoded).ok_or(AnswerError::Mac(kid))?;
        let mut mac = Hmac::<Sha512>::new_from_slice(&self.mac).map_err(|_| AnswerError::Mac(kid))?;
        mac.update(&value);
        // In constant time.
        mac.verify_slice(&tag).map_err(|_| AnswerError::Mac(kid))?;
        let form = || AnswerError::KeyForm(kid);
        let (iv, ciphertext) = value.split_first_chunk_mut::<16>().ok_or_else(form)?;
        let cipher = cbc::Decryptor::<Aes256>::new_from_slices(&self.document, iv).map_err(|_| form())?;
        let plain = cipher.decrypt_padded::<Pkcs7>(ciphertext).map_err(|_| form())?;
        let key = Zeroizing::new(<[u8; 16]>::try_from(plain).map_err(|_| form())?);
        Ok(ContentKey::new(*key))
    }
}

/// The bytes of an `EncryptedDataType` (XML Encryption) that is of `algorithm`.
fn cipher_value(element: &Element, algorithm: &str, part: &'static str) -> Result<Vec<u8>, DeliveryError> {
    let method = element.other_child(XMLENC, "EncryptionMethod").ok_or(DeliveryError::Algorithm(part))?;
    let digest = method.other_child(XMLDSIG, "DigestMethod").and_then(|digest| digest.attribute("Algorithm"));
    if method.attribute("Algorithm") != Some(algorithm) || digest.is_some_and(|digest| digest != SHA1) {
        return Err(DeliveryError::Algorithm(part));
    }
    let value = element.other_child(XMLENC, "CipherData").and_then(|data| data.other_child(XMLENC, "CipherValue"));
    value.and_then(decoded).ok_or(DeliveryError::Missing(part))
}

fn rsa_decrypt(
    value: Option<&Element>,
    private: &RsaPrivateKey,
    part: &'static str,
) -> Result<Zeroizing<Vec<u8>>, DeliveryError> {
    let value = cipher_value(value.ok_or(DeliveryError::Missing(part))?, RSA_OAEP, part)?;
    // Blinded: the time that it takes tells nothing of the private key's exponentiation. Whoever sends ciphertexts learns of no error before
    // the next request, which is a fresh one.
    let key = private.decrypt_blinded(&mut OsRng, Oaep::new::<sha1::Sha1>(), &value);
    key.map(Zeroizing::new).map_err(|_| DeliveryError::Key(part))
}
