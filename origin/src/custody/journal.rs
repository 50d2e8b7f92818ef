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
    random,
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
    /// Whether what was written last may be the beginning of a line: the next one does not go on with it.
    torn: bool,
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
            AuditLog::File(path) => last_line(path).unwrap_or(Last::Torn),
            AuditLog::Stdout => Last::Nothing,
        };
        let torn = matches!(last, Last::Torn);
        let last = if let Last::Whole(text) = last { Some(text) } else { None };
        let last = last.and_then(|text| open_under(all.iter().map(|key| &**key), &text).ok());
        let writer = match last.and_then(|line| Some((line.session?, line.n?, line.mac))) {
            Some((id, lines, mac)) => Writer { id, chain: Some(Chain { head: mac.to_string(), lines }), torn },
            None => Writer { id: SessionId(random::bytes()), chain: None, torn },
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
        let counter = match self.line(&entry, &mut writer) {
            Ok(()) => &self.written,
            Err(reason) => {
                tracing::error!(reason, "a line of the chain of custody is lost");
                &self.lost
            }
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// The chain moves on before the line is written: one that is lost leaves a gap.
    fn line(&self, entry: &impl Serialize, writer: &mut Writer) -> Result<(), String> {
        let key = match self.keys.current() {
            Ok(key) => key,
            Err(error) => {
                // As if by a key that nobody has.
                let _ = chained_under(&random::bytes(), random::bytes(), entry, &mut writer.chain);
                return Err(error.to_string());
            }
        };
        let mut line = chained_under(&key, random::bytes(), entry, &mut writer.chain);
        if writer.torn {
            line.insert(0, '\n');
        }
        line.push('\n');
        let mut put = |out: &mut dyn Write| {
            let written = out.write_all(line.as_bytes());
            writer.torn = written.is_err();
            written
        };
        match &self.log {
            AuditLog::Stdout => put(&mut io::stdout().lock()).map_err(|error| error.to_string()),
            // Opened for each line: who rotates logs moves the file away, and needs to tell nobody.
            AuditLog::File(path) => {
                append(path).and_then(|mut file| put(&mut file)).map_err(|error| format!("{}: {error}", path.display()))
            }
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

/// How a file ends.
enum Last {
    /// There is none, or nothing in it.
    Nothing,
    /// With a whole line.
    Whole(String),
    /// With anything else.
    Torn,
}

fn last_line(path: &Path) -> io::Result<Last> {
    let mut file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Last::Nothing),
        file => file?,
    };
    let from = file.metadata()?.len().saturating_sub(LONGEST);
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take(LONGEST).read_to_end(&mut bytes)?;
    if bytes.is_empty() {
        return Ok(Last::Nothing);
    }
    let line = bytes.strip_suffix(b"\n").and_then(|bytes| bytes.rsplit(|byte| *byte == b'\n').next());
    Ok(line.and_then(|line| String::from_utf8(line.to_vec()).ok()).map_or(Last::Torn, Last::Whole))
}

#[cfg(test)]
mod tests;
