//! The decision log: chains, forks, samples, refusals, and what is never in it.

use http::Method;
use serde_json::{Value, json};
use sluice_app::host::Ordering;
use sluice_gate::log::{
    Line,
    audit::{Allowed, Audit, Report},
};

use super::iframes::title;
use super::support::{Answer, KEY, KID, LEASE, MemoryHost, VIEWER_SECRET};

fn audit(lines: &[Line]) -> Report {
    let mut audit = Audit::new(Allowed::default());
    for (number, line) in (1..).zip(lines) {
        audit.take(number, line);
    }
    audit.finish()
}

fn decisions(lines: &[Line]) -> Vec<(&str, Option<u64>)> {
    lines.iter().map(|line| (line.decision.as_str(), line.n)).collect()
}

fn by_handle(created: &Answer) -> String {
    format!("{}/cenc/t-en/1.vtt?v=1", MemoryHost::handle_path(created))
}

fn key(created: &Answer) -> String {
    format!("{}/key/{KID}", MemoryHost::handle_path(created))
}

fn end(host: &MemoryHost, created: &Answer) -> u16 {
    let bearer = format!("Bearer {}", host.viewer("ann"));
    let session = created.json()["session"].as_str().expect("a session").to_owned();
    host.call(Method::DELETE, &format!("/v1/sessions/{session}"), &[("authorization", &bearer)], b"").status
}

#[test]
fn a_session_has_a_chain_from_its_mint_to_its_end() {
    for ordered in [false, true] {
        let host = MemoryHost::new();
        host.ordering.set(if ordered { Ordering::Generation } else { Ordering::Eventual });
        let created = host.create("ann", "tv");
        assert_eq!(host.get(&key(&created), &[]).status, 200);
        host.pass(LEASE / 2);
        host.writes.set(0);
        assert_eq!(host.get(&by_handle(&created), &[]).status, 200);
        assert_eq!(host.writes.get(), 2, "the slot and the record: the log adds none");
        assert_eq!(host.get(&by_handle(&created), &[]).status, 200);
        assert_eq!(host.writes.get(), 2);
        let kid = base64_url(&KID.0);
        let license = format!("{}/license/clearkey", MemoryHost::handle_path(&created));
        let wanted = json!({"kids": [kid], "type": "temporary"}).to_string();
        assert_eq!(host.call(Method::POST, &license, &[], wanted.as_bytes()).status, 200);
        assert_eq!(end(&host, &created), 204);
        let lines = host.decisions();
        let chain = [("mint", Some(1)), ("key", Some(2)), ("renew", Some(3)), ("license", Some(4)), ("end", Some(5))];
        assert_eq!(decisions(&lines), chain);
        let report = audit(&lines);
        assert_eq!((report.complete, report.findings.len()), (1, 0));
    }
}

#[test]
fn a_device_that_comes_back_and_an_administrator_end_chains() {
    let host = MemoryHost::new();
    host.create("ann", "tv");
    let again = host.create("ann", "tv");
    assert_eq!(host.revoke(&json!({"session": again.json()["session"]})).status, 200);
    host.create("bob", "tv");
    assert_eq!(host.revoke(&json!({"account": "bob"})).status, 200);
    let lines = host.decisions();
    let said: Vec<_> = lines.iter().map(|line| (line.decision.as_str(), line.n, line.detail.as_deref())).collect();
    let before = format!("before {}", host.now.get() + 1);
    assert_eq!(
        said,
        [
            ("mint", Some(1), None),
            ("mint", Some(1), None),
            ("end", Some(2), Some("displaced")),
            ("revoke", Some(2), Some("revoked")),
            ("mint", Some(1), None),
            ("revoke", None, Some(before.as_str())),
            ("revoke", Some(2), Some("revoked")),
        ]
    );
    let report = audit(&lines);
    assert_eq!((report.complete, report.findings.len()), (3, 0));
    assert!(lines[5].account.is_some() && lines[5].account == lines[4].account);
}

