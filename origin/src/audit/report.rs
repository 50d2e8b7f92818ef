use std::io::Write;

use serde::Serialize;
use sluice_gate::log::audit::{Finding, Report};

use super::{Reason, Score};

/// Findings that are printed; JSON has all.
const MOST: usize = 50;

#[derive(Serialize)]
struct Audited<'a> {
    v: u32,
    lines: u64,
    alone: u64,
    skipped: u64,
    sessions: u64,
    complete: u64,
    open: u64,
    forked: u64,
    broken: u64,
    findings: Vec<Found<'a>>,
}

#[derive(Serialize)]
struct Found<'a> {
    line: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<String>,
    cause: &'a str,
    text: String,
}

/// Prints an audit's report.
pub(super) fn audit(out: &mut impl Write, report: &Report, skipped: u64, json: bool) -> anyhow::Result<()> {
    let Report { lines, alone, sessions, complete, open, forked, broken, findings } = report;
    if json {
        let found = |finding: &Finding| Found {
            line: finding.line,
            session: finding.session.map(|session| session.to_string()),
            // The borrow is of a constant, not of the finding.
            cause: finding.cause.name(),
            text: finding.cause.to_string(),
        };
        let document = Audited {
            v: 1,
            lines: *lines,
            alone: *alone,
            skipped,
            sessions: *sessions,
            complete: *complete,
            open: *open,
            forked: *forked,
            broken: *broken,
            findings: findings.iter().map(found).collect(),
        };
        writeln!(out, "{}", serde_json::to_string(&document)?)?;
        return Ok(());
    }
    for shown in findings.iter().take(MOST) {
        writeln!(out, "{}", finding(shown))?;
    }
    if findings.len() > MOST {
        writeln!(out, "… and {} more; --json has all", findings.len() - MOST)?;
    }
    let in_chains = lines - alone;
    writeln!(
        out,
        "lines: {lines}, {in_chains} in the chains of {sessions} sessions, {alone} alone, {skipped} skipped"
    )?;
    writeln!(out, "chains: {complete} complete, {open} open, {forked} forked, {broken} broken")?;
    Ok(())
}

/// A finding on one line.
pub(super) fn finding(finding: &Finding) -> String {
    match finding.session {
        Some(session) => format!("line {}: session {session}: {}", finding.line, finding.cause),
        None => format!("line {}: {}", finding.line, finding.cause),
    }
}

/// Prints sessions that take too much.
pub(super) fn scores(out: &mut impl Write, scores: &[Score], disbelieved: usize, json: bool) -> anyhow::Result<()> {
    #[derive(Serialize)]
    struct Scored<'a> {
        v: u32,
        /// Lines that are none of the log's, or whose MAC is not right.
        disbelieved: usize,
        sessions: &'a [Score],
    }
    if json {
        writeln!(out, "{}", serde_json::to_string(&Scored { v: 1, disbelieved, sessions: scores })?)?;
        return Ok(());
    }
    if disbelieved > 0 {
        writeln!(out, "{disbelieved} lines do not count: without --abuse it is said why")?;
    }
    if scores.is_empty() {
        writeln!(out, "no session takes more than a viewer would")?;
        return Ok(());
    }
    writeln!(out, "{:>7}  {:<32}  {:<32}  reasons", "score", "session", "account")?;
    for score in scores {
        let reasons = score.reasons.iter().map(Reason::to_string).collect::<Vec<_>>().join("; ");
        let account = score.account.map(|account| account.to_string()).unwrap_or_default();
        writeln!(out, "{:>7.1}  {}  {account:<32}  {reasons}", score.score, score.session)?;
    }
    writeln!(out, "\nto end them:")?;
    for score in scores {
        writeln!(out, "    {}", score.command)?;
    }
    Ok(())
}
