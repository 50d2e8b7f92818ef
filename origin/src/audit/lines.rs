use std::io::{BufRead, Read};

use sluice_gate::log::{Line, LineError, START, open_under};

use crate::custody::Key;

/// Longest line that is read, bytes: far longer than any that an edge writes.
const LONGEST: usize = 64 * 1024;

/// Reads a log's lines and hands each on with its number, from 1; gives how many were skipped.
///
/// With `lenient` a line of the log may stand within another, and a line without one is skipped. Without, every byte counts.
pub(super) fn each(
    mut input: impl BufRead,
    keys: &[Key],
    lenient: bool,
    mut take: impl FnMut(u64, Result<Line, LineError>),
) -> std::io::Result<u64> {
    let mut skipped = 0;
    let mut bytes = Vec::new();
    for number in 1.. {
        bytes.clear();
        if input.by_ref().take(LONGEST as u64).read_until(b'\n', &mut bytes)? == 0 {
            break;
        }
        if bytes.last() == Some(&b'\n') {
            bytes.pop();
        } else if bytes.len() >= LONGEST {
            pass_over(&mut input)?;
            bytes.clear();
        }
        let text = str::from_utf8(&bytes).unwrap_or_default();
        let text = if lenient { within(text) } else { Some(text) };
        match text {
            Some(text) => take(number, open_under(keys.iter().map(|key| &**key), text)),
            None => skipped += 1,
        }
    }
    Ok(skipped)
}

/// The line of the log within a line that a platform printed.
pub(crate) fn within(text: &str) -> Option<&str> {
    let from = text.find(START)?;
    let to = text.rfind("\"}")? + 2;
    text.get(from..to)
}

/// The rest of a line that is too long.
fn pass_over(input: &mut impl BufRead) -> std::io::Result<()> {
    loop {
        let buffer = input.fill_buf()?;
        let (length, done) = match buffer.iter().position(|byte| *byte == b'\n') {
            Some(end) => (end + 1, true),
            None => (buffer.len(), buffer.is_empty()),
        };
        input.consume(length);
        if done {
            return Ok(());
        }
    }
}
