//! Administrators' revocations and the configuration's denylist, over a clock set by hand and a store that counts.

use http::Method;
use serde_json::{Value, json};
use sluice_app::host::Ordering;

use super::support::{ADMIN_SECRET, Answer, KID, LEASE, MemoryHost, START, VIEWER_SECRET};

const SEGMENT: &str = "/v1/film/cbcs/t-en/1.vtt?v=1";

fn ended() -> (u16, String) {
    (410, "session_ended".to_owned())
}

fn invalid() -> (u16, String) {
    (401, "token_invalid".to_owned())
}

fn text<'a>(answer: &'a Value, name: &str) -> &'a str {
    answer[name].as_str().expect(name)
}

/// A segment by a session's handle.
fn by_handle(created: &Answer) -> String {
    format!("{}/cenc/t-en/1.vtt?v=1", MemoryHost::handle_path(created))
}

#[test]
fn a_revoked_session_stops_within_a_lease_and_frees_its_slot() {
    for has_cache in [false, true] {
        let host = MemoryHost::new();
        host.has_cache.set(has_cache);
        let created = host.create("ann", "tv");
        let (path, cookie) = (by_handle(&created), created.cookie().expect("cookie"));
        assert_eq!(host.get(&path, &[]).status, 200);
        let session = created.json()["session"].clone();
        let revoked = host.revoke(&json!({"session": session}));
        assert_eq!((revoked.status, revoked.json()), (200, json!({"session": session})));
        host.pass(LEASE / 2);
        assert_eq!(host.get(&path, &[]).problem(), ended());
        assert_eq!(host.get(SEGMENT, &[("cookie", &cookie)]).problem(), ended(), "due for renewal");
        let bearer = format!("Bearer {}", text(&created.json(), "lease"));
        let renew = format!("/v1/sessions/{}/renew", text(&created.json(), "session"));
        assert_eq!(host.call(Method::POST, &renew, &[("authorization", &bearer)], b"").problem(), ended());
        let list = host.get("/v1/sessions", &[("authorization", &format!("Bearer {}", host.viewer("ann")))]);
        assert_eq!(list.json()["sessions"], json!([]));
        // The account may begin again, and revoking twice changes nothing.
        assert_eq!(host.create("ann", "tv").status, 201);
        assert_eq!(host.revoke(&json!({"session": session})).status, 200);
        assert_eq!(host.revoke(&json!({"session": "00".repeat(16)})).problem(), ended());
    }
}

#[test]
fn a_renewal_that_overtakes_a_revocation_brings_nothing_back() {
    for ordering in [Ordering::Generation, Ordering::Eventual] {
        let host = MemoryHost::new();
        host.ordering.set(ordering);
        let created = host.create("ann", "tv");
        let (path, session) = (by_handle(&created), created.json()["session"].clone());
        host.pass(LEASE / 2);
        // The renewal has read the record when the session is revoked, and then writes it back as if it lived, where the store lets it.
        *host.meanwhile.borrow_mut() =
            Some(Box::new(move |host| assert_eq!(host.revoke(&json!({"session": session})).status, 200)));
        let overtaken = host.get(&path, &[]);
        assert!(overtaken.status == 200 || overtaken.problem() == ended(), "{ordering:?}: {}", overtaken.status);
        assert!(host.meanwhile.borrow().is_none());
        if ordering == Ordering::Eventual {
            // It was written back, and is held against what was revoked once a third of a lease is spent.
            host.pass(LEASE / 3 + 1);
        }
        assert_eq!(host.get(&path, &[]).problem(), ended(), "{ordering:?}");
    }
}

