use std::{collections::HashSet, io::Cursor, process::ExitCode};

use proptest::prelude::*;
use serde_json::Value;
use sluice_gate::{
    AccountId, SessionId,
    log::{Entry, IFRAMES, Line, LineError, Media, Sampling, chained, open, single},
    session::Chain,
};

use super::*;

const T: u64 = 1_900_000_000;

fn gate_roots() -> Roots {
    Roots::new(&[7; 32], None).expect("roots")
}

/// A log in the making.
#[derive(Default)]
struct Writer {
    lines: Vec<String>,
    chain: Option<Chain>,
}

impl Writer {
    fn nonce(&self) -> [u8; 8] {
        self.lines.len().to_be_bytes()
    }

    fn chain(&mut self, decision: &str) {
        let session = Some(SessionId([1; 16]));
        let entry = Entry { t: T, decision, session, account: Some(AccountId([2; 16])), ..Entry::default() };
        let line = chained(&gate_roots(), self.nonce(), &entry, &mut self.chain);
        self.lines.push(line);
    }

    /// A segment's line, if the sampling takes it.
    fn segment(&mut self, sampling: Sampling, session: u8, at: f64, number: u32, track: &str, network: &str) {
        let session = SessionId([session; 16]);
        if !sampling.takes(&session, number) {
            return;
        }
        let kind = match track {
            track if track.ends_with("-iframes") => IFRAMES,
            track if track.starts_with('v') => "video",
            _ => "audio",
        };
        let start = u64::from(number - 1) * 4000;
        let media = Media {
            title: "film",
            delivery: "cenc",
            track,
            kind,
            segment: number,
            start,
            duration: 4000,
            ppm: sampling.ppm(),
        };
        let line = single(
            &gate_roots(),
            self.nonce(),
            &Entry {
                t: T + at as u64,
                decision: "segment",
                session: Some(session),
                network: Some(network),
                media: Some(media),
                ..Entry::default()
            },
        );
        self.lines.push(line);
    }

    fn text(&self) -> String {
        self.lines.iter().map(|line| format!("{line}\n")).collect()
    }
}

fn limits() -> Limits {
    Limits { speed: 2.0, buffer: 120.0, margin: 10.0, networks: 3, renditions: 0.3 }
}

fn scores(lines: &[String]) -> Vec<Score> {
    let mut scores = Scores::default();
    lines.iter().for_each(|line| scores.take(&open(&gate_roots(), line).expect("a line")));
    scores.finish(&limits())
}

fn share(share: f64) -> Sampling {
    Sampling::new(share).expect("a share")
}

/// Two hours as a player takes them: a minute at once, then in step, with a change of rendition in the middle, each time taking a few segments again.
fn watch(writer: &mut Writer, sampling: Sampling, session: u8) {
    for number in 1..=1800u32 {
        let at = f64::from(number.saturating_sub(15)) * 4.0;
        let track = if number > 900 { "v720" } else { "v1080" };
        writer.segment(sampling, session, at, number, track, "a");
        writer.segment(sampling, session, at, number, "a-en", "a");
        if (895..900).contains(&number) {
            writer.segment(sampling, session, at, number, "v720", "a");
        }
    }
}

/// The same as a leech takes it: ten segments a second.
fn leech(writer: &mut Writer, sampling: Sampling, session: u8, from: f64) {
    for number in 1..=1800u32 {
        writer.segment(sampling, session, from + f64::from(number) / 10.0, number, "v1080", "a");
    }
}

#[test]
fn who_watches_is_no_leech_and_who_leeches_is_one() {
    for sampling in [share(1.0), share(0.1), share(0.01)] {
        let mut writer = Writer::default();
        (0..100).for_each(|session| watch(&mut writer, sampling, session));
        assert_eq!(scores(&writer.lines), [], "{sampling:?}");
        // Of two hours in three minutes some lines are there at any share; at one in a hundred chance leaves few of them.
        writer.lines.clear();
        (0..100).for_each(|session| leech(&mut writer, sampling, session, 0.0));
        let found = scores(&writer.lines);
        let sure = if sampling.ppm() < 100_000 { 90 } else { 100 };
        assert!(found.len() >= sure, "{sampling:?}: {} of 100", found.len());
        assert!(
            found.iter().all(|score| matches!(&score.reasons[..], [Reason::Ahead { kind, .. }] if kind == "video"))
        );
    }
}

#[test]
fn who_winds_through_a_title_is_no_leech() {
    let mut writer = Writer::default();
    watch(&mut writer, share(1.0), 1);
    for number in 1..=1800u32 {
        writer.segment(share(1.0), 1, f64::from(number) / 10.0, number, "v1080-iframes", "a");
    }
    assert_eq!(scores(&writer.lines), []);
}

