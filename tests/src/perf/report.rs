use std::fmt;

use serde_json::json;

use super::{
    figure::{Figure, Verdict},
    machine,
    measures::Measures,
};
use crate::table::{Align, Table};

/// The figures, with their values.
pub(super) struct Report {
    machine: String,
    rows: Vec<(&'static Figure, Result<f64, String>)>,
}

impl Report {
    pub(super) fn of(figures: &[&'static Figure], measures: &Measures) -> Self {
        let rows = figures.iter().map(|&figure| (figure, figure.value(measures))).collect();
        Self { machine: machine::describe(), rows }
    }

    /// The document of `--json`.
    pub(super) fn json(&self) -> String {
        let rows: Vec<_> = self
            .rows
            .iter()
            .map(|(figure, value)| {
                let noisy = if figure.noisy { "; moves from run to run" } else { "" };
                let note = match value {
                    Ok(_) => format!("{}{noisy}", figure.what),
                    Err(why) => format!("{}; skipped: {why}", figure.what),
                };
                json!({ "name": figure.name, "value": value.as_ref().ok(), "unit": figure.of.unit(), "note": note })
            })
            .collect();
        format!("{:#}", json!({ "machine": self.machine, "rows": rows }))
    }

    /// The names of the rows that have a value.
    pub(super) fn measured(&self) -> impl Iterator<Item = &'static str> {
        self.rows.iter().filter(|(_, value)| value.is_ok()).map(|(figure, _)| figure.name)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new([
            ("row", Align::Left),
            ("value", Align::Right),
            ("accept", Align::Right),
            ("aim", Align::Right),
            ("", Align::Left),
            ("what", Align::Left),
        ]);
        let mut skipped = Vec::new();
        let mut counts = [0; 3];
        let mut last = None;
        for (figure, value) in &self.rows {
            if last.replace(figure.group).is_some_and(|last| last != figure.group) {
                table.rule();
            }
            let [accept, aim] = figure.goal.show(figure.of);
            let (shown, verdict) = match value {
                Ok(value) => {
                    let verdict = figure.goal.verdict(*value);
                    if let Some(verdict) = verdict {
                        counts[verdict as usize] += 1;
                    }
                    let noisy = if figure.noisy { "~ " } else { "" };
                    (format!("{noisy}{}", figure.of.show(*value)), verdict.map_or("", Verdict::as_str))
                }
                Err(why) => {
                    if !skipped.contains(&why) {
                        skipped.push(why);
                    }
                    ("-".to_owned(), "skipped")
                }
            };
            let name = figure.name.to_owned();
            table.row([name, shown, accept, aim, verdict.to_owned(), figure.what.to_owned()]);
        }
        writeln!(f, "{}", self.machine)?;
        write!(f, "{table}")?;
        let [reached, accepted, missed] = counts;
        writeln!(f, "{reached} at their aim, {accepted} accepted, {missed} missed; ~ moves from run to run")?;
        skipped.iter().try_for_each(|why| writeln!(f, "skipped: {why}"))
    }
}

impl Verdict {
    fn as_str(self) -> &'static str {
        match self {
            Self::Reached => "aim",
            Self::Accepted => "accepted",
            Self::Missed => "MISSED",
        }
    }
}

/// What rows there are.
pub(super) fn list(figures: &[&'static Figure]) -> String {
    let mut table = Table::new([("row", Align::Left), ("unit", Align::Left), ("what", Align::Left)]);
    let mut last = None;
    for figure in figures {
        if last.replace(figure.group).is_some_and(|last| last != figure.group) {
            table.rule();
        }
        table.row([figure.name, figure.of.unit(), figure.what].map(str::to_owned));
    }
    table.to_string()
}
