//! Viewers' tokens by keys that their issuer publishes.

use serde_json::{Value, json};

use crate::support::{Answer, MemoryHost, Object, START};

const ISSUER: &str = "https://issuer.example/jwks.json";
const BY_NAME: &str = "http://origin/jwks/main";

/// What jose made: see the gate's tests.
fn made() -> Value {
    serde_json::from_str(include_str!("../../../gate/tests/jwt/jose.json")).expect("JSON")
}

/// A token by the key of that id, which nobody has altered.
fn token(kid: &str) -> String {
    let made = made();
    let token = made["accepted"].as_array().expect("tokens").iter().find(|token| token["kid"] == kid);
    token.expect("a token")["token"].as_str().expect("text").to_owned()
}

/// A token whose header names that key, and that nobody has signed.
fn unsigned(kid: &str) -> String {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let header = URL_SAFE_NO_PAD.encode(json!({"alg": "ES256", "kid": kid}).to_string());
    format!("{header}.e30.AAAA")
}

/// The key set without the keys of those ids.
fn set_without(kids: &[&str]) -> Vec<u8> {
    let mut set = made()["jwks"].take();
    set["keys"].as_array_mut().expect("keys").retain(|key| !kids.iter().any(|kid| key["kid"] == *kid));
    set.to_string().into_bytes()
}

fn viewer(jwks: Value) -> Value {
    json!({"issuer": "https://accounts.example", "audience": "sluice", "jwks": jwks})
}

fn by_url() -> MemoryHost {
    let host = MemoryHost::new();
    host.config.borrow_mut()["viewer"] = viewer(json!({"url": ISSUER, "backend": "issuer"}));
    host.put(ISSUER, set_without(&[]));
    host
}

