//! The tables that the suite prints.

use sluice_tests::table::{
    Align::{Left, Right},
    Table,
};

use crate::{
    cases::{Carriage, Purpose},
    report::Row,
};

/// What plays, and what is refused.
pub(crate) fn render(rows: &[Row]) -> String {
    format!("{}\n{}", matrix(rows), refusals(rows))
}

/// A cell without content, which its row explains.
const NONE: &str = "";

fn matrix(rows: &[Row]) -> Table<15> {
    let mut table = Table::new([
        ("host", Left),
        ("player", Left),
        ("protocol", Left),
        ("scheme", Left),
        ("title", Left),
        ("carriage", Left),
        ("frames", Right),
        ("start ms", Right),
        ("patch", Left),
        ("audio bytes", Right),
        ("seek to s", Right),
        ("patch after", Left),
        ("switch", Left),
        ("wound to s", Right),
        ("subtitles", Left),
    ]);
    for row in by_host(rows, |purpose| purpose == Purpose::Play) {
        let Some(row) = row else {
            table.rule();
            continue;
        };
        let outcome = &row.outcome;
        let start = match &outcome.failure {
            Some(failure) => failure.clone(),
            None => outcome.start.cell(|step| step.ms.to_string()),
        };
        table.row([
            row.host.to_owned(),
            name(row.case.player).to_owned(),
            format!("{:?}", row.case.protocol).to_uppercase(),
            row.case.scheme.to_owned(),
            if row.case.what.is_empty() { "AVC".to_owned() } else { row.case.what.clone() },
            match row.case.carriage {
                Carriage::Handle => "handle".to_owned(),
                Carriage::Cookie => "cookie".to_owned(),
            },
            outcome.frames.to_string(),
            start,
            outcome.picture.cell(|step| step.patch.clone()),
            outcome.audio.cell(|step| step.bytes.to_string()),
            outcome.seek.cell(|step| format!("{:.2}", step.time)),
            outcome.seek.cell(|step| step.patch.clone()),
            outcome.rendition.cell(|step| format!("{} to {}", step.from, step.to)),
            outcome.wind.cell(|step| if step.bytes > 0 { format!("{:.2}", step.time) } else { NONE.to_owned() }),
            outcome.subtitles.cell(|step| step.cue.clone()),
        ]);
    }
    table
}

fn refusals(rows: &[Row]) -> Table<8> {
    let mut table = Table::new([
        ("host", Left),
        ("player", Left),
        ("protocol", Left),
        ("scheme", Left),
        ("case", Left),
        ("frames", Right),
        ("status and code", Left),
        ("the player's error", Left),
    ]);
    for row in by_host(rows, |purpose| purpose != Purpose::Play) {
        let Some(row) = row else {
            table.rule();
            continue;
        };
        let outcome = &row.outcome;
        let (told, error) = match (&outcome.failure, row.case.purpose) {
            (Some(failure), _) => (NONE.to_owned(), failure.clone()),
            (None, Purpose::Refusal) => {
                let status = outcome.refusal.status.map_or_else(|| "no status".to_owned(), |status| status.to_string());
                let code = outcome.refusal.code.as_deref().unwrap_or("no code");
                (format!("{status} {code}"), outcome.refusal.error.clone())
            }
            (None, _) => (NONE.to_owned(), outcome.error.clone()),
        };
        table.row([
            row.host.to_owned(),
            name(row.case.player).to_owned(),
            format!("{:?}", row.case.protocol).to_uppercase(),
            row.case.scheme.to_owned(),
            row.case.what.clone(),
            outcome.frames.to_string(),
            told,
            error,
        ]);
    }
    table
}

/// The rows of a purpose, with a `None` between hosts.
fn by_host(rows: &[Row], purpose: impl Fn(Purpose) -> bool) -> Vec<Option<&Row>> {
    let mut grouped: Vec<Option<&Row>> = Vec::new();
    for row in rows.iter().filter(|row| purpose(row.case.purpose)) {
        if grouped.last().copied().flatten().is_some_and(|before| before.host != row.host) {
            grouped.push(None);
        }
        grouped.push(Some(row));
    }
    grouped
}

/// A player by its project's name.
fn name(player: &str) -> &str {
    match player {
        "shaka" => "shaka-player",
        "dash" => "dash.js",
        "hls" => "hls.js",
        other => other,
    }
}