#[test]
fn a_leech_does_not_thin_itself_out() {
    let mut writer = Writer::default();
    let all = share(1.0);
    // A segment an hour for a day, then all of it, then a segment an hour again.
    for hour in 0..24u32 {
        writer.segment(all, 1, f64::from(hour) * 3600.0, hour + 1, "v1080", "a");
        writer.segment(all, 1, f64::from(hour + 30) * 3600.0, hour + 1, "v1080", "a");
    }
    leech(&mut writer, all, 1, 25.0 * 3600.0);
    // Lines come in any order.
    writer.lines.reverse();
    let found = scores(&writer.lines);
    let [Reason::Ahead { seconds, allowed, .. }] = &found[0].reasons[..] else { panic!("{found:?}") };
    assert_eq!(*allowed, 120.0);
    // 7200 s of media in 180 s, which empty 360 s of it.
    assert!((6800.0..7200.0).contains(seconds), "{seconds}");
}

#[test]
fn a_session_that_is_passed_on_shows_by_its_networks() {
    let mut writer = Writer::default();
    for (index, network) in ["a", "b", "c", "a", "b"].iter().enumerate() {
        writer.segment(share(1.0), 1, index as f64 * 4.0, index as u32 + 1, "v1080", network);
    }
    assert_eq!(scores(&writer.lines), []);
    writer.segment(share(1.0), 1, 24.0, 6, "v1080", "d");
    let found = scores(&writer.lines);
    assert_eq!(found[0].reasons, [Reason::Networks { count: 4, allowed: 3 }]);
    assert_eq!(found[0].command, format!("sluice revoke --session {} --url EDGE --token-file FILE", "01".repeat(16)));
}

#[test]
fn parallel_renditions_show_where_segments_are_sampled_too() {
    for sampling in [share(1.0), share(0.05)] {
        let mut writer = Writer::default();
        for number in 1..=1800u32 {
            for track in ["v1080", "v720", "a-en"] {
                writer.segment(sampling, 1, f64::from(number) * 4.0, number, track, "a");
            }
        }
        let found = scores(&writer.lines);
        assert!(found[0].reasons.contains(&Reason::Renditions { share: 1.0, allowed: 0.3 }), "{found:?}");
    }
}

type Numbered = (u64, Result<Line, LineError>);

/// How many lines were skipped, and the others.
fn read(text: &[u8], lenient: bool) -> (u64, Vec<Numbered>) {
    let mut out = Vec::new();
    let keys = [zeroize::Zeroizing::new(*gate_roots().audit_key())];
    let skipped = lines::each(Cursor::new(text), &keys, lenient, |number, line| out.push((number, line)));
    (skipped.expect("reads"), out)
}

#[test]
fn lines_are_read_to_the_byte_unless_leniently() {
    let mut writer = Writer::default();
    writer.chain("mint");
    writer.chain("end");
    let (one, two) = (&writer.lines[0], &writer.lines[1]);
    let names = |text: &str, lenient| -> Vec<(u64, Option<LineError>)> {
        read(text.as_bytes(), lenient).1.into_iter().map(|(number, line)| (number, line.err())).collect()
    };
    assert_eq!(names(&format!("{one}\n{two}\n"), false), [(1, None), (2, None)]);
    assert_eq!(names(&format!("{one}\n{two}"), false), [(1, None), (2, None)]);
    assert_eq!(
        names(&format!("{one}\r\n\n{two}"), false),
        [(1, Some(LineError::Unsigned)), (2, Some(LineError::Foreign)), (3, None)]
    );
    let long = "x".repeat(200_000);
    assert_eq!(names(&format!("{long}\n{one}\n"), false), [(1, Some(LineError::Foreign)), (2, None)]);
    assert_eq!(names(&long, false), [(1, Some(LineError::Foreign))]);
    let platform = format!("starting\n2026-11-24 sluice_decisions :: {one} +3ms\r\n\n{two}\r\n");
    assert_eq!(names(&platform, true), [(2, None), (4, None)]);
    assert_eq!(read(platform.as_bytes(), true).0, 2);
    assert_eq!(read(b"\xff\n", false).1, [(1, Err(LineError::Foreign))]);
    // What is forged is no less so for being among other things.
    assert_eq!(names(&format!("> {}", one.replace("mint", "mind")), true), [(1, Some(LineError::Forged))]);
}

/// Runs the program on a log; what it printed is not looked at here.
fn program(log: &str, options: &[&str]) -> ExitCode {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, root) = (folder.path().join("log"), folder.path().join("root"));
    std::fs::write(&file, log).expect("writable");
    std::fs::write(&root, format!("{}\n", "07".repeat(32))).expect("writable");
    let words = ["sluice".into(), "audit".into(), file.into_os_string(), "--root-file".into(), root.into_os_string()];
    crate::cli::main(words.into_iter().chain(options.iter().map(|option| option.into())))
}

