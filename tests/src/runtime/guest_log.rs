use std::{
    io,
    mem::take,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};

/// Lines kept, so that a long demonstration does not fill the memory. The oldest go first.
const KEPT: usize = 100_000;

/// What guests print on stdout and stderr (the decision log goes there), line by line.
#[derive(Clone, Debug, Default)]
pub struct GuestLog {
    lines: Arc<Mutex<Vec<String>>>,
    echo: bool,
}

impl GuestLog {
    /// A log; with `echo`, lines appear on our stderr as well.
    pub fn new(echo: bool) -> Self {
        Self { lines: Arc::default(), echo }
    }

    /// Every line so far, oldest first.
    pub fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Forgets the lines so far and returns them.
    pub fn drain(&self) -> Vec<String> {
        take(&mut *self.lines.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A stream for one guest's stdout or stderr. Its lines enter the log whole, never mixed with another guest's.
    pub(super) fn stream(&self) -> GuestStream {
        GuestStream { pending: Arc::new(Mutex::new(Pending { bytes: Vec::new(), log: self.clone() })) }
    }

    pub(super) fn push(&self, bytes: &[u8]) {
        let line = String::from_utf8_lossy(bytes).trim_end_matches('\r').to_owned();
        if self.echo {
            eprintln!("edge: {line}");
        }
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() >= KEPT {
            lines.drain(..KEPT / 2);
        }
        lines.push(line);
    }
}

/// One guest's stdout or stderr.
#[derive(Clone)]
pub(super) struct GuestStream {
    pending: Arc<Mutex<Pending>>,
}

/// The line being printed. What is there at the end, without a line feed, is a line too.
struct Pending {
    bytes: Vec<u8>,
    log: GuestLog,
}

impl Pending {
    fn write(&mut self, mut bytes: &[u8]) {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            self.bytes.extend_from_slice(&bytes[..end]);
            self.log.push(&take(&mut self.bytes));
            bytes = &bytes[end + 1..];
        }
        self.bytes.extend_from_slice(bytes);
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if !self.bytes.is_empty() {
            self.log.push(&take(&mut self.bytes));
        }
    }
}

impl IsTerminal for GuestStream {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for GuestStream {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn wasmtime_wasi::p2::OutputStream> {
        Box::new(self.clone())
    }
}

impl AsyncWrite for GuestStream {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner).write(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

// Written in place, not by wasmtime's adapter from `AsyncWrite`: that one writes from a task of its own, so that lines could
// enter the log after the response that they tell of, or never.
#[wasmtime_wasi::async_trait]
impl wasmtime_wasi::p2::Pollable for GuestStream {
    async fn ready(&mut self) {}
}

impl wasmtime_wasi::p2::OutputStream for GuestStream {
    fn write(&mut self, bytes: bytes::Bytes) -> wasmtime_wasi::p2::StreamResult<()> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner).write(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> wasmtime_wasi::p2::StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> wasmtime_wasi::p2::StreamResult<usize> {
        Ok(64 * 1024)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_enter_whole_and_the_last_needs_no_line_feed() {
        let log = GuestLog::new(false);
        let (one, two) = (log.stream(), log.stream());
        let write = |stream: &GuestStream, text: &str| {
            stream.pending.lock().expect("not poisoned").write(text.as_bytes());
        };
        write(&one, "a");
        write(&two, "b\nc");
        write(&one, "1\n\nrest");
        assert_eq!(log.lines(), ["b", "a1", ""]);
        drop(one);
        assert_eq!(log.drain(), ["b", "a1", "", "rest"]);
        drop(two);
        assert_eq!(log.lines(), ["c"]);
    }
}
