use crate::cipher::{Pattern, Span, SpanError};

/// How a pattern goes on from block to block of those that it takes.
#[derive(Clone, Copy)]
pub(super) struct Stride {
    /// Blocks one behind the other.
    crypt: usize,
    /// Bytes between such.
    skip: usize,
}

impl Stride {
    pub(super) fn new(pattern: Pattern) -> Self {
        match (usize::from(pattern.crypt), usize::from(pattern.skip)) {
            (0, _) | (_, 0) => Self { crypt: usize::MAX, skip: 0 },
            (crypt, skip) => Self { crypt, skip: 16 * skip },
        }
    }
}

/// A span's chain, or what is left of it.
#[derive(Clone, Copy, Default)]
pub(super) struct Chain {
    /// Where its next block is.
    at: usize,
    /// Blocks until the next skip.
    run: usize,
    /// Blocks to encrypt.
    pub(super) blocks: usize,
    /// Whether a block of it is encrypted.
    pub(super) begun: bool,
}

impl Chain {
    /// # Errors
    /// [`SpanError`] where the span is not within `len` bytes.
    pub(super) fn new(span: Span, stride: &Stride, len: usize) -> Result<Self, SpanError> {
        span.start.checked_add(span.len).filter(|end| *end <= len).ok_or(SpanError)?;
        let (whole, period) = (span.len / 16, stride.crypt.saturating_add(stride.skip / 16));
        let blocks = whole / period * stride.crypt + stride.crypt.min(whole % period);
        Ok(Self { at: span.start, run: stride.crypt, blocks, begun: false })
    }

    /// The next block.
    ///
    /// # Errors
    /// [`SpanError`] past the buffer's end.
    #[inline(always)]
    pub(super) fn block<'b>(&self, buffer: &'b mut [u8]) -> Result<&'b mut [u8; 16], SpanError> {
        buffer.get_mut(self.at..).and_then(<[u8]>::first_chunk_mut).ok_or(SpanError)
    }

    #[inline(always)]
    pub(super) fn advance(&mut self, stride: &Stride) {
        self.at += 16;
        self.run -= 1;
        if self.run == 0 {
            self.at += stride.skip;
            self.run = stride.crypt;
        }
    }

    /// The block before the next one, which is the last that was encrypted; `None` at the beginning.
    pub(super) fn previous<'b>(&self, buffer: &'b [u8], stride: &Stride) -> Option<&'b [u8; 16]> {
        let skipped = if self.run == stride.crypt { stride.skip } else { 0 };
        let at = self.at.checked_sub(16 + skipped).filter(|_| self.begun)?;
        buffer.get(at..)?.first_chunk()
    }
}
