//! Carrying out the encryption, in place, for all of a fragment's protected ranges at once.
//!
//! A [`FragmentCipher`] gets one buffer and all that is to happen in it, so that a kernel can run many samples' counters or many
//! subsamples' chains side by side. [`Portable`] does it with the `aes`, `ctr` and `cbc` crates, and is what other kernels are checked
//! against. Nothing here knows of boxes or codecs.

mod portable;
mod segment;
#[cfg(any(target_feature = "simd128", test))]
mod simd;
#[cfg(test)]
mod tests;

pub use portable::Portable;
pub use segment::SegmentEncryptor;
#[cfg(target_feature = "simd128")]
pub use simd::Simd;

use core::ops::Range;

use crate::keys::ContentKey;

/// A range of bytes in the buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// Bytes.
    pub len: usize,
}

/// One sample in counter mode: its keystream runs on across its spans.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CounterSample {
    /// The first counter block: IV, then a 64-bit big-endian block counter, which alone counts on.
    pub counter: [u8; 16],
    /// Which of the spans are the sample's, as indices.
    pub spans: Range<usize>,
}

/// How many blocks of 16 bytes are encrypted, then skipped, over and over (ISO/IEC 23001-7, 9.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// `crypt_byte_block`
    pub crypt: u8,
    /// `skip_byte_block`
    pub skip: u8,
}

impl Pattern {
    /// Every full block.
    pub const FULL: Self = Self { crypt: 0, skip: 0 };
    /// What `cbcs` has for video.
    pub const ONE_OF_TEN: Self = Self { crypt: 1, skip: 9 };
}

/// A span, or a sample's range of spans, that is not within what was handed over. The buffer may be changed in part: discard it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a protected range lies outside of the fragment")]
pub struct SpanError;

/// AES-128 under one content key.
///
/// Spans do not overlap. What is done does not depend on their order in memory.
pub trait FragmentCipher: Sized {
    /// Expands the key.
    fn new(key: &ContentKey) -> Self;

    /// AES-CTR: encrypts, and decrypts, every sample's spans.
    ///
    /// # Errors
    /// [`SpanError`]
    fn counter(&self, buffer: &mut [u8], spans: &[Span], samples: &[CounterSample]) -> Result<(), SpanError>;

    /// AES-CBC with `pattern`: every span is a chain of its own from `iv`, which goes on through skipped blocks. A last
    /// partial block stays as it is.
    ///
    /// # Errors
    /// [`SpanError`]
    fn encrypt_chains(
        &self,
        buffer: &mut [u8],
        spans: &[Span],
        iv: &[u8; 16],
        pattern: Pattern,
    ) -> Result<(), SpanError>;
}

/// The cipher of this target: chosen when it is compiled. What has AES instructions has them in the crates.
#[cfg(target_feature = "simd128")]
pub type Cipher = Simd;
/// The cipher of this target: chosen when it is compiled. What has AES instructions has them in the crates.
#[cfg(not(target_feature = "simd128"))]
pub type Cipher = Portable;

fn slice(buffer: &mut [u8], span: Span) -> Result<&mut [u8], SpanError> {
    let end = span.start.checked_add(span.len).ok_or(SpanError)?;
    buffer.get_mut(span.start..end).ok_or(SpanError)
}