#[test]
fn the_exit_status_tells_whether_a_log_is_whole() {
    let mut writer = Writer::default();
    for decision in ["mint", "license", "renew", "end"] {
        writer.chain(decision);
    }
    let (ok, failed, usage) = (ExitCode::SUCCESS, ExitCode::FAILURE, ExitCode::from(2));
    let log = writer.text();
    assert_eq!(program(&log, &[]), ok);
    assert_eq!(program("", &[]), ok);
    assert_eq!(program(&log.replace("license", "licence"), &[]), failed);
    assert_eq!(program(&log.replace("license", "licence"), &["--abuse", "--json"]), ok);
    assert_eq!(program(&format!("hello\n{log}"), &[]), failed);
    assert_eq!(program(&format!("hello\n{log}"), &["--lenient"]), ok);
    writer.lines.swap(1, 2);
    assert_eq!(program(&writer.text(), &[]), failed);
    assert_eq!(program(&writer.text(), &["--any-order", "--json"]), ok);
    writer.lines.swap(1, 2);
    writer.lines.remove(0);
    assert_eq!(program(&writer.text(), &[]), failed);
    assert_eq!(program(&writer.text(), &["--partial"]), ok);
    assert_eq!(program(&log, &["--root-env", "X"]), usage);
    let nowhere = ["sluice", "audit", "/nowhere/log", "--root-file", "/nowhere/root"];
    assert_eq!(crate::cli::main(nowhere.map(Into::into)), failed);
}

#[test]
fn what_is_printed_names_the_first_break() {
    let mut writer = Writer::default();
    ["mint", "license", "renew"].into_iter().for_each(|decision| writer.chain(decision));
    writer.lines.remove(1);
    let mut audit = Audit::default();
    for (number, line) in read(writer.text().as_bytes(), false).1 {
        audit.take(number, &line.expect("a line"));
    }
    let report = audit.finish();
    let error = judged(&report, false).expect_err("a gap").to_string();
    let session = "01".repeat(16);
    let said = format!("line 2: session {session}: gap: number 2 of the chain is missing before it");
    assert_eq!(error, format!("the log is not whole; first: {said}"));
    let printed = |json| {
        let mut out = Vec::new();
        report::audit(&mut out, &report, 3, json).expect("writes");
        String::from_utf8(out).expect("text")
    };
    let sums =
        "lines: 2, 2 in the chains of 1 sessions, 0 alone, 3 skipped\nchains: 0 complete, 0 open, 0 forked, 1 broken\n";
    assert_eq!(printed(false), format!("{said}\n{sums}"));
    let document: Value = serde_json::from_str(&printed(true)).expect("JSON");
    let found = &document["findings"][0];
    assert_eq!((&found["line"], &found["cause"], &found["session"]), (&2.into(), &"gap".into(), &session.into()));
    assert_eq!((&document["broken"], &document["skipped"]), (&1.into(), &3.into()));
}

#[test]
fn scores_are_printed_with_what_ends_them() {
    let mut writer = Writer::default();
    leech(&mut writer, share(1.0), 1, 0.0);
    let found = scores(&writer.lines);
    let printed = |scores: &[Score], json| {
        let mut out = Vec::new();
        report::scores(&mut out, scores, 2, json).expect("writes");
        String::from_utf8(out).expect("text")
    };
    let text = printed(&found, false);
    for part in ["2 lines do not count", "video", "s ahead where 120 may be", "sluice revoke --session 0101"] {
        assert!(text.contains(part), "{text}");
    }
    let document: Value = serde_json::from_str(&printed(&found, true)).expect("JSON");
    assert_eq!(document["sessions"][0]["reasons"][0]["reason"], "ahead");
    assert!(document["sessions"][0]["score"].as_f64().is_some_and(|score| score > 10.0));
    assert!(printed(&[], false).contains("no session"));
}

proptest! {
    /// A changed byte anywhere in a file is a break, whatever it is changed to.
    #[test]
    fn any_changed_byte_of_a_file_is_found(at in any::<prop::sample::Index>(), to: u8) {
        let mut writer = Writer::default();
        ["mint", "license", "renew", "end"].into_iter().for_each(|decision| writer.chain(decision));
        writer.segment(share(1.0), 1, 1.0, 1, "v1080", "a");
        let mut text = writer.text().into_bytes();
        let at = at.index(text.len());
        prop_assume!(text[at] != to);
        text[at] = to;
        let mut audit = Audit::default();
        for (number, line) in read(&text, false).1 {
            match line {
                Ok(line) => {
                    audit.take(number, &line);
                }
                Err(error) => audit.refuse(number, error),
            }
        }
        prop_assert!(audit.finish().first_break().is_some());
    }

    /// Any bytes are read to their end, in lines that are each handed on or skipped.
    #[test]
    fn any_bytes_are_lines(text in prop::collection::vec(any::<u8>(), 0..500), lenient: bool) {
        let (skipped, lines) = read(&text, lenient);
        let expected = text.split(|byte| *byte == b'\n').count() - usize::from(text.is_empty() || text.ends_with(b"\n"));
        prop_assert_eq!(skipped as usize + lines.len(), expected);
        let numbers: HashSet<u64> = lines.iter().map(|(number, _)| *number).collect();
        prop_assert_eq!(numbers.len(), lines.len());
    }
}
