//! Common Access Tokens as grants of sessions.

use http::Method;
use serde_json::json;
use sluice_app::host::Ordering;
use sluice_gate::grant::cat::{CatAlgorithm, cbor::Value, hs256, mint};

use crate::support::*;

fn host() -> MemoryHost {
    let host = MemoryHost::new();
    host.config.borrow_mut()["cat"] =
        json!({"issuer": "i", "tier": "premium", "keys": [{"kid": "k", "alg": "HS256", "secret": "cat_secret"}]});
    host
}

fn token(claims: Vec<(i64, Value<'_>)>) -> String {
    let mut all = vec![(1, Value::Text("i")), (2, Value::Text("anna")), (4, Value::Int(START as i64 + 600))];
    all.extend(claims);
    let claims = Value::Map(all.into_iter().map(|(label, value)| (Value::Int(label), value)).collect());
    mint(CatAlgorithm::Hs256, b"k", &claims, |message| Some(hs256(CAT_SECRET.as_bytes(), message))).expect("a token")
}

fn map(entries: Vec<(i64, Value<'_>)>) -> Value<'_> {
    Value::Map(entries.into_iter().map(|(label, value)| (Value::Int(label), value)).collect())
}

fn create(host: &MemoryHost, query: &str, headers: &[(&str, &str)]) -> Answer {
    let body = json!({"title": "film", "device": "tv"}).to_string();
    let headers = [headers, &[JSON]].concat();
    host.call(Method::POST, &format!("/v1/sessions{query}"), &headers, body.as_bytes())
}

const HEADER: &str = "cta-common-access-token";
/// Without it, what is no Bearer token opens nothing.
const JSON: (&str, &str) = ("content-type", "application/json");

#[test]
fn a_token_opens_a_session_by_header_query_or_cookie() {
    let path = |path| (312, map(vec![(3, map(vec![(1, Value::Text(path))]))]));
    let good = token(vec![path("/v1/film/")]);
    let cookie = format!("a=b; CTA-Common-Access-Token={good}");
    for answer in [
        create(&host(), "", &[(HEADER, &good)]),
        create(&host(), &format!("?CAT={good}"), &[]),
        create(&host(), "", &[("cookie", &cookie)]),
    ] {
        assert_eq!(answer.status, 201, "{:?}", answer.json());
        // It ends with the token.
        assert_eq!(answer.json()["ends"], START + 600);
    }
    let host = host();
    let code = |answer: Answer| answer.problem();
    assert_eq!(code(create(&host, &format!("?CAT={good}"), &[(HEADER, &good)])), (401, "token_invalid".to_owned()));
    assert_eq!(code(create(&host, "", &[])), (401, "token_missing".to_owned()));
    let other = token(vec![path("/v1/other/")]);
    assert_eq!(code(create(&host, "", &[(HEADER, &other)])), (403, "title_mismatch".to_owned()));
    host.pass(600);
    assert_eq!(code(create(&host, "", &[(HEADER, &good)])), (401, "token_expired".to_owned()));
}

#[test]
fn what_is_not_enforced_is_named_in_the_log_alone() {
    let host = host();
    let answer = create(&host, "", &[(HEADER, &token(vec![(321, map(vec![]))]))]);
    assert!(!String::from_utf8_lossy(&answer.body).contains("catdpop"));
    assert_eq!(answer.problem(), (401, "token_invalid".to_owned()));
    assert!(host.log.borrow().iter().any(|line| line.contains("catdpop")), "{:?}", host.log.borrow());
}

#[test]
fn a_token_that_counts_once_opens_one_session() {
    for conditional in [false, true] {
        let host = host();
        host.ordering.set(if conditional { Ordering::Generation } else { Ordering::Eventual });
        let once = token(vec![(7, Value::Bytes(b"one")), (308, Value::Int(1))]);
        assert_eq!(create(&host, "", &[(HEADER, &once)]).status, 201);
        assert_eq!(create(&host, "", &[(HEADER, &once)]).problem(), (401, "token_invalid".to_owned()));
        assert!(host.log.borrow().iter().any(|line| line.contains("shown before")));
        // The list of sessions is no session.
        assert_eq!(host.get("/v1/sessions", &[(HEADER, &once)]).status, 200);
        // A title that the viewer may not see does not use it up.
        let second = token(vec![(7, Value::Bytes(b"two")), (308, Value::Int(1))]);
        let body = json!({"title": "unknown"}).to_string();
        assert_eq!(host.call(Method::POST, "/v1/sessions", &[JSON, (HEADER, &second)], body.as_bytes()).status, 404);
        host.store_down.set(true);
        assert_eq!(create(&host, "", &[(HEADER, &second)]).status, 503);
        host.store_down.set(false);
        // Another device, for the store in memory has no generations by which a slot could be written again.
        let body = json!({"title": "film", "device": "phone"}).to_string();
        assert_eq!(host.call(Method::POST, "/v1/sessions", &[JSON, (HEADER, &second)], body.as_bytes()).status, 201);
    }
}

#[test]
fn a_token_whose_reuse_is_to_be_noticed_is_noticed() {
    let host = host();
    let noticed = token(vec![(7, Value::Bytes(b"one")), (308, Value::Int(2))]);
    let reuses = || host.log.borrow().iter().filter(|line| line.contains("\"reuse\"")).count();
    assert_eq!((create(&host, "", &[(HEADER, &noticed)]).status, reuses()), (201, 0));
    assert_eq!((create(&host, "", &[(HEADER, &noticed)]).status, reuses()), (201, 1));
}

#[test]
fn a_renewal_comes_with_the_session() {
    let catr = |kind| (323, map(vec![(0, Value::Int(kind)), (1, Value::Int(3600)), (2, Value::Int(600))]));
    let host = host();
    let answer = create(&host, "", &[(HEADER, &token(vec![catr(2)]))]);
    let renewed = answer.header(HEADER).expect("a renewal").to_owned();
    host.pass(600);
    let later = create(&host, "", &[(HEADER, &renewed)]);
    assert_eq!((later.status, later.json()["ends"].as_u64()), (201, Some(START + 3600)));
    host.now.set(START);
    let answer = create(&host, "", &[(HEADER, &token(vec![catr(1)]))]);
    let cookies: Vec<_> =
        answer.headers.get_all("set-cookie").iter().map(|value| value.to_str().expect("text")).collect();
    assert!(
        matches!(cookies[..], [lease, cat] if lease.starts_with("sluice-lease=") && cat.starts_with("CTA-Common-Access-Token="))
    );
    // Too early.
    assert_eq!(
        create(&host, "", &[(HEADER, &token(vec![(323, map(vec![(0, Value::Int(2)), (1, Value::Int(3600))]))]))])
            .header(HEADER),
        None
    );
}

#[test]
fn a_configuration_that_gives_no_keys_is_said_in_the_log() {
    let host = host();
    host.config.borrow_mut()["cat"]["keys"][0]["secret"] = json!("none");
    assert_eq!(create(&host, "", &[(HEADER, "x")]).status, 500);
    assert!(host.log.borrow().iter().any(|line| line.contains("none")));
    let host = self::host();
    host.config.borrow_mut()["cat"]["keys"][0]["alg"] = json!("ES256");
    assert_eq!(create(&host, "", &[(HEADER, "x")]).status, 500);
    assert!(host.log.borrow().iter().any(|line| line.contains("cat: key") && line.contains("takes public_key")));
}

#[test]
fn a_listed_key_opens_nothing_by_the_name_that_the_document_gives_it() {
    for name in ["k", "hex:6b"] {
        let host = host();
        host.config.borrow_mut()["cat"]["keys"][0]["kid"] = json!(name);
        // It renews itself, which helps it no more.
        let catr = (323, map(vec![(0, Value::Int(2)), (1, Value::Int(3600)), (2, Value::Int(600))]));
        let created = create(&host, "", &[(HEADER, &token(vec![catr]))]);
        let renewed = created.header(HEADER).expect("a renewal").to_owned();
        let segment = format!("{}/cenc/t-en/1.vtt?v=1", MemoryHost::handle_path(&created));
        assert_eq!(host.get(&segment, &[]).status, 200);
        host.config.borrow_mut()["denylist"] = json!({"kids": [name]});
        let answer = create(&host, "", &[(HEADER, &renewed)]);
        assert_eq!(answer.header(HEADER), None);
        assert_eq!(answer.problem(), (401, "token_invalid".to_owned()));
        assert_eq!(host.get(&segment, &[]).problem(), (410, "session_ended".to_owned()));
    }
}
