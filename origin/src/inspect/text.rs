//! Small pieces of writing that every part of `inspect` shares.

use std::fmt::{self, Write};

pub(super) use crate::hex::encode as hex;

/// Seconds of `ticks` at `timescale`, with three decimals; ticks alone where there is no timescale.
pub(super) fn seconds(ticks: u64, timescale: u64) -> String {
    if timescale == 0 { format!("{ticks} ticks") } else { format!("{:.3} s", ticks as f64 / timescale as f64) }
}

/// `one thing`, `2 things`
pub(super) fn count(n: usize, thing: &str) -> String {
    format!("{n} {thing}{}", if n == 1 { "" } else { "s" })
}

/// Text that came from a file, for a terminal: control characters are escaped.
pub(super) fn printable(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, character| {
        if character.is_control() {
            out.extend(character.escape_default());
        } else {
            out.push(character);
        }
        out
    })
}

/// A table: a header line and rows of as many cells, aligned. Columns whose every cell is empty are left out.
pub(super) struct Table {
    header: &'static [&'static str],
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(super) fn new(header: &'static [&'static str]) -> Self {
        Self { header, rows: Vec::new() }
    }

    pub(super) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// Writes the table, every line behind `indent` blanks. Numbers stand to the right, the last column is not padded.
    pub(super) fn write(&self, f: &mut impl Write, indent: usize) -> fmt::Result {
        let cell = |row: &'_ [String], column: usize| row.get(column).cloned().unwrap_or_default();
        let shown: Vec<(usize, usize)> = (0..self.header.len())
            .filter_map(|column| {
                let widest = self.rows.iter().map(|row| cell(row, column).chars().count()).max().unwrap_or(0);
                let header = self.header.get(column).map_or(0, |name| name.chars().count());
                (widest > 0).then_some((column, widest.max(header)))
            })
            .collect();
        let names: Vec<String> = self.header.iter().map(|name| (*name).to_owned()).collect();
        for row in std::iter::once(&names).chain(&self.rows) {
            let mut line = String::new();
            for (place, (column, width)) in shown.iter().enumerate() {
                let cell = cell(row, *column);
                let gap = if place == 0 { "" } else { "  " };
                if place + 1 == shown.len() {
                    let _ = write!(line, "{gap}{cell}");
                } else {
                    let _ = write!(line, "{gap}{cell:>width$}");
                }
            }
            writeln!(f, "{:indent$}{}", "", line.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_aligned_and_empty_columns_left_out() {
        let mut table = Table::new(&["n", "size", "iv", "map"]);
        table.row(vec!["9".into(), "1".into(), String::new(), "a".into()]);
        table.row(vec!["10".into(), "22222".into(), String::new(), "bb".into()]);
        let mut out = String::new();
        table.write(&mut out, 2).expect("a string");
        assert_eq!(out, "   n   size  map\n   9      1  a\n  10  22222  bb\n");
        assert_eq!(printable("a\u{1b}[31m\nb"), "a\\u{1b}[31m\\nb");
    }
}
