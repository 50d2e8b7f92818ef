//! Sessions, leases and handles over a clock set by hand and a store that counts.

use super::support::{KEY, KID, LEASE, MemoryHost, START, descriptor};
use http::Method;
use serde_json::json;

const SEGMENT: &str = "/v1/film/cbcs/t-en/1.vtt?v=1";

#[test]
fn a_session_is_minted_with_both_carriages() {
    let host = MemoryHost::new();
    let created = host.create("ann", "tv");
    assert_eq!(created.status, 201, "{}", String::from_utf8_lossy(&created.body));
    let object = created.json();
    assert_eq!(object["title"], "film");
    assert_eq!(object["expires"], START + LEASE);
    assert!(object["license"]["clearkey"].as_str().expect("url").starts_with("https://edge.example/~"));
    let cookie = created.header("set-cookie").expect("cookie");
    for part in ["sluice-lease=", "Path=/v1/film", "Secure", "HttpOnly", "SameSite=None", "Partitioned"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert_eq!(host.get(SEGMENT, &[("cookie", &created.cookie().expect("cookie"))]).status, 200);
    assert_eq!(host.get(&format!("{}/cenc/t-en/2.vtt?v=1", MemoryHost::handle_path(&created)), &[]).status, 200);
    let lease = object["lease"].as_str().expect("lease").to_owned();
    assert_eq!(host.get(SEGMENT, &[("authorization", &format!("Bearer {lease}"))]).status, 200);
}

#[test]
fn a_cookie_costs_no_store_until_it_is_due_and_outlives_its_leases() {
    let host = MemoryHost::new();
    let mut cookie = host.create("ann", "tv").cookie().expect("cookie");
    host.reads.set(0);
    assert_eq!(host.get(SEGMENT, &[("cookie", &cookie)]).status, 200);
    assert_eq!(host.reads.get(), 0);
    let first = cookie.clone();
    for _ in 0..12 {
        host.pass(LEASE / 3 + 1);
        let answer = host.get(SEGMENT, &[("cookie", &cookie)]);
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("cache-control"), Some("private, no-store"));
        cookie = answer.cookie().expect("renewed");
    }
    assert_eq!(host.get(SEGMENT, &[("cookie", &first)]).problem(), (401, "token_expired".to_owned()));
    let lease = cookie.strip_prefix("sluice-lease=").expect("cookie").to_owned();
    let session = host.log.borrow()[0].split("\"session\":\"").nth(1).expect("session")[..32].to_owned();
    let deleted = host.call(
        Method::DELETE,
        &format!("/v1/sessions/{session}"),
        &[("authorization", &format!("Bearer {lease}"))],
        b"",
    );
    assert_eq!(deleted.status, 204);
    host.pass(LEASE / 3 + 1);
    assert_eq!(host.get(SEGMENT, &[("cookie", &cookie)]).problem(), (410, "session_ended".to_owned()));
    host.pass(LEASE);
    assert_eq!(host.get(SEGMENT, &[("cookie", &cookie)]).problem(), (401, "token_expired".to_owned()));
}

#[test]
fn parallel_renewals_give_the_same_lease() {
    let host = MemoryHost::new();
    let cookie = host.create("ann", "tv").cookie().expect("cookie");
    host.pass(LEASE / 2);
    let renewed = |host: &MemoryHost| host.get(SEGMENT, &[("cookie", &cookie)]).cookie().expect("renewed");
    assert_eq!(renewed(&host), renewed(&host));
}