#[test]
fn a_revoked_account_loses_its_sessions_and_its_grants() {
    let host = MemoryHost::new();
    let (ann, bob) = (host.create("ann", "tv"), host.create("bob", "tv"));
    let grant = format!("Bearer {}", host.viewer("ann"));
    let undated = host.viewer_with(&json!({"iss": "test", "sub": "ann", "exp": START + 3600}));
    let revoked = host.revoke(&json!({"account": "ann"}));
    assert_eq!((revoked.status, &revoked.json()["before"]), (200, &json!(START + 1)));
    assert_eq!(host.get(&by_handle(&ann), &[]).problem(), ended());
    assert_eq!(host.get(&by_handle(&bob), &[]).status, 200);
    let create = |bearer: &str| {
        host.call(Method::POST, "/v1/sessions", &[("authorization", bearer)], br#"{"title":"film","device":"pad"}"#)
    };
    for bearer in [&grant, &format!("Bearer {undated}")] {
        assert_eq!(create(bearer).problem(), invalid());
        assert_eq!(host.get("/v1/sessions", &[("authorization", bearer)]).problem(), invalid());
    }
    // A grant of the next second is good, and finds the slots free.
    host.pass(1);
    assert_eq!(create(&format!("Bearer {}", host.viewer("ann"))).status, 201);
    let list = host.get("/v1/sessions", &[("authorization", &format!("Bearer {}", host.viewer("ann")))]).json();
    assert_eq!(list["sessions"].as_array().map(Vec::len), Some(1));
    assert_eq!(create(&grant).problem(), invalid(), "the same token does not come back");
}

#[test]
fn what_is_revoked_stops_within_a_lease_however_it_is_shown() {
    for has_cache in [false, true] {
        let host = MemoryHost::new();
        host.has_cache.set(has_cache);
        let created = host.create("ann", "tv");
        let (path, session) = (by_handle(&created), text(&created.json(), "session").to_owned());
        let account = host.decisions()[0].account.expect("an account");
        assert_eq!(host.get(&path, &[]).status, 200, "its network is known");
        // Of all that revoking writes only what the account has revoked arrives.
        let revoked = json!({"v": 1, "before": 0, "sessions": [session]}).to_string().into_bytes();
        host.kv.borrow_mut().insert(format!("rev/{account}"), (revoked, 0));
        host.reads.set(0);
        host.get(&path, &[]);
        assert!(host.reads.get() <= 1, "a segment costs one read at most");
        let mut waited = 0;
        while host.get(&path, &[]).status == 200 {
            host.pass(1);
            waited += 1;
            assert!(waited <= LEASE, "longer than a lease");
        }
        assert_eq!(host.get(&path, &[]).problem(), ended());
        // Neither licences nor renewals wait.
        let key = format!("{}/key/{KID}", MemoryHost::handle_path(&host.create("bob", "tv")));
        let bob = host.decisions().last().and_then(|line| line.account).expect("an account");
        host.kv.borrow_mut().insert(format!("rev/{bob}"), (br#"{"v":1,"before":9999999999}"#.to_vec(), 0));
        assert_eq!(host.get(&key, &[]).problem(), ended());
    }
}

#[test]
fn renewing_by_oneself_reads_what_was_revoked() {
    let host = MemoryHost::new();
    let created = host.create("ann", "tv");
    let account = host.decisions()[0].account.expect("an account");
    host.kv.borrow_mut().insert(format!("rev/{account}"), (br#"{"v":1,"before":9999999999}"#.to_vec(), 0));
    let bearer = format!("Bearer {}", text(&created.json(), "lease"));
    let renew = format!("/v1/sessions/{}/renew", text(&created.json(), "session"));
    assert_eq!(host.call(Method::POST, &renew, &[("authorization", &bearer)], b"").problem(), ended());
}

#[test]
fn a_time_that_is_given_parts_old_from_new() {
    let host = MemoryHost::new();
    let old = host.create("ann", "tv");
    host.pass(5);
    let new = host.create("ann", "phone");
    let revoked = host.revoke(&json!({"account": "ann", "before": START + 5}));
    assert_eq!(revoked.status, 200);
    assert_eq!(host.get(&by_handle(&old), &[]).problem(), ended());
    assert_eq!(host.get(&by_handle(&new), &[]).status, 200);
    // An earlier time takes nothing back.
    host.revoke(&json!({"account": "ann", "before": 0}));
    assert_eq!(host.get(&by_handle(&old), &[]).problem(), ended());
    // The id of the log does as well as the name; of what could be both, both are meant.
    let id = revoked.json()["accounts"][0].clone();
    let by_id = host.revoke(&json!({"account": id})).json();
    assert_eq!(by_id["accounts"].as_array().map(Vec::len), Some(2));
    assert!(by_id["accounts"].as_array().is_some_and(|both| both.contains(&id)));
    assert_eq!(host.get(&by_handle(&new), &[]).problem(), ended());
}

#[test]
fn what_is_not_understood_revokes_nothing() {
    let host = MemoryHost::new();
    let created = host.create("ann", "tv");
    let session = created.json()["session"].clone();
    for body in [
        json!({}),
        json!([]),
        json!({"session": session, "account": "ann"}),
        json!({"session": session, "before": START}),
        json!({"session": "ann"}),
        json!({"account": 1}),
        json!({"account": "ann", "before": START * 1000}),
        json!({"account": "ann", "before": -1}),
        json!({"account": "ann", "before": START, "and": 1}),
        json!({"before": START}),
    ] {
        assert_eq!(host.revoke(&body).problem(), (400, "bad_request".to_owned()), "{body}");
    }
    assert_eq!(host.get(&by_handle(&created), &[]).status, 200);
}

#[test]
fn only_an_administrator_whose_role_it_is_may_revoke() {
    let host = MemoryHost::new();
    let created = host.create("ann", "tv");
    let body = json!({"session": created.json()["session"]}).to_string();
    let ask = |token: &str| {
        let bearer = format!("Bearer {token}");
        host.call(Method::POST, "/v1/revocations", &[("authorization", &bearer)], body.as_bytes()).problem()
    };
    let with = |changes: Value| host.administrator(&changes);
    assert_eq!(ask(&host.viewer("ann")), invalid());
    assert_eq!(ask(text(&created.json(), "lease")), invalid());
    assert_eq!(ask(&with(json!({"aud": "other"}))), invalid());
    assert_eq!(ask(&with(json!({"exp": START}))), (401, "token_expired".to_owned()));
    let denied = (403, "not_entitled".to_owned());
    for roles in [json!([]), json!("other"), json!(["sluice-revoked"]), json!(null)] {
        assert_eq!(ask(&with(json!({"roles": roles}))), denied, "{roles}");
    }
    // By a viewer's key, with an administrator's audience; and the other way round.
    let claims = json!({"iss": "test", "aud": "edge-admin", "roles": "sluice-revoke", "sub": "ann", "exp": START + 9});
    assert_eq!(ask(&host.viewer_with(&claims)), invalid());
    let bearer = format!("Bearer {}", with(json!({"iss": "test"})));
    let minted = host.call(Method::POST, "/v1/sessions", &[("authorization", &bearer)], br#"{"title":"film"}"#);
    assert_eq!(minted.problem(), invalid());
    let missing = host.call(Method::POST, "/v1/revocations", &[("cookie", "sluice-lease=x")], body.as_bytes());
    assert_eq!(missing.problem(), (401, "token_missing".to_owned()));
    assert_eq!(host.get("/v1/revocations", &[]).problem(), (405, "method_not_allowed".to_owned()));
    let token = with(json!({}));
    host.config.borrow_mut().as_object_mut().expect("a document").remove("admin");
    assert_eq!(ask(&token), invalid(), "nobody, where none is configured");
}

#[test]
fn one_key_for_both_is_told_apart_by_audience_or_refused() {
    let host = MemoryHost::new();
    let created = host.create("ann", "tv");
    let admin = |audience: Value| {
        let mut tokens = host.config.borrow()["viewer"].clone();
        tokens["audience"] = audience;
        host.config.borrow_mut()["admin"] = json!({"tokens": tokens});
    };
    let claims = json!({"iss": "test", "aud": "edge-admin", "roles": "sluice-revoke", "sub": "ann", "exp": START + 9});
    let token = sluice_gate::grant::jwt::mint_hs256("k1", VIEWER_SECRET.as_bytes(), &claims).expect("claims");
    let bearer = format!("Bearer {token}");
    let body = json!({"session": created.json()["session"]}).to_string();
    let ask =
        |bearer: &str| host.call(Method::POST, "/v1/revocations", &[("authorization", bearer)], body.as_bytes()).status;
    admin(json!("edge-admin"));
    assert_eq!(ask(&format!("Bearer {}", host.viewer("ann"))), 401);
    assert_eq!(host.get("/v1/sessions", &[("authorization", &bearer)]).problem(), invalid());
    assert_eq!(ask(&bearer), 200);
    admin(Value::Null);
    assert_eq!(ask(&bearer), 500);
    host.config.borrow_mut()["viewer"]["audience"] = json!("edge-admin");
    admin(json!("edge-admin"));
    assert_eq!(ask(&bearer), 500);
    assert_ne!(ADMIN_SECRET, VIEWER_SECRET);
}

#[test]
fn a_store_that_is_down_revokes_nothing_and_says_so() {
    let host = MemoryHost::new();
    let session = host.create("ann", "tv").json()["session"].clone();
    host.store_down.set(true);
    for body in [json!({"session": session}), json!({"account": "ann"})] {
        assert_eq!(host.revoke(&body).problem(), (503, "store_unavailable".to_owned()));
    }
}

#[test]
fn the_denylist_is_asked_at_every_request_and_costs_no_store() {
    let host = MemoryHost::new();
    host.has_cache.set(true);
    let (ann, bob) = (host.create("ann", "tv"), host.create("bob", "tv"));
    let account = host.decisions()[0].account.expect("an account").to_string();
    let session = text(&ann.json(), "session").to_owned();
    assert_eq!(host.get(&by_handle(&ann), &[]).status, 200);
    let cookie = ann.cookie().expect("cookie");
    let list = |list: Value| host.config.borrow_mut()["denylist"] = list;
    for listed in [json!({"sessions": [session]}), json!({"accounts": [account]})] {
        list(listed);
        host.reads.set(0);
        assert_eq!(host.get(&by_handle(&ann), &[]).problem(), ended());
        assert_eq!(host.get(SEGMENT, &[("cookie", &cookie)]).problem(), ended());
        assert_eq!(host.reads.get(), 0);
        let renew = format!("/v1/sessions/{session}/renew");
        let bearer = format!("Bearer {}", text(&ann.json(), "lease"));
        assert_eq!(host.call(Method::POST, &renew, &[("authorization", &bearer)], b"").problem(), ended());
        assert_eq!(host.get(&by_handle(&bob), &[]).status, 200);
    }
    assert_eq!(host.create("ann", "phone").problem(), ended(), "an account that is listed");
    list(json!({"kids": ["ops"]}));
    assert_eq!(host.revoke(&json!({"account": "ann"})).problem(), invalid());
    list(json!({"addresses": ["192.0.2.0/24"]}));
    host.client.borrow_mut().address = "192.0.2.9".parse().ok();
    for answer in [host.get(&by_handle(&bob), &[]), host.create("ann", "tv")] {
        assert_eq!(answer.problem(), (403, "not_entitled".to_owned()));
    }
    assert_eq!(host.get("/healthz", &[]).status, 200);
    list(json!({"kids": vec!["k"; 257]}));
    assert_eq!(host.get(&by_handle(&bob), &[]).problem(), (500, "internal".to_owned()));
}

#[test]
fn a_listed_key_opens_nothing_and_its_sessions_end_within_a_lease() {
    for has_cache in [false, true] {
        let host = MemoryHost::new();
        host.has_cache.set(has_cache);
        let keys = json!([{"kid": "k1", "alg": "HS256", "secret": "viewer_secret"}, {"kid": "k2", "alg": "HS256", "secret": "admin_secret"}]);
        host.config.borrow_mut()["viewer"]["keys"] = keys;
        let (ann, bob) = (host.create("ann", "tv"), host.create("bob", "tv"));
        let claims = json!({"iss": "test", "sub": "eve", "exp": START + 3600});
        let by_k2 = sluice_gate::grant::jwt::mint_hs256("k2", ADMIN_SECRET.as_bytes(), &claims).expect("claims");
        let bearer = format!("Bearer {by_k2}");
        let begin = || host.call(Method::POST, "/v1/sessions", &[("authorization", &bearer)], br#"{"title":"film"}"#);
        let eve = begin();
        assert_eq!(eve.status, 201);
        let cookie = ann.cookie().expect("cookie");
        assert_eq!(host.get(&by_handle(&ann), &[]).status, 200);
        host.config.borrow_mut()["denylist"] = json!({"kids": ["k1"]});
        // Nothing begins, and nobody is the holder of anything by it.
        assert_eq!(host.create("ann", "tv").problem(), invalid());
        let grant = format!("Bearer {}", host.viewer("ann"));
        assert_eq!(host.get("/v1/sessions", &[("authorization", &grant)]).problem(), invalid());
        // Keys of media at once, the rest within the lease, renewed by whatever means.
        let key = format!("{}/key/{KID}", MemoryHost::handle_path(&ann));
        assert_eq!(host.get(&key, &[]).problem(), ended());
        let lease = format!("Bearer {}", text(&ann.json(), "lease"));
        let renew = format!("/v1/sessions/{}/renew", text(&ann.json(), "session"));
        assert_eq!(host.call(Method::POST, &renew, &[("authorization", &lease)], b"").problem(), ended());
        host.pass(LEASE / 2);
        assert_eq!(host.get(&by_handle(&ann), &[]).problem(), ended());
        assert_eq!(host.get(&by_handle(&bob), &[]).problem(), ended());
        assert_eq!(host.get(SEGMENT, &[("cookie", &cookie)]).problem(), ended(), "due for renewal");
        // What another key signed goes on.
        assert_eq!(host.get(&by_handle(&eve), &[]).status, 200);
        assert_eq!(begin().status, 201);
        // A session that was wrongly ended so has only lost its time.
        host.config.borrow_mut()["denylist"] = json!({});
        assert_eq!(host.get(&by_handle(&ann), &[]).status, 200);
    }
}

#[test]
fn a_licence_is_not_given_to_who_was_revoked_meanwhile() {
    let host = MemoryHost::new();
    host.ordering.set(Ordering::Generation);
    let created = host.create("ann", "tv");
    let session = created.json()["session"].clone();
    *host.meanwhile.borrow_mut() =
        Some(Box::new(move |host| assert_eq!(host.revoke(&json!({"session": session})).status, 200)));
    let key = format!("{}/key/{KID}", MemoryHost::handle_path(&created));
    assert_eq!(host.get(&key, &[]).problem(), ended());
}
