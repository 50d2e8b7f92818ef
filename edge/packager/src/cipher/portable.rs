use aes::{
    Aes128,
    cipher::{Array, BlockModeDecrypt, BlockModeEncrypt, InnerIvInit, KeyInit, StreamCipher, consts::U16},
};

use super::{CounterSample, FragmentCipher, Pattern, Span, SpanError, slice};
use crate::keys::ContentKey;

/// The `aes`, `ctr` and `cbc` crates.
pub struct Portable {
    aes: Aes128,
}

type Block = Array<u8, U16>;

impl Portable {
    /// The reverse of [`FragmentCipher::encrypt_chains`].
    ///
    /// # Errors
    /// [`SpanError`]
    pub fn decrypt_chains(
        &self,
        buffer: &mut [u8],
        spans: &[Span],
        iv: &[u8; 16],
        pattern: Pattern,
    ) -> Result<(), SpanError> {
        let start = || cbc::Decryptor::inner_iv_init(&self.aes, iv.into());
        Self::chains(buffer, spans, pattern, start, |chain: &mut cbc::Decryptor<&Aes128>, run| {
            chain.decrypt_blocks(run)
        })
    }

    /// Starts a chain for each span and has it take `step` over the blocks that the pattern takes, in runs as long as the pattern's.
    fn chains<C>(
        buffer: &mut [u8],
        spans: &[Span],
        pattern: Pattern,
        start: impl Fn() -> C,
        step: impl Fn(&mut C, &mut [Block]),
    ) -> Result<(), SpanError> {
        for span in spans {
            let mut chain = start();
            let bytes = slice(buffer, *span)?;
            let blocks = Block::cast_slice_from_core_mut(bytes.as_chunks_mut::<16>().0);
            if pattern.crypt == 0 || pattern.skip == 0 {
                step(&mut chain, blocks);
                continue;
            }
            for group in blocks.chunks_mut(usize::from(pattern.crypt) + usize::from(pattern.skip)) {
                let crypt = usize::from(pattern.crypt).min(group.len());
                if let Some(run) = group.get_mut(..crypt) {
                    step(&mut chain, run);
                }
            }
        }
        Ok(())
    }
}

impl FragmentCipher for Portable {
    fn new(key: &ContentKey) -> Self {
        Self { aes: Aes128::new(key.expose().into()) }
    }

    fn counter(&self, buffer: &mut [u8], spans: &[Span], samples: &[CounterSample]) -> Result<(), SpanError> {
        for sample in samples {
            let mut stream = ctr::Ctr64BE::from_core(ctr::CtrCore::inner_iv_init(&self.aes, (&sample.counter).into()));
            for span in spans.get(sample.spans.clone()).ok_or(SpanError)? {
                stream.apply_keystream(slice(buffer, *span)?);
            }
        }
        Ok(())
    }

    fn encrypt_chains(
        &self,
        buffer: &mut [u8],
        spans: &[Span],
        iv: &[u8; 16],
        pattern: Pattern,
    ) -> Result<(), SpanError> {
        let start = || cbc::Encryptor::inner_iv_init(&self.aes, iv.into());
        Self::chains(buffer, spans, pattern, start, |chain: &mut cbc::Encryptor<&Aes128>, run| {
            chain.encrypt_blocks(run)
        })
    }
}