#[test]
fn a_handle_outlives_leases_and_ends_with_its_session() {
    for has_cache in [false, true] {
        let host = MemoryHost::new();
        host.has_cache.set(has_cache);
        let created = host.create("ann", "tv");
        let path = format!("{}/cenc/t-en/1.vtt?v=1", MemoryHost::handle_path(&created));
        assert_eq!(host.get(&path, &[]).status, 200);
        host.reads.set(0);
        assert_eq!(host.get(&path, &[]).status, 200);
        assert_eq!(host.reads.get(), if has_cache { 0 } else { 1 }, "the record without a cache, nothing on a hit");
        for _ in 0..4 {
            host.pass(LEASE);
            assert_eq!(host.get(&path, &[]).status, 200);
        }
        let bearer = format!("Bearer {}", host.viewer("ann"));
        let session = created.json()["session"].as_str().expect("session").to_owned();
        let deleted = host.call(Method::DELETE, &format!("/v1/sessions/{session}"), &[("authorization", &bearer)], b"");
        assert_eq!(deleted.status, 204);
        host.pass(LEASE);
        assert_eq!(host.get(&path, &[]).problem(), (410, "session_ended".to_owned()));
    }
}

#[test]
fn state_is_never_changed_by_a_cookie() {
    let host = MemoryHost::new();
    let created = host.create("ann", "tv");
    let session = created.json()["session"].as_str().expect("session").to_owned();
    let cookie = created.cookie().expect("cookie");
    for (method, path) in
        [(Method::DELETE, format!("/v1/sessions/{session}")), (Method::POST, format!("/v1/sessions/{session}/renew"))]
    {
        assert_eq!(host.call(method, &path, &[("cookie", &cookie)], b"").problem(), (401, "token_missing".to_owned()));
    }
}

#[test]
fn an_account_sees_and_ends_only_its_own_sessions() {
    let host = MemoryHost::new();
    let created = host.create("ann", "tv");
    let session = created.json()["session"].as_str().expect("session").to_owned();
    host.create("ann", "phone");
    let bearer = |account: &str| format!("Bearer {}", host.viewer(account));
    let list = |account: &str| {
        host.get("/v1/sessions", &[("authorization", &bearer(account))]).json()["sessions"]
            .as_array()
            .expect("list")
            .len()
    };
    assert_eq!((list("ann"), list("bob")), (2, 0));
    host.pass(LEASE / 2);
    let path = format!("{}/cenc/t-en/1.vtt?v=1", MemoryHost::handle_path(&created));
    for _ in 0..4 {
        assert_eq!(host.get(&path, &[]).status, 200);
        host.pass(LEASE / 2);
    }
    assert_eq!(list("ann"), 1, "a session that plays keeps its slot, one that does not loses it");
    let end = |account: &str| {
        host.call(Method::DELETE, &format!("/v1/sessions/{session}"), &[("authorization", &bearer(account))], b"")
    };
    assert_eq!(end("bob").problem(), (410, "session_ended".to_owned()));
    assert_eq!(end("ann").status, 204);
    assert_eq!(list("ann"), 0);
}

#[test]
fn a_device_that_comes_back_ends_its_own_earlier_session() {
    let host = MemoryHost::new();
    let earlier = format!("{}/cenc/t-en/1.vtt?v=1", MemoryHost::handle_path(&host.create("ann", "tv")));
    assert_eq!(host.create("ann", "tv").status, 201);
    assert_eq!(host.get(&earlier, &[]).problem(), (410, "session_ended".to_owned()));
}

#[test]
fn over_the_limit_the_sessions_are_named() {
    let host = MemoryHost::new();
    host.describe(&descriptor(&["widevine"], json!({"state": "published", "stream_limit": 1})));
    assert_eq!(host.create("ann", "tv").status, 201);
    let refused = host.create("ann", "phone");
    assert_eq!(refused.problem(), (409, "stream_limit".to_owned()));
    assert_eq!(refused.json()["sessions"][0]["device"], "tv");
    assert_eq!(host.create("bob", "phone").status, 201);
}

