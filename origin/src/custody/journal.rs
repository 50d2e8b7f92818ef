use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::Path,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use serde::Serialize;
use sluice_gate::{
    SessionId, Unix,
    log::{chained_under, open_under},
    session::Chain,
};

use super::{AuditKeys, entry::Entry};
use crate::{
    config::{AuditConfig, AuditLog, SecretError},
    keys::Event,
    metrics::{Family, Kind},
};

/// The longest last line of a file that a chain goes on from, bytes.
const LONGEST: u64 = 64 * 1024;

/// The chain's writer. Lines are written one after the other, each as soon as it is made.
pub struct Journal {
    keys: AuditKeys,
    log: AuditLog,
    provider: String,
    clock: fn() -> Unix,
    writer: Mutex<Writer>,
    written: AtomicU64,
    lost: AtomicU64,
}

/// Where the chain is.
struct Writer {
    id: SessionId,
    chain: Option<Chain>,
}

impl Journal {
    /// Begins, or goes on where a file's last line left the chain; `None` where the configuration has lines written nowhere. `provider`: who has
    /// the keys, in a word. `clock`: unix seconds.
    ///
    /// # Errors
    /// [`SecretError`] where the audit key cannot be had.
    pub fn open(config: &AuditConfig, provider: &str, clock: fn() -> Unix) -> Result<Option<Self>, SecretError> {
        let keys = AuditKeys::new(config);
        let all = keys.all()?;
        let Some(log) = config.log.clone() else { return Ok(None) };
        let last = match &log {
            AuditLog::File(path) => last_line(path).ok().flatten(),
            AuditLog::Stdout => None,
        };
        let last = last.and_then(|text| open_under(all.iter().map(|key| &**key), &text).ok());
        let writer = match last.and_then(|line| Some((line.session?, line.n?, line.mac))) {
            Some((id, lines, mac)) => Writer { id, chain: Some(Chain { head: mac.to_string(), lines }) },
            None => Writer { id: SessionId(random()), chain: None },
        };
        let journal = Self {
            keys,
            log,
            provider: provider.to_owned(),
            clock,
            writer: Mutex::new(writer),
            written: AtomicU64::new(0),
            lost: AtomicU64::new(0),
        };
        journal.plain("begin");
        Ok(Some(journal))
    }

    /// Writes what happened.
    pub fn take(&self, event: &Event<'_>) {
        self.write(|id| Entry::of_event((self.clock)(), id, &self.provider, event));
    }

    /// Its metrics.
    pub(crate) fn expose(&self, out: &mut String) {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Family::new("custody_lines_total", Kind::Counter, "Lines of the chain of custody.")
            .write(out, &[("outcome=\"written\"", of(&self.written)), ("outcome=\"lost\"", of(&self.lost))]);
    }

    fn plain(&self, decision: &'static str) {
        self.write(|id| Entry::plain((self.clock)(), decision, id, &self.provider));
    }

    fn write<'a>(&self, entry: impl FnOnce(SessionId) -> Entry<'a>) {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = entry(writer.id);
        let counter = match self.line(&entry, &mut writer.chain) {
            Ok(()) => &self.written,
            Err(reason) => {
                tracing::error!(reason, "a line of the chain of custody is lost");
                &self.lost
            }
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// The chain moves on before the line is written: one that is lost leaves a gap.
    fn line(&self, entry: &impl Serialize, chain: &mut Option<Chain>) -> Result<(), String> {
        let key = self.keys.current().map_err(|error| error.to_string())?;
        let mut line = chained_under(&key, random(), entry, chain);
        line.push('\n');
        match &self.log {
            AuditLog::Stdout => io::stdout().lock().write_all(line.as_bytes()).map_err(|error| error.to_string()),
            // Opened for each line: who rotates logs moves the file away, and needs to tell nobody.
            AuditLog::File(path) => append(path)
                .and_then(|mut file| file.write_all(line.as_bytes()))
                .map_err(|error| format!("{}: {error}", path.display())),
        }
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.plain("end");
    }
}

fn append(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o640);
    options.open(path)
}

/// The last line of a file, if it is whole.
fn last_line(path: &Path) -> io::Result<Option<String>> {
    let mut file = File::open(path)?;
    let from = file.metadata()?.len().saturating_sub(LONGEST);
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take(LONGEST).read_to_end(&mut bytes)?;
    let line = bytes.strip_suffix(b"\n").and_then(|bytes| bytes.rsplit(|byte| *byte == b'\n').next());
    Ok(line.and_then(|line| String::from_utf8(line.to_vec()).ok()))
}

/// Random bytes, where they only tell things apart.
fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    // Without randomness a chain's lines still differ by their numbers.
    let _ = getrandom::fill(&mut bytes);
    bytes
}

#[cfg(test)]
mod tests {
    use std::{path::PathBuf, time::Duration};

    use sluice_gate::log::audit::{Allowed, Audit, Report};
    use sluice_packager::{keys::Kid, title::Delivery};

    use super::*;
    use crate::config::SecretRef;

    const KEY: &str = "42424242424242424242424242424242424242424242424242424242424242ff";