fn create(host: &MemoryHost, token: &str) -> Answer {
    let bearer = format!("Bearer {token}");
    host.call(http::Method::POST, "/v1/sessions", &[("authorization", &bearer)], br#"{"title":"film"}"#)
}

/// A request that verifies the token and makes nothing.
fn list(host: &MemoryHost, token: &str) -> Answer {
    host.get("/v1/sessions", &[("authorization", &format!("Bearer {token}"))])
}

/// How often a URL was asked for.
fn asked(host: &MemoryHost, url: &str) -> usize {
    host.fetches.borrow().iter().filter(|fetched| *fetched == url).count()
}

fn invalid() -> (u16, String) {
    (401, "token_invalid".to_owned())
}

#[test]
fn the_vectors_are_of_this_clock() {
    assert_eq!(made()["now"], START);
}

#[test]
fn a_set_is_fetched_once_and_kept_with_and_without_a_cache() {
    for has_cache in [false, true] {
        let host = by_url();
        host.has_cache.set(has_cache);
        for kid in ["es256", "rs256", "ps256", "eddsa", "rs256-4096"] {
            assert_eq!(create(&host, &token(kid)).status, 201, "{kid}");
        }
        assert_eq!(asked(&host, ISSUER), 1);
        let stored = host.kv.borrow().keys().any(|key| key.starts_with("jwks/"));
        assert_eq!(stored, !has_cache, "the store is for hosts that keep nothing");
        host.pass(299);
        assert_eq!(create(&host, &token("es256")).status, 201);
        assert_eq!(asked(&host, ISSUER), 1);
        host.pass(1);
        assert_eq!(create(&host, &token("es256")).status, 201);
        assert_eq!(asked(&host, ISSUER), 2);
        // Nothing else is asked for what no set can help.
        host.pass(300);
        let fetched = host.fetches.borrow().len();
        for token in ["a.b.c", ".", "x.e30.AAAA"] {
            assert_eq!(create(&host, token).problem(), invalid());
        }
        assert_eq!(create(&host, "lease-without-dots").problem(), invalid());
        assert_eq!(host.call(http::Method::POST, "/v1/sessions", &[], b"{}").problem().1, "token_missing");
        assert_eq!(host.fetches.borrow().len(), fetched);
    }
}

#[test]
fn unknown_keys_have_the_issuer_asked_once_in_a_while() {
    for has_cache in [false, true] {
        let host = by_url();
        host.has_cache.set(has_cache);
        host.put(ISSUER, set_without(&["es256"]));
        assert_eq!(create(&host, &token("eddsa")).status, 201);
        host.pass(30);
        // However many keys are named.
        for at in 0..1000 {
            assert_eq!(create(&host, &unsigned(&format!("kid-{at}"))).problem(), invalid());
        }
        assert_eq!(asked(&host, ISSUER), 2);
        // A new key is seen with the next asking.
        host.put(ISSUER, set_without(&[]));
        assert_eq!(create(&host, &token("es256")).problem(), invalid());
        host.pass(29);
        assert_eq!(create(&host, &token("es256")).problem(), invalid());
        assert_eq!(asked(&host, ISSUER), 2);
        host.pass(1);
        assert_eq!(create(&host, &token("es256")).status, 201);
        assert_eq!(asked(&host, ISSUER), 3);
        // And one that was withdrawn is gone with it.
        host.put(ISSUER, set_without(&["eddsa"]));
        assert_eq!(create(&host, &token("eddsa")).status, 201);
        host.pass(300);
        assert_eq!(create(&host, &token("eddsa")).problem(), invalid());
    }
}

#[test]
fn the_last_good_set_serves_for_an_hour_while_the_issuer_is_down() {
    let down = |object: Object, status: u16, code: &str| {
        let host = by_url();
        assert_eq!(list(&host, &token("es256")).status, 200);
        host.set(ISSUER, object);
        host.pass(3_599);
        let before = asked(&host, ISSUER);
        for _ in 0..100 {
            assert_eq!(list(&host, &token("es256")).status, 200);
            assert_eq!(list(&host, &unsigned("other")).problem(), invalid());
        }
        assert_eq!(asked(&host, ISSUER), before + 1, "{code}");
        host.pass(10);
        assert_eq!(list(&host, &token("es256")).problem(), (status, code.to_owned()));
        for _ in 0..100 {
            assert_eq!(list(&host, &token("es256")).problem().0, 502);
        }
        assert_eq!(asked(&host, ISSUER), before + 2, "{code}");
        // Back again; the token itself is over by now.
        host.put(ISSUER, set_without(&[]));
        host.pass(10);
        assert_eq!(list(&host, &token("es256")).problem().1, "token_expired");
    };
    down(Object::Fails(sluice_app::host::FetchError::Unreachable), 502, "origin_unreachable");
    down(Object::Fails(sluice_app::host::FetchError::Timeout), 504, "origin_timeout");
    down(Object::Status(500), 502, "origin_unreachable");
    down(Object::Status(404), 502, "origin_unreachable");
    down(Object::Status(302), 502, "origin_unreachable");
    down(Object::Bytes(b"<html>".to_vec()), 502, "origin_unreachable");
    down(Object::Bytes(vec![b' '; 64 * 1024 + 1]), 502, "origin_unreachable");
    down(Object::Short(set_without(&[])), 502, "origin_unreachable");
}

#[test]
fn an_issuer_that_never_answered_is_left_alone_for_a_while() {
    let host = by_url();
    host.set(ISSUER, Object::Status(500));
    for _ in 0..10 {
        assert_eq!(create(&host, &token("es256")).problem().0, 502);
    }
    assert_eq!(asked(&host, ISSUER), 1);
    host.pass(10);
    host.put(ISSUER, set_without(&[]));
    assert_eq!(create(&host, &token("es256")).status, 201);
}

#[test]
fn who_writes_the_store_makes_no_keys() {
    let host = by_url();
    host.put(ISSUER, set_without(&["es256"]));
    assert_eq!(create(&host, &token("eddsa")).status, 201);
    let (key, value) = {
        let kv = host.kv.borrow();
        let (key, value) = kv.iter().find(|(key, _)| key.starts_with("jwks/")).expect("a record");
        (key.clone(), serde_json::from_slice::<Value>(&value.0).expect("JSON"))
    };
    let whole = String::from_utf8(set_without(&[])).expect("text");
    for (member, forged) in [
        ("set", json!(whole)),
        ("fetched", json!(START + 1)),
        ("asked", json!(START + 1)),
        ("mac", json!("AAAA")),
        ("mac", json!("")),
    ] {
        let mut record = value.clone();
        record[member] = forged;
        host.kv.borrow_mut().insert(key.clone(), (record.to_string().into_bytes(), 0));
        let before = asked(&host, ISSUER);
        assert_eq!(create(&host, &token("es256")).problem(), invalid(), "{member}");
        assert_eq!(asked(&host, ISSUER), before + 1, "{member}: what is not ours is as good as nothing");
    }
    // Nor does a record of another set.
    host.kv.borrow_mut().insert(key, (value.to_string().into_bytes(), 0));
    let other = "https://issuer.example/other.json";
    host.config.borrow_mut()["viewer"] = viewer(json!({"url": other}));
    host.put(other, set_without(&["eddsa"]));
    let copied = host.kv.borrow().clone();
    assert_eq!(create(&host, &token("eddsa")).problem(), invalid());
    let theirs = host.kv.borrow().keys().find(|key| key.starts_with("jwks/") && !copied.contains_key(*key)).cloned();
    host.kv.borrow_mut().insert(theirs.expect("a record"), (value.to_string().into_bytes(), 0));
    assert_eq!(create(&host, &token("eddsa")).problem(), invalid());
}

#[test]
fn a_named_set_comes_through_the_origin() {
    let host = MemoryHost::new();
    host.config.borrow_mut()["viewer"] = viewer(json!({"name": "main"}));
    host.put("/jwks/main", set_without(&["es256"]));
    host.put("/jwks/main?refresh", set_without(&[]));
    assert_eq!(create(&host, &token("eddsa")).status, 201);
    assert_eq!((asked(&host, BY_NAME), asked(&host, "http://origin/jwks/main?refresh")), (1, 0));
    // The origin is told to look again for what it has not seen.
    host.pass(30);
    assert_eq!(create(&host, &token("es256")).status, 201);
    assert_eq!((asked(&host, BY_NAME), asked(&host, "http://origin/jwks/main?refresh")), (1, 1));
    // One that the origin does not know.
    host.config.borrow_mut()["viewer"] = viewer(json!({"name": "other"}));
    assert_eq!(create(&host, &token("es256")).problem(), (502, "origin_unreachable".to_owned()));
    assert!(host.log.borrow().iter().any(|line| line.contains("[jwks.other]")));
}

#[test]
fn each_issuer_has_its_own_set_and_what_is_not_supported_is_logged_by_name() {
    let host = by_url();
    let mut other = viewer(json!({"url": "https://other.example/jwks.json"}));
    other["issuer"] = "https://other.example".into();
    let ours = host.config.borrow()["viewer"].clone();
    host.config.borrow_mut()["viewer"] = json!([other, ours]);
    assert_eq!(create(&host, &token("es256")).status, 201);
    assert_eq!((asked(&host, ISSUER), asked(&host, "https://other.example/jwks.json")), (1, 0));
    for refused in made()["refused"].as_array().expect("tokens") {
        let answer = create(&host, refused["token"].as_str().expect("text"));
        assert_eq!(answer.problem(), invalid());
        if let Some(says) = refused["says"].as_str() {
            let log = host.log.borrow();
            assert!(log.last().is_some_and(|line| line.contains(says)), "{says}: {:?}", log.last());
            assert!(!String::from_utf8_lossy(&answer.body).contains(says));
        }
    }
}

#[test]
fn a_region_is_asked_where_something_is_played() {
    let host = by_url();
    // The issuer's own claim of the tier serves as a region here: no place, so the token is refused whole.
    host.config.borrow_mut()["viewer"]["claims"] = json!({"region": "tier"});
    assert_eq!(create(&host, &token("es256")).problem(), invalid());
    for (place, status) in [("DE", 201), ("AT", 403), ("DE-BY", 403)] {
        host.config.borrow_mut()["viewer"]["claims"] =
            json!({"region": {"claim": "tier", "map": [["premium", place]]}});
        host.client.borrow_mut().country = Some(*b"DE");
        let answer = create(&host, &token("es256"));
        assert_eq!(answer.status, status, "{place}");
        assert_eq!(list(&host, &token("es256")).status, 200, "its holder is its holder anywhere");
        host.client.borrow_mut().country = None;
        assert_eq!(create(&host, &token("es256")).problem(), (403, "geo_blocked".to_owned()), "{place}");
    }
}
