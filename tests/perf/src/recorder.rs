use std::{cell::RefCell, rc::Rc};

use anyhow::Result;
use sluice_packager::{
    cipher::{CounterSample, FragmentCipher, Pattern, Span, SpanError},
    keys::ContentKey,
};

/// A cipher that does nothing but note what it was to do, so that a kernel can do just that alone.
#[derive(Clone, Default)]
pub(crate) struct Recorder(Rc<RefCell<Vec<Call>>>);

/// One call of a protector.
#[derive(Clone)]
pub(crate) struct Call {
    /// Bytes of the buffer.
    buffer: usize,
    spans: Vec<Span>,
    how: How,
}

#[derive(Clone)]
enum How {
    Counter(Vec<CounterSample>),
    Chains([u8; 16], Pattern),
}

impl Recorder {
    /// The calls so far.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.0.borrow().clone()
    }

    fn note(&self, buffer: &[u8], spans: &[Span], how: How) {
        self.0.borrow_mut().push(Call { buffer: buffer.len(), spans: spans.to_vec(), how });
    }
}

impl Call {
    /// Bytes of the buffer that it works in.
    pub(crate) fn buffer(&self) -> usize {
        self.buffer
    }

    /// Protected bytes.
    pub(crate) fn protected(&self) -> usize {
        self.spans.iter().map(|span| span.len).sum()
    }

    /// Does it, by a cipher that does something.
    pub(crate) fn repeat<C: FragmentCipher>(&self, cipher: &C, buffer: &mut [u8]) -> Result<()> {
        match &self.how {
            How::Counter(samples) => cipher.counter(buffer, &self.spans, samples)?,
            How::Chains(iv, pattern) => cipher.encrypt_chains(buffer, &self.spans, iv, *pattern)?,
        }
        Ok(())
    }
}

impl FragmentCipher for Recorder {
    fn new(_: &ContentKey) -> Self {
        Self::default()
    }

    fn counter(&self, buffer: &mut [u8], spans: &[Span], samples: &[CounterSample]) -> Result<(), SpanError> {
        self.note(buffer, spans, How::Counter(samples.to_vec()));
        Ok(())
    }

    fn encrypt_chains(
        &self,
        buffer: &mut [u8],
        spans: &[Span],
        iv: &[u8; 16],
        pattern: Pattern,
    ) -> Result<(), SpanError> {
        self.note(buffer, spans, How::Chains(*iv, pattern));
        Ok(())
    }
}
