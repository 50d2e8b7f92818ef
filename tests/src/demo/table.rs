//! The table that `cargo demo --once` ends with.

use super::walk::Row;
use crate::table::{
    Align::{Left, Right},
    Table,
};

/// The rows, grouped by host and scheme, with a sum.
pub(super) fn render(rows: &[Row]) -> String {
    let mut table = Table::new([
        ("host", Left),
        ("scheme", Left),
        ("track", Left),
        ("codec", Left),
        ("segments", Right),
        ("samples", Right),
        ("bytes", Right),
        ("mismatches", Right),
        ("sha256 of the media", Left),
    ]);
    let mut group = None;
    for row in rows {
        let this = (row.host, row.scheme.as_str());
        if group.is_some_and(|group| group != this) {
            table.rule();
        }
        group = Some(this);
        table.row([
            row.host.to_owned(),
            row.scheme.clone(),
            row.track.clone(),
            row.codec.clone(),
            row.segments.to_string(),
            thousands(row.samples),
            thousands(row.bytes),
            row.mismatches.to_string(),
            row.digest.clone(),
        ]);
    }
    table.rule();
    let sum = |count: fn(&Row) -> u64| thousands(rows.iter().map(count).sum());
    let mut total: [String; 9] = Default::default();
    "total".clone_into(&mut total[0]);
    total[4] = sum(|row| row.segments);
    total[5] = sum(|row| row.samples);
    total[6] = sum(|row| row.bytes);
    total[7] = sum(|row| row.mismatches);
    table.row(total);
    table.to_string()
}

/// `1234567` as `1 234 567`.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(scheme: &str, bytes: u64) -> Row {
        Row {
            host: "spin",
            scheme: scheme.to_owned(),
            track: "v1080".to_owned(),
            codec: "avc1.640028".to_owned(),
            segments: 6,
            samples: 600,
            bytes,
            mismatches: 0,
            digest: "0123456789abcdef".to_owned(),
            problems: Vec::new(),
        }
    }

    #[test]
    fn every_line_is_of_one_width_and_the_sums_are_right() {
        let table = render(&[row("cbcs", 1_234_567), row("cenc", 7)]);
        let widths: Vec<usize> = table.lines().map(|line| line.chars().count()).collect();
        assert!(widths.iter().all(|width| *width == widths[0]), "{table}");
        assert!(table.contains("│ total ") && table.contains(" 1 234 574 │"), "{table}");
    }

    #[test]
    fn digits_stand_in_threes() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1 000"), (1_234_567, "1 234 567")] {
            assert_eq!(thousands(number), text);
        }
    }
}
