//! Whether a log is whole: every line's MAC, every session's chain.
//!
//! What cannot be seen: that the last lines of a chain that nothing ended are gone, that a session's lines are gone altogether, and that lines that stand alone
//! (segments, refusals) are gone or in another order.

mod chain;
mod finding;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};

pub use finding::{Cause, Finding};

use super::read::{Digest, Line, LineError};
use crate::SessionId;
use chain::{Link, Standing};

/// What a log may be like without a finding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Allowed {
    /// A chain's lines in another order: collectors that gather from many machines keep none.
    pub any_order: bool,
    /// Chains whose beginnings are not there: a log that is one of several files.
    pub partial: bool,
}

/// Takes a log's lines in order, and judges them at the end.
#[derive(Debug, Default)]
pub struct Audit {
    allowed: Allowed,
    lines: u64,
    alone: u64,
    sessions: BTreeMap<SessionId, Vec<Link>>,
    seen: HashMap<Digest, u64>,
    findings: Vec<Finding>,
}

/// What an audit found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Lines of the log with a right MAC, copies not counted.
    pub lines: u64,
    /// Of those the ones that are in no chain.
    pub alone: u64,
    /// Sessions that have a chain.
    pub sessions: u64,
    /// Chains without a finding from `mint` to an end.
    pub complete: u64,
    /// Chains without a finding that nothing ended: their sessions ran out, go on, or lost their last lines.
    pub open: u64,
    /// Chains with a fork, but no other finding.
    pub forked: u64,
    /// Chains with another finding.
    pub broken: u64,
    /// What was found, in the order of lines.
    pub findings: Vec<Finding>,
}

impl Audit {
    /// An audit that finds nothing in what is `allowed`.
    pub fn new(allowed: Allowed) -> Self {
        Self { allowed, ..Self::default() }
    }

    /// A line that was read. `number`: where it stands, from 1. Gives whether it was not there before.
    pub fn take(&mut self, number: u64, line: &Line) -> bool {
        if let Some(first) = self.seen.insert(line.mac, number) {
            self.seen.insert(line.mac, first);
            self.found(number, line.session, Cause::Duplicate { first });
            return false;
        }
        self.lines += 1;
        match (line.session, line.n) {
            (Some(session), Some(n)) => {
                let ends = matches!(line.decision.as_str(), "end" | "revoke");
                let link = Link { number, n, prev: line.prev, mac: line.mac, ends };
                self.sessions.entry(session).or_default().push(link);
            }
            _ => self.alone += 1,
        }
        true
    }

    /// A line that was not.
    pub fn refuse(&mut self, number: u64, error: LineError) {
        self.found(number, None, Cause::Line(error));
    }

    /// Judges the whole.
    pub fn finish(mut self) -> Report {
        let mut standings = [0; 4];
        for (session, links) in &self.sessions {
            let (standing, causes) = chain::judge(links, self.allowed);
            standings[standing as usize] += 1;
            let found = causes.into_iter().map(|(line, cause)| Finding { line, session: Some(*session), cause });
            self.findings.extend(found);
        }
        self.findings.sort_by_key(|finding| finding.line);
        let of = |standing: Standing| standings[standing as usize];
        Report {
            lines: self.lines,
            alone: self.alone,
            sessions: self.sessions.len() as u64,
            complete: of(Standing::Complete),
            open: of(Standing::Open),
            forked: of(Standing::Forked),
            broken: of(Standing::Broken),
            findings: self.findings,
        }
    }

    fn found(&mut self, line: u64, session: Option<SessionId>, cause: Cause) {
        self.findings.push(Finding { line, session, cause });
    }
}

impl Report {
    /// The first finding that a sound log cannot have.
    pub fn first_break(&self) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.cause.is_break())
    }
}