#[test]
fn renewal_by_request_moves_the_end_and_never_past_the_grant() {
    let host = MemoryHost::new();
    let created = host.create("ann", "tv").json();
    let (session, lease) = (created["session"].as_str().expect("id"), created["lease"].as_str().expect("lease"));
    host.pass(LEASE / 2);
    let path = format!("/v1/sessions/{session}/renew");
    let renewed = host.call(Method::POST, &path, &[("authorization", &format!("Bearer {lease}"))], b"").json();
    assert!(renewed["expires"].as_u64() > created["expires"].as_u64());
    host.now.set(START + 3600 - 5);
    let handle = MemoryHost::handle_path(&host.create("eve", "tv"));
    let _ = handle;
    let claims = json!({"iss": "test", "sub": "carl", "tier": "premium", "exp": host.now.get() + 7});
    let bearer = format!("Bearer {}", host.viewer_with(&claims));
    let short = host.call(Method::POST, "/v1/sessions", &[("authorization", &bearer)], br#"{"title":"film"}"#);
    assert_eq!(short.json()["expires"], host.now.get() + 7);
    let path = format!("{}/cenc/t-en/1.vtt?v=1", MemoryHost::handle_path(&short));
    host.pass(8);
    assert_eq!(host.get(&path, &[]).problem(), (401, "token_expired".to_owned()));
}

#[test]
fn a_store_that_is_down_ends_nobody_and_admits_nobody() {
    let host = MemoryHost::new();
    let cookie = host.create("ann", "tv").cookie().expect("cookie");
    host.store_down.set(true);
    assert_eq!(host.create("bob", "tv").problem(), (503, "store_unavailable".to_owned()));
    host.pass(LEASE - 1);
    assert_eq!(host.get(SEGMENT, &[("cookie", &cookie)]).status, 200);
    host.pass(1);
    assert_eq!(host.get(SEGMENT, &[("cookie", &cookie)]).problem(), (401, "token_expired".to_owned()));
}

#[test]
fn a_take_down_stops_a_running_session_at_its_renewal() {
    let host = MemoryHost::new();
    let cookie = host.create("ann", "tv").cookie().expect("cookie");
    host.describe(&descriptor(&["widevine"], json!({"state": "unpublished"})));
    assert_eq!(host.get(SEGMENT, &[("cookie", &cookie)]).status, 200);
    host.pass(LEASE / 2);
    assert_eq!(host.get(SEGMENT, &[("cookie", &cookie)]).problem(), (404, "unknown_title".to_owned()));
}

#[test]
fn keys_come_only_where_the_policy_lists_the_system() {
    let request = json!({"kids": [base64_url(&KID.0)], "type": "temporary"}).to_string();
    let ask = |systems: &[&str]| {
        let host = MemoryHost::new();
        host.describe(&descriptor(systems, json!({"state": "published"})));
        let created = host.create("ann", "tv");
        let base = MemoryHost::handle_path(&created);
        let license = host.call(Method::POST, &format!("{base}/license/clearkey"), &[], request.as_bytes());
        let key = host.get(&format!("{base}/key/{KID}"), &[]);
        let aes128 = host.get(&format!("{base}/aes128/main.m3u8"), &[]);
        assert_ne!(aes128.status, 200);
        (created.json(), license, key)
    };
    let (session, license, key) = ask(&["widevine"]);
    assert_eq!(license.problem(), (403, "not_entitled".to_owned()));
    assert_eq!(key.problem(), (403, "not_entitled".to_owned()));
    assert!(session["license"]["clearkey"].is_null() && session["key"].is_null());
    let (_, license, key) = ask(&["clearkey"]);
    assert_eq!(license.json()["keys"][0]["k"], base64_url(&KEY));
    assert_eq!(license.header("cache-control"), Some("private, no-store"));
    assert_eq!(key.status, 403);
    let (_, license, key) = ask(&["identity"]);
    assert_eq!((license.status, key.body.as_slice()), (403, KEY.as_slice()));
}

fn base64_url(bytes: &[u8]) -> String {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    URL_SAFE_NO_PAD.encode(bytes)
}
