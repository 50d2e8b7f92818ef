use proptest::prelude::*;

use super::*;
use crate::{
    AccountId, Roots,
    log::{Entry, Media, chained, open, single},
    session::Chain,
};

fn roots() -> Roots {
    Roots::new(&[7; 32], None).expect("roots")
}

/// A log under construction: sessions' chains, and a nonce that never comes again.
struct Writer {
    roots: Roots,
    chains: BTreeMap<u8, Option<Chain>>,
    nonce: u64,
    lines: Vec<String>,
}

impl Writer {
    fn new(roots: Roots) -> Self {
        Self { roots, chains: BTreeMap::new(), nonce: 0, lines: Vec::new() }
    }

    fn nonce(&mut self) -> [u8; 8] {
        self.nonce += 1;
        self.nonce.to_be_bytes()
    }

    /// The next line of a session's chain.
    fn chain(&mut self, session: u8, decision: &str) {
        let entry = entry(session, decision);
        let nonce = self.nonce();
        let line = chained(&self.roots, nonce, &entry, self.chains.entry(session).or_default());
        self.lines.push(line);
    }

    /// A line that stands alone.
    fn alone(&mut self, session: u8, decision: &str) {
        let media = Media {
            title: "film",
            delivery: "cenc",
            track: "v1",
            kind: "video",
            segment: 3,
            start: 8000,
            duration: 4000,
            ppm: 10_000,
        };
        let nonce = self.nonce();
        let line = single(&self.roots, nonce, &Entry { media: Some(media), ..entry(session, decision) });
        self.lines.push(line);
    }
}

fn entry(session: u8, decision: &str) -> Entry<'_> {
    Entry {
        t: 1_900_000_000,
        decision,
        session: Some(SessionId([session; 16])),
        account: Some(AccountId([session; 16])),
        method: Some("POST"),
        path: Some("/v1/sessions"),
        ..Entry::default()
    }
}

/// Two sessions whose lines stand among each other's, one ended and one open, and lines that stand alone.
fn log() -> Vec<String> {
    let mut writer = Writer::new(roots());
    for (session, decision) in [
        (1, "mint"),
        (1, "license"),
        (2, "mint"),
        (1, "renew"),
        (2, "license"),
        (1, "segment"),
        (2, "renew"),
        (1, "renew"),
        (2, "segment"),
        (1, "end"),
        (2, "renew"),
    ] {
        if decision == "segment" { writer.alone(session, decision) } else { writer.chain(session, decision) }
    }
    writer.lines
}

fn audit(roots: &Roots, allowed: Allowed, lines: &[String]) -> Report {
    let mut audit = Audit::new(allowed);
    for (number, line) in (1..).zip(lines) {
        match open(roots, line) {
            Ok(line) => {
                audit.take(number, &line);
            }
            Err(error) => audit.refuse(number, error),
        }
    }
    audit.finish()
}

/// Lines and names of what is found.
fn found(lines: &[String]) -> Vec<(u64, &'static str)> {
    let report = audit(&roots(), Allowed::default(), lines);
    report.findings.iter().map(|finding| (finding.line, finding.cause.name())).collect()
}

/// The session and the number in its chain of a line.
fn place(line: &str) -> (SessionId, Option<u64>) {
    let line = open(&roots(), line).expect("a line");
    (line.session.expect("a session"), line.n)
}

#[test]
fn a_whole_log_is_whole() {
    let report = audit(&roots(), Allowed::default(), &log());
    assert_eq!((report.lines, report.alone, report.sessions), (11, 2, 2));
    assert_eq!((report.complete, report.open, report.forked, report.broken), (1, 1, 0, 0));
    assert_eq!(report.findings, []);
    let nothing = audit(&roots(), Allowed::default(), &[]);
    assert_eq!((nothing.lines, nothing.findings.len()), (0, 0));
}