#[test]
fn parallel_licences_follow_each_other_or_fork_in_the_open() {
    for ordered in [false, true] {
        let host = MemoryHost::new();
        host.ordering.set(if ordered { Ordering::Generation } else { Ordering::Eventual });
        let created = host.create("ann", "tv");
        let path = key(&created);
        *host.meanwhile.borrow_mut() = Some(Box::new({
            let path = path.clone();
            move |host| assert_eq!(host.get(&path, &[]).status, 200)
        }));
        assert_eq!(host.get(&path, &[]).status, 200);
        assert_eq!(end(&host, &created), 204);
        let lines = host.decisions();
        let report = audit(&lines);
        assert!(report.first_break().is_none(), "{report:?}");
        if ordered {
            assert_eq!(decisions(&lines), [("mint", Some(1)), ("key", Some(2)), ("key", Some(3)), ("end", Some(4))]);
            assert_eq!(report.complete, 1);
        } else {
            assert_eq!(decisions(&lines), [("mint", Some(1)), ("key", Some(2)), ("key", Some(2)), ("end", Some(3))]);
            assert_eq!((report.forked, report.findings[0].cause.name()), (1, "fork"));
        }
    }
}

#[test]
fn parallel_renewals_in_an_ordered_store_are_one() {
    let host = MemoryHost::new();
    host.ordering.set(Ordering::Generation);
    let created = host.create("ann", "tv");
    host.pass(LEASE / 2);
    let path = by_handle(&created);
    *host.meanwhile.borrow_mut() = Some(Box::new({
        let path = path.clone();
        move |host| assert_eq!(host.get(&path, &[]).status, 200)
    }));
    assert_eq!(host.get(&path, &[]).status, 200);
    assert_eq!(decisions(&host.decisions()), [("mint", Some(1)), ("renew", Some(2))]);
}

#[test]
fn a_session_that_goes_on_without_the_store_says_so_alone() {
    let host = MemoryHost::new();
    let created = host.create("ann", "tv");
    let path = key(&created);
    // The store takes no more from here on: the key's line stands alone.
    *host.meanwhile.borrow_mut() = Some(Box::new(|host| host.store_down.set(true)));
    assert_eq!(host.get(&path, &[]).status, 200);
    let lines = host.decisions();
    assert_eq!(decisions(&lines), [("mint", Some(1)), ("key", None)]);
    assert_eq!(lines[1].session, lines[0].session);
    host.store_down.set(false);
    assert_eq!(end(&host, &created), 204);
    assert_eq!(audit(&host.decisions()).findings, []);
}

#[test]
fn refusals_name_the_session_of_a_token_that_is_ours() {
    let host = MemoryHost::new();
    host.client.borrow_mut().address = "192.0.2.1".parse().ok();
    let created = host.create("ann", "tv");
    let session = host.decisions()[0].session;
    let lease = created.json()["lease"].as_str().expect("a lease").to_owned();
    host.pass(LEASE);
    let bearer = format!("Bearer {lease}");
    host.get("/v1/film/cbcs/t-en/1.vtt?v=1", &[("authorization", &bearer)]);
    host.client.borrow_mut().address = "198.51.100.1".parse().ok();
    let other = by_handle(&created).replace("/film/", "/other/");
    host.get(&other, &[]);
    host.get("/v1/film/cbcs/t-en/1.vtt?v=1", &[("authorization", "Bearer x")]);
    host.get("/nothing?token=secret", &[]);
    let lines = host.decisions();
    let said: Vec<_> =
        lines[1..].iter().map(|line| (line.decision.as_str(), line.status, line.session == session)).collect();
    assert_eq!(
        said,
        [
            ("token_expired", Some(401), true),
            ("title_mismatch", Some(403), true),
            ("token_invalid", Some(401), false),
            ("unknown_route", Some(404), false),
        ]
    );
    assert!(lines[1].network.is_some() && lines[1].network == lines[0].network && lines[1].network != lines[2].network);
    assert_eq!(lines[3].network, None);
    assert_eq!(lines[2].path.as_deref(), Some("/v1/other/cenc/t-en/1.vtt"));
}

