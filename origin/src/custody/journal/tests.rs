use std::{path::PathBuf, time::Duration};

use sluice_gate::log::audit::{Allowed, Audit, Report};
use sluice_packager::{keys::Kid, title::Delivery};

use super::*;
use crate::config::SecretRef;

const KEY: &str = "42424242424242424242424242424242424242424242424242424242424242ff";

fn config(log: PathBuf) -> AuditConfig {
    AuditConfig { key: SecretRef::value(KEY), previous_key: None, log: Some(AuditLog::File(log)) }
}

fn open(config: &AuditConfig) -> Journal {
    Journal::open(config, "drm.example", || 1_900_000_000).expect("a key").expect("a log")
}

fn events(journal: &Journal) {
    let (title, delivery, kids) = ("film", Delivery::Cbcs, &[Kid([1; 16]), Kid([2; 16])][..]);
    let took = Duration::from_millis(17);
    journal.take(&Event::Exchange { title, delivery, kids, failure: None, held: false, took });
    journal.take(&Event::Wrapped { title, delivery, kids, keks: &[3, 2], edge: "192.0.2.1" });
    journal.take(&Event::Exchange { title, delivery, kids, failure: Some("it \"timed\" out"), held: true, took });
    journal.take(&Event::Kek { number: 4 });
    journal.take(&Event::Changed { title, delivery, kids });
    journal.take(&Event::Refused { title, delivery, kids, edge: "192.0.2.1", reason: "none are held" });
}

fn audit(text: &str) -> Report {
    let key: [u8; 32] = hex(KEY);
    let mut audit = Audit::new(Allowed::default());
    for (number, line) in (1..).zip(text.lines()) {
        match open_under([&key].into_iter(), line) {
            Ok(line) => {
                audit.take(number, &line);
            }
            Err(error) => audit.refuse(number, error),
        }
    }
    audit.finish()
}

fn hex(text: &str) -> [u8; 32] {
    crate::hex::decode(text).expect("hex").try_into().expect("32 bytes")
}

#[test]
fn lines_are_one_chain_over_restarts_and_moves_of_the_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, moved) = (folder.path().join("custody.log"), folder.path().join("custody.log.1"));
    let config = config(path.clone());
    events(&open(&config));
    let journal = open(&config);
    events(&journal);
    std::fs::rename(&path, &moved).expect("movable");
    events(&journal);
    drop(journal);
    let text = [moved, path].map(|path| std::fs::read_to_string(path).expect("a log")).concat();
    let report = audit(&text);
    assert_eq!((report.lines, report.sessions, report.complete), (22, 1, 1), "{report:?}\n{text}");
    for said in [
        r#"{"v":1,"t":1900000000,"decision":"begin","session":""#,
        r#""decision":"key_exchange","session":""#,
        r#""title":"film","delivery":"cbcs","kids":["01010101010101010101010101010101","02020202020202020202020202020202"],"provider":"drm.example","ms":17,"#,
        r#""keks":[3,2],"edge":"192.0.2.1","#,
        r#""detail":"it \"timed\" out""#,
    ] {
        assert!(text.contains(said), "{said}\n{text}");
    }
}

#[test]
fn what_is_done_to_the_log_shows() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("custody.log");
    events(&open(&config(path.clone())));
    let text = std::fs::read_to_string(&path).expect("a log");
    let names = |lines: &[&str]| -> Vec<_> {
        audit(&lines.join("\n")).findings.iter().map(|finding| finding.cause.name()).collect()
    };
    let lines: Vec<_> = text.lines().collect();
    assert!(names(&lines).is_empty());
    for at in 1..lines.len() - 1 {
        let mut less = lines.clone();
        less.remove(at);
        assert_eq!(names(&less), ["gap"], "{at}");
        let mut swapped = lines.clone();
        swapped.swap(at, at + 1);
        assert!(names(&swapped).iter().all(|name| *name == "reordered") && !names(&swapped).is_empty(), "{at}");
    }
    let forged = text.replace("\"edge\":\"192.0.2.1\",\"detail\"", "\"edge\":\"192.0.2.2\",\"detail\"");
    assert_ne!(forged, text);
    assert_eq!(audit(&forged).findings[0].cause.name(), "forged");
}

#[test]
fn a_lost_line_is_counted_and_leaves_a_gap() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("logs/custody.log");
    std::fs::create_dir(folder.path().join("logs")).expect("a folder");
    let journal = open(&config(path.clone()));
    std::fs::rename(folder.path().join("logs"), folder.path().join("away")).expect("movable");
    events(&journal);
    std::fs::rename(folder.path().join("away"), folder.path().join("logs")).expect("movable");
    events(&journal);
    let mut metrics = String::new();
    journal.expose(&mut metrics);
    assert!(metrics.contains("{outcome=\"lost\"} 6\n") && metrics.contains("{outcome=\"written\"} 7\n"), "{metrics}");
    drop(journal);
    let report = audit(&std::fs::read_to_string(&path).expect("a log"));
    assert_eq!(report.findings[0].cause.to_string(), "gap: numbers 2 to 7 of the chain are missing before it");
}

#[test]
fn a_torn_last_line_begins_another_chain() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("custody.log");
    events(&open(&config(path.clone())));
    let text = std::fs::read_to_string(&path).expect("a log");
    std::fs::write(&path, &text[..text.len() - 20]).expect("writable");
    drop(open(&config(path.clone())));
    let text = std::fs::read_to_string(&path).expect("a log");
    let report = audit(&text);
    let causes: Vec<_> = report.findings.iter().map(|finding| finding.cause.name()).collect();
    assert_eq!(causes.len(), 1, "only the torn line: {causes:?}");
    assert_eq!(text.lines().filter(|line| line.contains("\"decision\":\"begin\"")).count(), 2);
    assert_eq!((report.lines, report.sessions), (9, 2), "{report:?}");
}

#[test]
fn a_line_without_its_key_leaves_a_gap() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, key) = (folder.path().join("custody.log"), folder.path().join("audit.key"));
    std::fs::write(&key, KEY).expect("writable");
    let journal = open(&AuditConfig { key: SecretRef::File(key.clone()), ..config(path.clone()) });
    std::fs::remove_file(&key).expect("removable");
    journal.take(&Event::Kek { number: 4 });
    std::fs::write(&key, KEY).expect("writable");
    drop(journal);
    let report = audit(&std::fs::read_to_string(&path).expect("a log"));
    assert_eq!(report.findings[0].cause.to_string(), "gap: number 2 of the chain is missing before it");
}