/// Computed with OpenSSL 3: `openssl kdf -keylen 32 -kdfopt digest:SHA256 -kdfopt hexkey:0707…07 -kdfopt salt:sluice/1 -kdfopt info:audit HKDF` gives the
/// key; `printf 'line\0%s' "$TEXT" | openssl dgst -sha256 -mac HMAC -macopt hexkey:…` the MAC, whose first half stands in the line.
#[test]
fn lines_are_as_written_down() {
    let mut writer = Writer::new(roots());
    writer.chain(1, "mint");
    let one = "01".repeat(16);
    let text = format!(
        r#"{{"v":1,"t":1900000000,"decision":"mint","session":"{one}","account":"{one}","method":"POST","path":"/v1/sessions","id":"0000000000000001","n":1"#
    );
    let mac = "9affdd0b9078c905adeb446350d8be27";
    assert_eq!(writer.lines[0], format!(r#"{text},"mac":"{mac}"}}"#));
    writer.chain(1, "end");
    assert!(writer.lines[1].contains(&format!(r#","n":2,"prev":"{mac}","mac":""#)));
}

#[test]
fn a_line_of_the_previous_root_is_right_and_of_another_forged() {
    let mut writer = Writer::new(roots());
    writer.chain(1, "mint");
    writer.roots = Roots::new(&[8; 32], Some(&[7; 32])).expect("roots");
    writer.chain(1, "end");
    assert_eq!(audit(&writer.roots, Allowed::default(), &writer.lines).complete, 1);
    let old = audit(&roots(), Allowed::default(), &writer.lines);
    assert_eq!(old.findings[0].cause, Cause::Line(LineError::Forged));
    assert_eq!((old.findings[0].line, old.lines), (2, 1));
}

#[test]
fn what_a_line_says_is_read_back() {
    let mut writer = Writer::new(roots());
    let entry =
        Entry { status: Some(403), detail: Some("a \"quoted\"\n}"), network: Some("ab"), ..entry(3, "geo_blocked") };
    let line = open(&writer.roots, &single(&writer.roots, [1; 8], &entry)).expect("a line");
    assert_eq!((line.t, line.status, line.detail.as_deref()), (1_900_000_000, Some(403), Some("a \"quoted\"\n}")));
    assert_eq!((line.network.as_deref(), line.n, line.prev), (Some("ab"), None, None));
    writer.alone(1, "segment");
    let media = open(&writer.roots, &writer.lines[0]).expect("a line").media.expect("media");
    assert_eq!((media.track.as_str(), media.segment, media.duration, media.ppm), ("v1", 3, 4000, 10_000));
}

#[test]
fn what_is_no_line_is_named() {
    let line = log().remove(0);
    let named = |line: &str| open(&roots(), line).expect_err("refused");
    assert_eq!(named(""), LineError::Foreign);
    assert_eq!(named("starting up"), LineError::Foreign);
    assert_eq!(named(&line[1..]), LineError::Foreign);
    assert_eq!(named(&format!("{line} ")), LineError::Unsigned);
    assert_eq!(named(&line[..line.len() - 1]), LineError::Unsigned);
    assert_eq!(named(&line.replace("\"mac\"", "\"Mac\"")), LineError::Unsigned);
    assert_eq!(named(&line.replace("mint", "mind")), LineError::Forged);
    let (text, mac) = line.split_at(line.len() - 34);
    assert_eq!(named(&format!("{text}{}", mac.to_uppercase())), LineError::Unsigned);
    assert_eq!(named(&format!(r#"{},"mac":"{mac}"#, &line[..line.len() - 1])), LineError::Forged);
}

#[test]
fn a_removed_line_is_a_gap_where_another_follows() {
    let whole = log();
    for at in 0..whole.len() {
        let mut lines = whole.clone();
        let (session, n) = place(&lines.remove(at));
        let next = lines.iter().position(|line| n.is_some() && place(line) == (session, n.map(|n| n + 1)));
        // The last line of a chain that nothing ended, or that it ended with, and what stands alone, go unseen.
        let expected = next.map(|next| (next as u64 + 1, "gap"));
        assert_eq!(found(&lines), Vec::from_iter(expected), "{at}");
    }
    let mut lines = whole.clone();
    lines.drain(1..5);
    let report = audit(&roots(), Allowed::default(), &lines);
    assert!(matches!(report.findings[0].cause, Cause::Gap { from: 1, to: 2 }), "{:?}", report.findings);
    assert!(matches!(report.findings[1].cause, Cause::Gap { from: 2, to: 3 }), "{:?}", report.findings);
    assert_eq!(report.broken, 2);
}

#[test]
fn a_copied_line_is_a_duplicate_wherever_it_stands() {
    let whole = log();
    for at in 0..whole.len() {
        for to in at + 1..=whole.len() {
            let mut lines = whole.clone();
            lines.insert(to, whole[at].clone());
            assert_eq!(found(&lines), [(to as u64 + 1, "duplicate")], "{at} {to}");
        }
    }
}

#[test]
fn lines_of_a_chain_that_changed_places_are_reordered() {
    let whole = log();
    for first in 0..whole.len() {
        for second in first + 1..whole.len() {
            let (a, b) = (place(&whole[first]), place(&whole[second]));
            let between = whole[first..=second].iter().map(|line| place(line)).filter(|place| place.1.is_some());
            // Two chains, or a chain and what stands alone: seen if either passed another line of its own chain.
            let moved = |line: (SessionId, Option<u64>)| {
                line.1.is_some() && between.clone().filter(|other| other.0 == line.0).count() > 1
            };
            let mut lines = whole.clone();
            lines.swap(first, second);
            let found = found(&lines);
            assert_eq!(!found.is_empty(), moved(a) || moved(b), "{first} {second}: {found:?}");
            assert!(found.iter().all(|(_, name)| *name == "reordered"), "{first} {second}: {found:?}");
            let any_order = Allowed { any_order: true, ..Allowed::default() };
            assert_eq!(audit(&roots(), any_order, &lines).findings, []);
        }
    }
}

#[test]
fn two_writers_that_do_not_see_each_other_fork() {
    let mut writer = Writer::new(roots());
    writer.chain(1, "mint");
    let seen = writer.chains[&1].clone();
    writer.chain(1, "license");
    writer.chains.insert(1, seen);
    writer.chain(1, "license");
    writer.chain(1, "renew");
    let report = audit(&writer.roots, Allowed::default(), &writer.lines);
    assert_eq!(report.findings.len(), 1);
    assert_eq!((report.findings[0].line, &report.findings[0].cause), (3, &Cause::Fork { n: 2, other: 2 }));
    assert!(report.first_break().is_none());
    assert_eq!((report.forked, report.broken), (1, 0));
    // The branch that went on is still whole only with its beginning.
    writer.lines.remove(2);
    assert_eq!(found(&writer.lines), [(3, "gap")]);
}

#[test]
fn a_session_has_one_beginning() {
    let mut writer = Writer::new(roots());
    writer.chain(1, "mint");
    writer.chains.clear();
    writer.chain(1, "mint");
    assert_eq!(found(&writer.lines), [(2, "fork")]);
    writer.chains.insert(1, Some(Chain { head: "00".repeat(16), lines: 0 }));
    writer.chain(1, "renew");
    assert_eq!(found(&writer.lines)[1], (3, "contradiction"));
}

#[test]
fn a_file_of_several_may_begin_within_a_chain() {
    let lines = log().split_off(4);
    let partial = Allowed { partial: true, ..Allowed::default() };
    let report = audit(&roots(), partial, &lines);
    assert_eq!((report.findings.len(), report.open, report.complete), (0, 2, 0));
    let mut holed = lines.clone();
    holed.remove(2);
    assert_eq!(audit(&roots(), partial, &holed).findings[0].cause.name(), "gap");
}

proptest! {
    /// A line end that is changed joins two lines, or follows the last one; all other bytes are under a MAC, or are it.
    #[test]
    fn any_changed_byte_is_found(at in any::<prop::sample::Index>(), to: u8) {
        let mut text = log().join("\n").into_bytes();
        text.push(b'\n');
        let at = at.index(text.len());
        prop_assume!(text[at] != to);
        text[at] = to;
        let mut audit = Audit::default();
        let lines = text.strip_suffix(b"\n").unwrap_or(&text).split(|byte| *byte == b'\n');
        for (number, line) in (1..).zip(lines) {
            match core::str::from_utf8(line).map_err(|_| LineError::Foreign).and_then(|line| open(&roots(), line)) {
                Ok(line) => {
                    audit.take(number, &line);
                }
                Err(error) => audit.refuse(number, error),
            }
        }
        let report = audit.finish();
        let first = report.first_break().expect("a break");
        prop_assert!(matches!(first.cause, Cause::Line(_)), "{first:?}");
    }

    /// Any order, any copies, any lines left out: what is found names it, and nothing panics.
    #[test]
    fn any_choice_of_lines_is_judged(chosen in prop::collection::vec(any::<prop::sample::Index>(), 0..30)) {
        let whole = log();
        let lines: Vec<_> = chosen.iter().map(|index| whole[index.index(whole.len())].clone()).collect();
        let report = audit(&roots(), Allowed::default(), &lines);
        for finding in &report.findings {
            prop_assert!(["duplicate", "gap", "reordered"].contains(&finding.cause.name()), "{finding:?}");
        }
        let distinct: std::collections::HashSet<_> = lines.iter().collect();
        prop_assert_eq!(report.lines as usize, distinct.len());
    }

    #[test]
    fn any_text_is_a_line_or_none(text in "\\PC{0,200}", tail in "[ -~]{0,80}") {
        let _ = open(&roots(), &text);
        let text = [crate::log::START, &tail, "\"}"].concat();
        prop_assert!(open(&roots(), &text).is_err());
    }
}