    fn config(log: PathBuf) -> AuditConfig {
        AuditConfig { key: SecretRef::value(KEY), previous_key: None, log: Some(AuditLog::File(log)) }
    }

    fn open(config: &AuditConfig) -> Journal {
        Journal::open(config, "drm.example", || 1_900_000_000).expect("a key").expect("a log")
    }

    fn events(journal: &Journal) {
        let (title, delivery, kids) = ("film", Delivery::Cbcs, &[Kid([1; 16]), Kid([2; 16])][..]);
        let took = Duration::from_millis(17);
        journal.take(&Event::Exchange { title, delivery, kids, failure: None, held: false, took });
        journal.take(&Event::Wrapped { title, delivery, kids, keks: &[3, 2], edge: "192.0.2.1" });
        journal.take(&Event::Exchange { title, delivery, kids, failure: Some("it \"timed\" out"), held: true, took });
        journal.take(&Event::Kek { number: 4 });
        journal.take(&Event::Changed { title, delivery, kids });
        journal.take(&Event::Refused { title, delivery, kids, edge: "192.0.2.1", reason: "none are held" });
    }

    fn audit(text: &str) -> Report {
        let key: [u8; 32] = hex(KEY);
        let mut audit = Audit::new(Allowed::default());
        for (number, line) in (1..).zip(text.lines()) {
            match open_under([&key].into_iter(), line) {
                Ok(line) => {
                    audit.take(number, &line);
                }
                Err(error) => audit.refuse(number, error),
            }
        }
        audit.finish()
    }

    fn hex(text: &str) -> [u8; 32] {
        crate::hex::decode(text).expect("hex").try_into().expect("32 bytes")
    }

    #[test]
    fn lines_are_one_chain_over_restarts_and_moves_of_the_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, moved) = (folder.path().join("custody.log"), folder.path().join("custody.log.1"));
        let config = config(path.clone());
        events(&open(&config));
        let journal = open(&config);
        events(&journal);
        std::fs::rename(&path, &moved).expect("movable");
        events(&journal);
        drop(journal);
        let text = [moved, path].map(|path| std::fs::read_to_string(path).expect("a log")).concat();
        let report = audit(&text);
        assert_eq!((report.lines, report.sessions, report.complete), (22, 1, 1), "{report:?}\n{text}");
        for said in [
            r#"{"v":1,"t":1900000000,"decision":"begin","session":""#,
            r#""decision":"key_exchange","session":""#,
            r#""title":"film","delivery":"cbcs","kids":["01010101010101010101010101010101","02020202020202020202020202020202"],"provider":"drm.example","ms":17,"#,
            r#""keks":[3,2],"edge":"192.0.2.1","#,
            r#""detail":"it \"timed\" out""#,
        ] {
            assert!(text.contains(said), "{said}\n{text}");
        }
    }

    #[test]
    fn what_is_done_to_the_log_shows() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("custody.log");
        events(&open(&config(path.clone())));
        let text = std::fs::read_to_string(&path).expect("a log");
        let names = |lines: &[&str]| -> Vec<_> {
            audit(&lines.join("\n")).findings.iter().map(|finding| finding.cause.name()).collect()
        };
        let lines: Vec<_> = text.lines().collect();
        assert!(names(&lines).is_empty());
        for at in 1..lines.len() - 1 {
            let mut less = lines.clone();
            less.remove(at);
            assert_eq!(names(&less), ["gap"], "{at}");
            let mut swapped = lines.clone();
            swapped.swap(at, at + 1);
            assert!(names(&swapped).iter().all(|name| *name == "reordered") && !names(&swapped).is_empty(), "{at}");
        }
        let forged = text.replace("\"edge\":\"192.0.2.1\",\"detail\"", "\"edge\":\"192.0.2.2\",\"detail\"");
        assert_ne!(forged, text);
        assert_eq!(audit(&forged).findings[0].cause.name(), "forged");
    }

    #[test]
    fn a_lost_line_is_counted_and_leaves_a_gap() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("logs/custody.log");
        std::fs::create_dir(folder.path().join("logs")).expect("a folder");
        let journal = open(&config(path.clone()));
        std::fs::rename(folder.path().join("logs"), folder.path().join("away")).expect("movable");
        events(&journal);
        std::fs::rename(folder.path().join("away"), folder.path().join("logs")).expect("movable");
        events(&journal);
        let mut metrics = String::new();
        journal.expose(&mut metrics);
        assert!(
            metrics.contains("{outcome=\"lost\"} 6\n") && metrics.contains("{outcome=\"written\"} 7\n"),
            "{metrics}"
        );
        drop(journal);
        let report = audit(&std::fs::read_to_string(&path).expect("a log"));
        assert_eq!(report.findings[0].cause.to_string(), "gap: numbers 2 to 7 of the chain are missing before it");
    }

    #[test]
    fn a_torn_last_line_begins_another_chain() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("custody.log");
        events(&open(&config(path.clone())));
        let text = std::fs::read_to_string(&path).expect("a log");
        std::fs::write(&path, &text[..text.len() - 20]).expect("writable");
        drop(open(&config(path.clone())));
        let report = audit(&std::fs::read_to_string(&path).expect("a log"));
        assert!(!report.findings.is_empty());
    }
}
