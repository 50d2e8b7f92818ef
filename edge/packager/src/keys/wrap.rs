//! Content keys wrapped for the way from the origin to the edge.
//!
//! Form: `key-encryption-key id (1 byte) | nonce (12) | AES-256-GCM ciphertext and tag (32)`, base64url without padding.
//! Associated data: `title 0x00 key-id(16) scheme`, so that a wrapped key opens for one title, one
//! key id and one scheme only.

use aes_gcm::{
    Aes256Gcm, KeyInit,
    aead::{Aead, Payload},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::{ContentKey, Kid};
use crate::title::Delivery;

/// A key-encryption key (AES-256) and the number by which a wrapped key names it.
///
/// Two may be valid at a time, for rotation.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct KeyEncryptionKey {
    id: u8,
    key: [u8; 32],
}

impl KeyEncryptionKey {
    /// Takes the key over.
    pub fn new(id: u8, key: [u8; 32]) -> Self {
        Self { id, key }
    }
}

/// Why a wrapped key does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnwrapError {
    /// Not base64url, or not the length of a wrapped key.
    #[error("the wrapped key is malformed")]
    Malformed,
    /// Wrapped under a key-encryption key that is not held here.
    #[error("the wrapped key names a key-encryption key that is not held here")]
    UnknownKek,
    /// Altered, or wrapped for another title, key id or scheme.
    #[error("the wrapped key does not belong to this title, key id and scheme")]
    Mismatch,
}

/// Wraps `key`. `nonce` must be fresh randomness for every call.
pub fn wrap(
    kek: &KeyEncryptionKey,
    nonce: [u8; 12],
    title: &str,
    kid: &Kid,
    scheme: Delivery,
    key: &ContentKey,
) -> String {
    let cipher = Aes256Gcm::new((&kek.key).into());
    let aad = associated_data(title, kid, scheme);
    let sealed = cipher
        .encrypt((&nonce).into(), Payload { msg: key.expose(), aad: &aad })
        .expect("16 bytes are far below AES-GCM's limit");
    let mut out = Vec::with_capacity(13 + sealed.len());
    out.push(kek.id);
    out.extend_from_slice(&nonce);
    out.extend_from_slice(&sealed);
    URL_SAFE_NO_PAD.encode(out)
}

/// Opens what [`wrap`] made, with whichever of `keks` it names.
///
/// # Errors
/// [`UnwrapError`], which never tells anything of the key.
pub fn unwrap(
    keks: &[KeyEncryptionKey],
    wrapped: &str,
    title: &str,
    kid: &Kid,
    scheme: Delivery,
) -> Result<ContentKey, UnwrapError> {
    let bytes = URL_SAFE_NO_PAD.decode(wrapped).map_err(|_| UnwrapError::Malformed)?;
    let (kek_id, rest) = bytes.split_first().ok_or(UnwrapError::Malformed)?;
    let (nonce, sealed) = rest.split_first_chunk::<12>().ok_or(UnwrapError::Malformed)?;
    if sealed.len() != 32 {
        return Err(UnwrapError::Malformed);
    }
    let kek = keks.iter().find(|kek| kek.id == *kek_id).ok_or(UnwrapError::UnknownKek)?;
    let aad = associated_data(title, kid, scheme);
    let opened = Aes256Gcm::new((&kek.key).into())
        .decrypt(nonce.into(), Payload { msg: sealed, aad: &aad })
        .map(Zeroizing::new)
        .map_err(|_| UnwrapError::Mismatch)?;
    let key: [u8; 16] = opened.as_slice().try_into().map_err(|_| UnwrapError::Malformed)?;
    Ok(ContentKey::new(key))
}

fn associated_data(title: &str, kid: &Kid, scheme: Delivery) -> Vec<u8> {
    [title.as_bytes(), &[0], &kid.0, scheme.as_str().as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrapped_key_opens_only_where_it_belongs() {
        let kid = Kid([7; 16]);
        let (old, new) = (KeyEncryptionKey::new(1, [1; 32]), KeyEncryptionKey::new(2, [2; 32]));
        let wrapped = wrap(&old, [9; 12], "final", &kid, Delivery::Cenc, &ContentKey::new([5; 16]));
        let keks = [new.clone(), old];
        let opened = unwrap(&keks, &wrapped, "final", &kid, Delivery::Cenc).expect("opens");
        assert_eq!(opened.expose(), &[5; 16]);
        let refused = |title, kid, scheme, keks: &[_]| unwrap(keks, &wrapped, title, kid, scheme).err();
        assert_eq!(refused("other", &kid, Delivery::Cenc, &keks), Some(UnwrapError::Mismatch));
        assert_eq!(refused("final", &Kid([8; 16]), Delivery::Cenc, &keks), Some(UnwrapError::Mismatch));
        assert_eq!(refused("final", &kid, Delivery::Cbcs, &keks), Some(UnwrapError::Mismatch));
        assert_eq!(refused("final", &kid, Delivery::Cenc, &[new]), Some(UnwrapError::UnknownKek));
        assert_eq!(unwrap(&keks, "AAAA", "final", &kid, Delivery::Cenc).err(), Some(UnwrapError::Malformed));
    }
}
