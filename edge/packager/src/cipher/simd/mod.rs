//! AES-128 for machines that have vectors and no AES instruction, which is what WASM is.
//!
//! Three kernels, each with its layout and the argument why it is of constant time in its file: [`rows`] does 32 blocks at once,
//! [`eight`] eight, [`permute`] one. [`counter`] and [`keystream`] make counter mode of them, [`chains`] CBC chains side by side.

mod chains;
mod counter;
mod eight;
mod field;
mod key_schedule;
mod keystream;
mod layout;
mod permute;
mod planes;
mod rows;
mod sbox;
mod tables;
#[cfg(test)]
mod tests;
mod vector;
mod walk;
mod window;

use core::cell::OnceCell;

use counter::{CounterMode, Differences};
use eight::EightBlocks;
use key_schedule::RoundKeys;
use keystream::Keystream;
use permute::Permuted;
use rows::Rows;

use super::{CounterSample, FragmentCipher, Pattern, Span, SpanError, slice};
use crate::keys::ContentKey;

/// The kernels under one key. Each has the round keys in a form of its own, which is made when it is first needed,
/// and wiped with it.
#[cfg_attr(not(target_feature = "simd128"), expect(unreachable_pub, reason = "elsewhere only tests use it"))]
pub struct Simd {
    keys: RoundKeys,
    rows: OnceCell<Box<Rows>>,
    differences: OnceCell<Box<Differences>>,
    eight: OnceCell<Box<EightBlocks>>,
    permuted: OnceCell<Permuted>,
}

impl Simd {
    fn rows(&self) -> &Rows {
        self.rows.get_or_init(|| Box::new(Rows::new(&self.keys)))
    }

    fn counter_mode(&self) -> CounterMode<'_> {
        let rows = self.rows();
        CounterMode { rows, differences: self.differences.get_or_init(|| Box::new(Differences::new(rows))) }
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
        Self {
            keys: RoundKeys::new(key),
            rows: OnceCell::new(),
            differences: OnceCell::new(),
            eight: OnceCell::new(),
            permuted: OnceCell::new(),
        }
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
        chains::encrypt(self, buffer, spans, iv, pattern)
    }
}