#[test]
fn nothing_in_a_line_names_a_viewer_or_opens_a_title() {
    let host = MemoryHost::new();
    host.client.borrow_mut().address = "192.0.2.123".parse().ok();
    let grant = host.viewer("ann-of-the-house");
    let created = host.create("ann-of-the-house", "her-telly");
    let handle = MemoryHost::handle_path(&created)[2..].split('/').next().expect("a handle").to_owned();
    let cookie = created.cookie().expect("a cookie");
    host.get(&key(&created), &[]);
    host.get("/v1/film/cbcs/t-en/9.vtt?v=1", &[("cookie", &cookie)]);
    host.revoke(&json!({"account": "ann-of-the-house"}));
    host.get(&by_handle(&created), &[("authorization", &format!("Bearer {grant}"))]);
    let log = host.log.borrow().join("\n");
    let admin = host.administrator(&json!({}));
    let lease = cookie.strip_prefix("sluice-lease=").expect("a lease");
    for secret in
        ["ann-of", "her-telly", "192.0.2", &handle, lease, &grant, &admin, VIEWER_SECRET, &base64_url(&KEY), "ops"]
    {
        assert!(!log.contains(secret), "{secret}");
    }
    assert!(log.lines().count() >= 6);
}

#[test]
fn segments_are_logged_as_the_document_says_and_cost_no_store() {
    let (host, _) = title(false);
    let created = host.create("ann", "tv");
    let cookie = created.cookie().expect("a cookie");
    let segment = |headers: &[(&str, &str)], method: Method| {
        let headers: Vec<_> = headers.iter().copied().chain([("cookie", cookie.as_str())]).collect();
        host.call(method, "/v1/film/cenc/v1/1.m4s?v=1", &headers, b"")
    };
    let share = |share: Value| host.config.borrow_mut()["log"] = json!({"segments": share});
    let logged = |host: &MemoryHost| host.decisions().split_off(1);
    share(json!(0));
    let whole = segment(&[], Method::GET);
    assert_eq!((whole.status, logged(&host).len()), (200, 0));
    share(json!(1.0));
    host.reads.set(0);
    host.writes.set(0);
    segment(&[], Method::GET);
    assert_eq!((host.reads.get(), host.writes.get()), (0, 0));
    segment(&[("if-none-match", whole.header("etag").expect("an ETag"))], Method::GET);
    segment(&[], Method::HEAD);
    let lines = logged(&host);
    assert_eq!(decisions(&lines), [("segment", None)], "neither what was there already nor a head");
    let media = lines[0].media.clone().expect("media");
    assert_eq!((media.title.as_str(), media.delivery.as_str(), media.track.as_str()), ("film", "cenc", "v1"));
    assert_eq!((media.kind.as_str(), media.segment, media.ppm), ("video", 1, 1_000_000));
    assert!(media.duration > 0);
    assert!(lines[0].session.is_some() && lines[0].account.is_some());
    // In two halves, it is as long as at once.
    let half = whole.body.len() / 2;
    for range in [format!("bytes=0-{}", half - 1), format!("bytes={half}-")] {
        assert_eq!(segment(&[("range", &range)], Method::GET).status, 206);
    }
    let durations = |lines: &[Line]| lines.iter().filter_map(|line| line.media.as_ref()).map(|of| of.duration).sum();
    let sum: u64 = durations(&logged(&host)[1..]);
    assert!(sum.abs_diff(media.duration) <= 1, "{sum}");
    // The track as one file, of which that segment is the last part.
    let file = host.get("/v1/film/cenc/v1.mp4?v=1", &[("cookie", &cookie), ("range", "bytes=0-99999999")]);
    assert_eq!(file.status, 206);
    assert_eq!(durations(&logged(&host)[3..]), media.duration);
    share(json!(1.5));
    assert_eq!(segment(&[], Method::GET).problem(), (500, "internal".to_owned()));
}

#[test]
fn without_a_root_refusals_are_unsigned() {
    let host = MemoryHost::new();
    host.config.borrow_mut()["v"] = json!(2);
    assert_eq!(host.get("/healthz", &[]).status, 500);
    let roots = sluice_gate::Roots::new(&[0xab; 32], None).expect("roots");
    assert!(sluice_gate::log::open(&roots, &host.log.borrow()[0]).is_ok(), "a document that is wrong takes no root");
    host.rootless.set(true);
    host.get("/healthz", &[]);
    let unsigned = sluice_gate::log::open(&roots, &host.log.borrow()[1]);
    assert_eq!(unsigned, Err(sluice_gate::log::LineError::Unsigned));
    let line: Value = serde_json::from_str(&host.log.borrow()[1]).expect("JSON");
    assert_eq!((&line["decision"], &line["status"]), (&json!("internal"), &json!(500)));
}

fn base64_url(bytes: &[u8]) -> String {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    URL_SAFE_NO_PAD.encode(bytes)
}
