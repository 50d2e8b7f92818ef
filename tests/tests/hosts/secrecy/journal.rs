use std::{
    io,
    sync::{
        Mutex, Once, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

static LINES: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static READERS: AtomicUsize = AtomicUsize::new(0);

/// Everything that origins and key servers of this process log from now on, down to the last detail.
pub(super) struct Journal;

pub(super) fn begin() -> Journal {
    static INSTALL: Once = Once::new();
    INSTALL.call_once(|| {
        let filter = EnvFilter::new("trace");
        tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(Sink).init();
    });
    READERS.fetch_add(1, Ordering::SeqCst);
    Journal
}

impl Journal {
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&LINES.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        if READERS.fetch_sub(1, Ordering::SeqCst) == 1 {
            LINES.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
    }
}

/// Keeps lines while somebody means to read them.
struct Sink;

impl<'a> MakeWriter<'a> for Sink {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        Self
    }
}

impl io::Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if READERS.load(Ordering::SeqCst) > 0 {
            LINES.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
