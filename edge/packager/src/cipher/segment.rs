use super::{Cipher, FragmentCipher, Pattern, Span, SpanError};
use crate::keys::ContentKey;

/// Whole-segment encryption of HLS (rfc8216bis, 5.2, `METHOD=AES-128`): AES-128-CBC with PKCS#7 padding over all of a segment, as its bytes come.
pub struct SegmentEncryptor {
    cipher: Cipher,
    /// The IV, then the last block that was encrypted.
    previous: [u8; BLOCK],
    /// Bytes that do not yet make a block.
    pending: Vec<u8>,
}

const BLOCK: usize = 16;

impl SegmentEncryptor {
    /// Begins the segment of that media sequence number, which is its IV where the playlist gives none (rfc8216bis, 4.4.4.4).
    pub fn new(key: &ContentKey, sequence_number: u32) -> Self {
        let previous = u128::from(sequence_number).to_be_bytes();
        Self { cipher: Cipher::new(key), previous, pending: Vec::with_capacity(BLOCK) }
    }

    /// Bytes of a segment once encrypted: padded to the next multiple of 16, by a whole block where it is one already.
    pub fn encrypted_len(clear: u64) -> u64 {
        (clear / BLOCK as u64 + 1) * BLOCK as u64
    }

    /// Takes the next bytes; returns what is ready, encrypted in place.
    ///
    /// # Errors
    /// [`SpanError`], which nothing causes: but nothing leaves of which it is not known that it is encrypted.
    pub fn push(&mut self, mut bytes: Vec<u8>) -> Result<Vec<u8>, SpanError> {
        if !self.pending.is_empty() {
            bytes.splice(..0, self.pending.drain(..));
        }
        self.pending.extend_from_slice(bytes.as_chunks::<BLOCK>().1);
        bytes.truncate(bytes.len() - self.pending.len());
        self.encrypt(&mut bytes)?;
        Ok(bytes)
    }

    /// Ends the segment: the last bytes and their padding.
    ///
    /// # Errors
    /// As [`SegmentEncryptor::push`].
    pub fn finish(mut self) -> Result<Vec<u8>, SpanError> {
        let mut last = core::mem::take(&mut self.pending);
        // 1 to 16.
        let padding = BLOCK - last.len();
        last.resize(BLOCK, padding as u8);
        self.encrypt(&mut last)?;
        Ok(last)
    }

    /// Whole blocks only.
    fn encrypt(&mut self, bytes: &mut [u8]) -> Result<(), SpanError> {
        let span = Span { start: 0, len: bytes.len() };
        self.cipher.encrypt_chains(bytes, &[span], &self.previous, Pattern::FULL)?;
        if let Some(last) = bytes.last_chunk() {
            self.previous = *last;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use aes::Aes128;
    use cbc::cipher::{BlockModeDecrypt, KeyIvInit, block_padding::Pkcs7};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_crates_own_decryptor_gives_the_segment_back(
            clear in proptest::collection::vec(any::<u8>(), 0..200), cuts in proptest::collection::vec(0usize..50, 0..8), number: u32,
        ) {
            let key = [7; 16];
            let mut encryptor = SegmentEncryptor::new(&ContentKey::new(key), number);
            let (mut out, mut rest) = (Vec::new(), &clear[..]);
            for cut in cuts {
                let (now, later) = rest.split_at(cut.min(rest.len()));
                out.extend(encryptor.push(now.to_vec())?);
                rest = later;
            }
            out.extend(encryptor.push(rest.to_vec())?);
            out.extend(encryptor.finish()?);
            prop_assert_eq!(out.len() as u64, SegmentEncryptor::encrypted_len(clear.len() as u64));
            let iv = u128::from(number).to_be_bytes();
            let decryptor = cbc::Decryptor::<Aes128>::new(&key.into(), &iv.into());
            prop_assert_eq!(decryptor.decrypt_padded::<Pkcs7>(&mut out).expect("padded"), clear);
        }
    }
}
