use aes::{
    Aes128,
    cipher::{Block, BlockModeEncrypt, KeyIvInit},
};

use crate::keys::ContentKey;

/// Whole-segment encryption of HLS (rfc8216bis, 5.2, `METHOD=AES-128`): AES-128-CBC with PKCS#7 padding over all of a segment, as its bytes come.
pub struct SegmentEncryptor {
    chain: cbc::Encryptor<Aes128>,
    /// Bytes that do not yet make a block.
    pending: Vec<u8>,
}

const BLOCK: usize = 16;

impl SegmentEncryptor {
    /// Begins the segment of that media sequence number, which is its IV where the playlist gives none (rfc8216bis, 4.4.4.4).
    pub fn new(key: &ContentKey, sequence_number: u32) -> Self {
        let iv = u128::from(sequence_number).to_be_bytes();
        let chain = cbc::Encryptor::<Aes128>::new(key.expose().into(), &iv.into());
        Self { chain, pending: Vec::with_capacity(BLOCK) }
    }

    /// Bytes of a segment once encrypted: padded to the next multiple of 16, by a whole block where it is one already.
    pub fn encrypted_len(clear: u64) -> u64 {
        (clear / BLOCK as u64 + 1) * BLOCK as u64
    }

    /// Takes the next bytes; appends what is ready to `out`.
    pub fn push(&mut self, mut bytes: &[u8], out: &mut Vec<u8>) {
        if !self.pending.is_empty() {
            let missing = (BLOCK - self.pending.len()).min(bytes.len());
            let (first, rest) = bytes.split_at(missing);
            self.pending.extend_from_slice(first);
            bytes = rest;
            if self.pending.len() < BLOCK {
                return;
            }
            let block = core::mem::take(&mut self.pending);
            self.encrypt(&block, out);
        }
        let whole = bytes.len() / BLOCK * BLOCK;
        let (blocks, rest) = bytes.split_at(whole);
        self.encrypt(blocks, out);
        self.pending.extend_from_slice(rest);
    }

    /// Ends the segment: the last bytes and their padding.
    pub fn finish(mut self, out: &mut Vec<u8>) {
        let mut last = core::mem::take(&mut self.pending);
        // 1 to 16.
        let padding = BLOCK - last.len();
        last.resize(BLOCK, padding as u8);
        self.encrypt(&last, out);
    }

    /// Whole blocks only.
    fn encrypt(&mut self, clear: &[u8], out: &mut Vec<u8>) {
        let at = out.len();
        out.extend_from_slice(clear);
        let (blocks, _) = Block::<cbc::Encryptor<Aes128>>::slice_as_chunks_mut(out.get_mut(at..).unwrap_or_default());
        self.chain.encrypt_blocks(blocks);
    }
}

#[cfg(test)]
mod tests {
    use cbc::cipher::{BlockModeDecrypt, block_padding::Pkcs7};
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
                encryptor.push(now, &mut out);
                rest = later;
            }
            encryptor.push(rest, &mut out);
            encryptor.finish(&mut out);
            prop_assert_eq!(out.len() as u64, SegmentEncryptor::encrypted_len(clear.len() as u64));
            let iv = u128::from(number).to_be_bytes();
            let decryptor = cbc::Decryptor::<Aes128>::new(&key.into(), &iv.into());
            prop_assert_eq!(decryptor.decrypt_padded::<Pkcs7>(&mut out).expect("padded"), clear);
        }
    }
}
