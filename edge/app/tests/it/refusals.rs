//! What is wrong gets the contract's status and code, and never a byte of media.

use super::support::{MemoryHost, Object, START, descriptor};
use http::Method;
use serde_json::{Value, json};
use sluice_app::host::FetchError;

fn post(host: &MemoryHost, token: &str, body: &str) -> (u16, String) {
    let answer =
        host.call(Method::POST, "/v1/sessions", &[("authorization", &format!("Bearer {token}"))], body.as_bytes());
    if answer.status == 201 { (201, String::new()) } else { answer.problem() }
}

fn code(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[test]
fn viewer_tokens() {
    let host = MemoryHost::new();
    let film = r#"{"title":"film"}"#;
    let with = |claims: Value| post(&host, &host.viewer_with(&claims), film);
    let good = json!({"iss": "test", "sub": "ann", "tier": "premium", "exp": START + 60});
    let but = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        with(claims)
    };
    assert_eq!(with(good.clone()).0, 201);
    assert_eq!(but("exp", json!(START - 60)), code(401, "token_expired"));
    assert_eq!(but("nbf", json!(START + 600)), code(401, "token_invalid"));
    assert_eq!(but("iss", json!("another")), code(401, "token_invalid"));
    assert_eq!(but("exp", Value::Null), code(401, "token_invalid"));
    assert_eq!(but("titles", json!(["another"])), code(403, "not_entitled"));
    let token = host.viewer("ann");
    for forged in ["", "x", "a.b.c", &token[..token.len() - 2], &format!("{token}A"), "eyJhbGciOiJub25lIn0.e30."] {
        assert_eq!(post(&host, forged, film).0, 401, "{forged}");
    }
    let none = host.call(Method::POST, "/v1/sessions", &[], film.as_bytes());
    assert_eq!(none.problem(), code(401, "token_missing"));
    assert_eq!(none.header("www-authenticate"), Some("Bearer"));
    for body in ["", "{", "[]", r#"{"title":3}"#, &format!(r#"{{"title":"film","device":"{}"}}"#, "d".repeat(65))] {
        assert_eq!(post(&host, &token, body), code(400, "bad_request"), "{body}");
    }
    for title in ["another", "sessions", "../film", "Film"] {
        assert_eq!(post(&host, &token, &json!({"title": title}).to_string()), code(404, "unknown_title"), "{title}");
    }
}

