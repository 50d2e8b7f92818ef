//! AES-128 for machines that have vectors and no AES instruction, which is what WASM is.
//!
//! Three kernels, each with its layout and the argument why it is of constant time in its file: [`counter`] does 32 blocks of counter mode at
//! once, [`eight`] eight blocks of anything (eight CBC chains side by side, [`chains`]), [`permute`] one block for a chain that is
//! alone. [`keystream`] and [`chains`] share the work out among them.

mod chains;
mod counter;
mod eight;
mod field;
mod key_schedule;
mod keystream;
mod layout;
mod permute;
mod sbox;
mod tables;
mod vector;
mod walk;

use core::cell::OnceCell;

use counter::CounterMode;
use eight::EightBlocks;
use key_schedule::RoundKeys;
use keystream::Keystream;
use permute::Permuted;
use walk::Chain;

use super::{CounterSample, FragmentCipher, Pattern, Span, SpanError, slice};
use crate::keys::ContentKey;

/// The kernels under one key. Each has the round keys in a form of its own, which is made when it is first needed.
pub struct Simd {
    keys: RoundKeys,
    counter: OnceCell<Box<CounterMode>>,
    eight: OnceCell<Box<EightBlocks>>,
    permuted: OnceCell<Permuted>,
}

impl Simd {
    fn counter_mode(&self) -> &CounterMode {
        self.counter.get_or_init(|| Box::new(CounterMode::new(&self.keys)))
    }

    fn eight_blocks(&self) -> &EightBlocks {
        self.eight.get_or_init(|| Box::new(EightBlocks::new(&self.keys)))
    }

    fn permuted(&self) -> &Permuted {
        self.permuted.get_or_init(|| Permuted::new(&self.keys))
    }
}

impl FragmentCipher for Simd {
    fn new(key: &ContentKey) -> Self {
        Self { keys: RoundKeys::new(key), counter: OnceCell::new(), eight: OnceCell::new(), permuted: OnceCell::new() }
    }

    fn counter(&self, buffer: &mut [u8], spans: &[Span], samples: &[CounterSample]) -> Result<(), SpanError> {
        let (counter, eight) = (self.counter_mode(), self.eight_blocks());
        for sample in samples {
            let spans = spans.get(sample.spans.clone()).ok_or(SpanError)?;
            let len = spans.iter().fold(0usize, |len, span| len.saturating_add(span.len));
            let mut keystream = Keystream::new(counter, eight, &sample.counter, len);
            for span in spans {
                keystream.apply(slice(buffer, *span)?);
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
        let chain = |span: &Span| Chain::new(*span, pattern, buffer.len());
        let chains = spans.iter().map(chain).collect::<Result<_, _>>()?;
        chains::encrypt(self.eight_blocks(), self.permuted(), buffer, chains, iv)
    }
}

impl Drop for Simd {
    fn drop(&mut self) {
        if let Some(counter) = self.counter.get_mut() {
            counter.clear();
        }
        if let Some(eight) = self.eight.get_mut() {
            eight.clear();
        }
        if let Some(permuted) = self.permuted.get_mut() {
            permuted.clear();
        }
    }
}
