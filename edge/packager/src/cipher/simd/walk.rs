use crate::cipher::{Pattern, Span, SpanError};

/// Goes from block to block of those that a pattern takes of a span.
#[derive(Clone, Copy, Default)]
pub(super) struct Walk {
    at: usize,
    /// Where the block before the next one is.
    previous: Option<usize>,
    /// Blocks until the next skip.
    run: usize,
    crypt: usize,
    /// Bytes.
    skip: usize,
}

impl Walk {
    /// The next block.
    ///
    /// # Errors
    /// [`SpanError`] past the buffer's end.
    #[inline(always)]
    pub(super) fn block<'b>(&self, buffer: &'b mut [u8]) -> Result<&'b mut [u8; 16], SpanError> {
        buffer.get_mut(self.at..).and_then(<[u8]>::first_chunk_mut).ok_or(SpanError)
    }

    #[inline(always)]
    pub(super) fn advance(&mut self) {
        self.previous = Some(self.at);
        self.at += 16;
        self.run -= 1;
        if self.run == 0 {
            self.at += self.skip;
            self.run = self.crypt;
        }
    }

    /// The block before the next one, which is the last that was encrypted; `None` at the beginning.
    pub(super) fn previous<'b>(&self, buffer: &'b [u8]) -> Option<&'b [u8; 16]> {
        buffer.get(self.previous?..)?.first_chunk()
    }
}

/// A span's chain, or what is left of it.
#[derive(Clone, Copy, Default)]
pub(super) struct Chain {
    pub(super) walk: Walk,
    /// Blocks to encrypt.
    pub(super) blocks: usize,
}

impl Chain {
    /// # Errors
    /// [`SpanError`] where the span is not within `len` bytes.
    pub(super) fn new(span: Span, pattern: Pattern, len: usize) -> Result<Self, SpanError> {
        span.start.checked_add(span.len).filter(|end| *end <= len).ok_or(SpanError)?;
        let whole = span.len / 16;
        let (crypt, skip) = (usize::from(pattern.crypt), usize::from(pattern.skip));
        let (blocks, crypt) = match (crypt, skip) {
            (0, _) | (_, 0) => (whole, usize::MAX),
            _ => (whole / (crypt + skip) * crypt + crypt.min(whole % (crypt + skip)), crypt),
        };
        Ok(Self { walk: Walk { at: span.start, previous: None, run: crypt, crypt, skip: 16 * skip }, blocks })
    }
}