#[test]
fn rights() {
    let host = MemoryHost::new();
    let with = |rights: Value| {
        host.describe(&descriptor(&["clearkey"], rights));
        post(&host, &host.viewer("ann"), r#"{"title":"film"}"#)
    };
    assert_eq!(with(json!({})), code(404, "unknown_title"));
    assert_eq!(with(json!({"state": "tombstoned"})), code(404, "unknown_title"));
    assert_eq!(
        with(json!({"state": "published", "windows": [{"from": START + 9, "until": START + 99}]})),
        code(403, "rights_window")
    );
    assert_eq!(with(json!({"state": "published", "windows": [{"from": START, "until": START + 99}]})).0, 201);
    assert_eq!(with(json!({"state": "published", "tiers": [{"name": "gold"}]})), code(403, "not_entitled"));
    assert_eq!(
        with(json!({"state": "published", "countries": {"allow": ["SE"]}})),
        code(403, "geo_blocked"),
        "unknown country"
    );
    assert_eq!(
        with(json!({"state": "published", "countries": {"allow": ["XXX"]}})),
        code(502, "origin_unreachable"),
        "no policy"
    );
    host.client.borrow_mut().country = Some(*b"SE");
    assert_eq!(with(json!({"state": "published", "countries": {"allow": ["SE"]}})).0, 201);
    assert_eq!(with(json!({"state": "published", "countries": {"deny": ["SE"]}})), code(403, "geo_blocked"));
}

#[test]
fn the_proxys_country_counts_only_beside_its_secret() {
    let host = MemoryHost::new();
    host.describe(&descriptor(&["clearkey"], json!({"state": "published", "countries": {"allow": ["SE"]}})));
    let bearer = format!("Bearer {}", host.viewer("ann"));
    let from = |secret: &str| {
        let headers = [("authorization", bearer.as_str()), ("x-country", "SE"), ("x-proxy", secret)];
        host.call(Method::POST, "/v1/sessions", &headers, br#"{"title":"film"}"#).status
    };
    assert_eq!((from("trusted"), from("guessed")), (201, 403));
}

#[test]
fn a_handle_from_another_country_is_refused() {
    let host = MemoryHost::new();
    host.client.borrow_mut().country = Some(*b"SE");
    let path = format!("{}/cenc/t-en/1.vtt?v=1", MemoryHost::handle_path(&host.create("ann", "tv")));
    assert_eq!(host.get(&path, &[]).status, 200);
    host.client.borrow_mut().country = Some(*b"NO");
    assert_eq!(host.get(&path, &[]).problem(), code(403, "geo_blocked"));
}

#[test]
fn paths_methods_and_queries() {
    let host = MemoryHost::new();
    let created = host.create("ann", "tv");
    let base = MemoryHost::handle_path(&created);
    let get = |path: &str| host.get(&format!("{base}{path}"), &[]).problem();
    assert_eq!(get("/cenc/t-en/3.vtt?v=1"), code(404, "unknown_segment"));
    assert_eq!(get("/cenc/t-en/1.m4s?v=1"), code(404, "unknown_segment"));
    assert_eq!(get("/cenc/t-en/1.vtt?v=2"), code(404, "unknown_version"));
    assert_eq!(get("/cenc/t-en/1.vtt"), code(404, "unknown_version"));
    assert_eq!(get("/cenc/v9/1.m4s?v=1"), code(404, "unknown_track"));
    assert_eq!(get("/cenc/v9.m3u8"), code(404, "unknown_track"));
    assert_eq!(get("/clear/t-en/1.vtt?v=1"), code(403, "not_entitled"));
    assert_eq!(get("/cenc/main.m3u8?ks=acme"), code(400, "bad_request"));
    assert_eq!(get("/cenc/main.m3u8?max_height=tall"), code(400, "bad_request"));
    assert_eq!(get("/cenc/main.m3u8?codecs=%22"), code(400, "bad_request"));
    assert_eq!(get("/cenc/../cbcs/main.m3u8"), code(404, "unknown_route"));
    assert_eq!(get("/cenc%2fmain.m3u8"), code(404, "unknown_route"));
    assert_eq!(
        host.get(&format!("{base}/cenc/main.m3u8?x={}", "y".repeat(8192)), &[]).problem(),
        code(400, "bad_request")
    );
    let put = host.call(Method::PUT, "/v1/film/cenc/main.m3u8", &[], b"");
    assert_eq!((put.problem(), put.header("allow")), (code(405, "method_not_allowed"), Some("GET, HEAD, OPTIONS")));
    assert_eq!(host.get("/v1/film/cenc/main.m3u8", &[]).problem(), code(401, "token_missing"));
    assert_eq!(
        host.get("/v1/nothing/cenc/main.m3u8", &[]).problem(),
        code(401, "token_missing"),
        "the token before existence"
    );
    let lease = format!("Bearer {}", created.json()["lease"].as_str().expect("lease"));
    assert_eq!(
        host.get("/v1/another/cenc/main.m3u8", &[("authorization", &lease)]).problem(),
        code(403, "title_mismatch")
    );
    let handle = base.split('/').nth(1).expect("handle");
    assert_eq!(host.get(&format!("/{handle}/v1/another/cenc/main.m3u8"), &[]).problem(), code(403, "title_mismatch"));
    assert_eq!(
        host.get("/~AAAA/v1/film/cenc/main.m3u8", &[("authorization", &lease)]).problem(),
        code(401, "token_invalid"),
        "the path wins"
    );
    let lease_as_handle = format!("/~{}/v1/film/cenc/main.m3u8", created.json()["lease"].as_str().expect("lease"));
    assert_eq!(host.get(&lease_as_handle, &[]).problem(), code(401, "token_invalid"));
}

#[test]
fn a_broken_origin() {
    let host = MemoryHost::new();
    let base = MemoryHost::handle_path(&host.create("ann", "tv"));
    let segment = format!("{base}/cenc/t-en/1.vtt?v=1");
    let path = "/titles/film/1/t-en/1.vtt";
    let with = |object: Object| {
        host.set(path, object);
        host.get(&segment, &[])
    };
    assert_eq!(with(Object::Status(500)).problem(), code(502, "origin_unreachable"));
    assert_eq!(with(Object::Status(404)).problem(), code(502, "origin_unreachable"));
    assert_eq!(with(Object::Fails(FetchError::Unreachable)).problem(), code(502, "origin_unreachable"));
    assert_eq!(with(Object::Fails(FetchError::Timeout)).problem(), code(504, "origin_timeout"));
    assert_eq!(with(Object::Breaks(Vec::new(), FetchError::Timeout)).problem(), code(504, "origin_timeout"));
    let broken = with(Object::Breaks(b"WEBVTT".to_vec(), FetchError::Cut));
    assert!(broken.status == 200 && broken.aborted);
    assert!(with(Object::Short(b"WEBVTT".to_vec())).aborted);
    for (document, bytes) in [("descriptor.json", "{"), ("descriptor.json", r#"{"v":2}"#)] {
        host.put(&format!("/titles/film/{document}"), bytes.as_bytes().to_vec());
        assert_eq!(host.get(&format!("{base}/cenc/main.m3u8"), &[]).problem(), code(502, "origin_unreachable"));
    }
    host.put("/titles/film/1/t-en/record.json", b"{}".to_vec());
    assert_eq!(host.get(&segment, &[]).problem(), code(502, "origin_unreachable"));
    host.put("/titles/film/1/t-en/record.json", vec![b' '; 300 << 10]);
    assert_eq!(host.get(&segment, &[]).problem(), code(502, "origin_unreachable"));
}

#[test]
fn keys_that_cannot_be_had() {
    let host = MemoryHost::new();
    let base = MemoryHost::handle_path(&host.create("ann", "tv"));
    let key = format!("{base}/key/{}", super::support::KID);
    let with = |object: Object| {
        host.set("/titles/film/1/keys/cenc", object);
        host.get(&key, &[]).problem()
    };
    assert_eq!(with(Object::Status(503)), code(503, "key_unavailable"));
    assert_eq!(with(Object::Status(404)), code(503, "key_unavailable"));
    let altered = json!({"keys": [{"kid": super::support::KID, "wrapped": "A".repeat(60)}]}).to_string();
    assert_eq!(with(Object::Bytes(altered.into_bytes())), code(503, "key_unavailable"));
    assert_eq!(with(Object::Fails(FetchError::Timeout)), code(504, "origin_timeout"));
    assert_eq!(host.get(&format!("{base}/key/{}", "9".repeat(32)), &[]).problem(), code(403, "not_entitled"));
}

#[test]
fn conditional_requests_ranges_and_cors() {
    let host = MemoryHost::new();
    let segment = format!("{}/cenc/t-en/1.vtt?v=1", MemoryHost::handle_path(&host.create("ann", "tv")));
    let whole = host.get(&segment, &[]);
    let etag = whole.header("etag").expect("etag").to_owned();
    assert_eq!(host.get(&segment, &[("if-none-match", &etag)]).status, 304);
    let part = host.get(&segment, &[("range", "bytes=2-4")]);
    assert_eq!((part.status, part.body.as_slice()), (206, &whole.body[2..5]));
    assert_eq!(part.header("content-range"), Some(format!("bytes 2-4/{}", whole.body.len()).as_str()));
    let beyond = host.get(&segment, &[("range", "bytes=9999-")]);
    assert_eq!(beyond.problem(), code(416, "range_unsatisfiable"));
    assert_eq!(beyond.header("content-range"), Some(format!("bytes */{}", whole.body.len()).as_str()));
    let head = host.call(Method::HEAD, &segment, &[], b"");
    assert_eq!((head.status, head.header("content-length"), head.body.len()), (200, whole.header("content-length"), 0));
    let page = [("origin", "https://tv.example")];
    let open = host.get(&segment, &page);
    assert_eq!(open.header("access-control-allow-origin"), Some("https://tv.example"));
    assert_eq!(open.header("access-control-allow-credentials"), Some("true"));
    assert_eq!(open.header("vary"), Some("Origin"));
    let foreign = host.get(&segment, &[("origin", "https://evil.example")]);
    assert_eq!(foreign.header("access-control-allow-origin"), None);
    let preflight = host.call(Method::OPTIONS, "/v1/sessions", &page, b"");
    assert_eq!((preflight.status, preflight.header("access-control-allow-methods")), (204, Some("GET, POST, OPTIONS")));
    assert_eq!(
        host.get("/v1/nowhere", &page).header("access-control-allow-origin"),
        Some("https://tv.example"),
        "errors are readable too"
    );
}
