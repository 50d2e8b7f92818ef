//! Segments that HLS encrypts whole, as a player decrypts them (RFC 8216, 5.2).

use aes::Aes128;
use anyhow::{Result, anyhow};
use bytes::Bytes;
use cbc::{
    Decryptor,
    cipher::{BlockModeDecrypt, KeyIvInit, block_padding::Pkcs7},
};

/// The clear segment. `number` is its media sequence number, which is its IV.
pub(super) fn decrypt(key: &[u8; 16], number: u32, segment: &[u8]) -> Result<Bytes> {
    let iv = u128::from(number).to_be_bytes();
    let mut bytes = segment.to_vec();
    let decryptor = Decryptor::<Aes128>::new(key.into(), &iv.into());
    let clear = decryptor.decrypt_padded::<Pkcs7>(&mut bytes);
    let clear = clear.map_err(|_| anyhow!("segment {number} has no padding: not AES-128-CBC under this key"))?;
    Ok(Bytes::copy_from_slice(clear))
}
