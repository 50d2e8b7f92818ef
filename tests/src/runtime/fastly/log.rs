use std::io::{self, Write};

use super::Failures;
use crate::runtime::GuestLog;

/// The name of the decision log's endpoint (`edge/fastly/src/names.rs`).
const DECISIONS: &str = "sluice_decisions";

/// Takes what guests write. Viceroy hands over whole entries, each as `ENDPOINT :: TEXT`.
pub(super) struct Capture {
    log: GuestLog,
    failures: Failures,
}

impl Capture {
    pub(super) fn new(log: GuestLog, failures: Failures) -> Self {
        Self { log, failures }
    }
}

impl Write for Capture {
    fn write(&mut self, entry: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(entry);
        let text = text.trim_end();
        match text.split_once(" :: ") {
            Some((DECISIONS, line)) => self.log.push(line.as_bytes()),
            Some((_, "")) => {}
            // Only a panicking guest writes to stderr; to another endpoint, none does.
            _ => self.failures.record(text.to_owned()),
        }
        Ok(entry.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decisions_are_logged_and_a_panic_is_a_failure() {
        let (log, failures) = (GuestLog::new(false), Failures::default());
        let mut capture = Capture::new(log.clone(), failures.clone());
        capture.write_all(b"sluice_decisions :: {\"decision\":\"mint\"}\n").expect("taken");
        capture.write_all(b"stderr :: thread 'main' panicked at a.rs:1:1\n").expect("taken");
        assert_eq!(log.lines(), ["{\"decision\":\"mint\"}"]);
        assert_eq!(*failures.0.lock().expect("not poisoned"), ["stderr :: thread 'main' panicked at a.rs:1:1"]);
    }
}
