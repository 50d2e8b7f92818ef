//! `POST /v1/entitlements`: what a licence server that asks is told.

use http::Method;
use serde_json::{Value, json};
use sluice_app::host::{Client, Region};

use super::{
    license::{AUDIO, HD, SD, edge, film},
    support::{Answer, LEASE, LICENSE_SECRET, LICENSE_SECRET_PREVIOUS, MemoryHost, START},
};

const ALL: [&str; 3] = ["widevine", "playready", "fairplay"];

fn host(rights: Value) -> MemoryHost {
    let host = edge(rights);
    host.config.borrow_mut()["entitlements"] = json!(["license_secret", "license_secret_previous"]);
    host
}

fn ask_as(host: &MemoryHost, secret: &str, body: &Value) -> Answer {
    let bearer = format!("Bearer {secret}");
    host.call(Method::POST, "/v1/entitlements", &[("authorization", &bearer)], body.to_string().as_bytes())
}

fn ask(host: &MemoryHost, body: &Value) -> Value {
    let answer = ask_as(host, LICENSE_SECRET, body);
    assert_eq!(answer.status, 200, "{body}");
    assert_eq!(answer.header("cache-control"), Some("private, no-store"));
    answer.json()
}

fn denied(code: &str) -> Value {
    json!({"allow": false, "code": code})
}

fn question(session: &Value) -> Value {
    json!({"session": session, "title": "film", "system": "widevine", "kids": [SD, HD]})
}

#[test]
fn a_licence_server_is_told_which_keys_and_on_which_terms() {
    let host = host(json!({
        "tiers": [{"name": "basic", "max_height": 576}, {"name": "premium"}],
        "windows": [{"until": START + 600}],
        "license": {"seconds": 7200, "restrictions": [
            {"security_level": "software_crypto"},
            {"above_height": 576, "hdcp": "2.2", "security_level": "hardware_decode"}
        ]}
    }));
    let created = host.create("ann", "tv").json();
    let allowed = ask(&host, &question(&created["session"]));
    let restrictions = json!({"hdcp": "2.2", "security_level": "hardware_decode", "seconds": 600, "persistent": false});
    assert_eq!(allowed, json!({"allow": true, "restrictions": restrictions, "kids": [SD, HD]}));
    // By the lease, whatever it is bound to; and with all keys where none is named.
    let by_lease = json!({"lease": created["lease"], "title": "film", "system": "fairplay"});
    let allowed = ask(&host, &by_lease);
    assert_eq!(allowed["kids"].as_array().map(Vec::len), Some(3));
    // What small pictures and sound need alone.
    let mut small = question(&created["session"]);
    small["kids"] = json!([SD, AUDIO]);
    let restrictions = json!({"security_level": "software_crypto", "seconds": 600, "persistent": false});
    assert_eq!(ask(&host, &small), json!({"allow": true, "restrictions": restrictions, "kids": [SD, AUDIO]}));
    // The tier's keys alone, and its cap.
    let bearer = format!(
        "Bearer {}",
        host.viewer_with(&json!({"iss": "test", "sub": "bob", "tier": "basic", "exp": START + 60}))
    );
    let created = host.call(Method::POST, "/v1/sessions", &[("authorization", &bearer)], br#"{"title":"film"}"#).json();
    let allowed = ask(&host, &question(&created["session"]));
    let restrictions =
        json!({"max_height": 576, "security_level": "software_crypto", "seconds": 60, "persistent": false});
    assert_eq!(allowed, json!({"allow": true, "restrictions": restrictions, "kids": [SD]}));
    let mut large = question(&created["session"]);
    large["kids"] = json!([HD]);
    assert_eq!(ask(&host, &large), denied("not_entitled"));
    // A line in the session's chain, without a network: nobody there is the viewer.
    let line = host.decisions().into_iter().rev().find(|line| line.decision == "entitlement").expect("a line");
    assert_eq!(
        line.license.map(|license| (license.system, license.kids)),
        Some(("widevine".to_owned(), vec![SD.to_owned()]))
    );
    assert_eq!((line.n, line.network), (Some(2), None));
}

#[test]
fn only_a_licence_server_is_answered() {
    let host = host(json!({}));
    let session = host.create("ann", "tv").json()["session"].clone();
    let question = question(&session);
    for good in [LICENSE_SECRET, LICENSE_SECRET_PREVIOUS] {
        assert_eq!(ask_as(&host, good, &question).json()["allow"], true);
    }
    let wrong = (401, "token_invalid".to_owned());
    let viewer = host.viewer("ann");
    for bad in ["x", &LICENSE_SECRET[1..], &format!("{LICENSE_SECRET}x"), &viewer, &host.administrator(&json!({}))] {
        assert_eq!(ask_as(&host, bad, &question).problem(), wrong);
        assert_eq!(ask_as(&host, bad, &json!({})).problem(), wrong, "a wrong secret is told before a wrong body");
    }
    let none = host.call(Method::POST, "/v1/entitlements", &[], b"{}");
    assert_eq!(none.problem(), (401, "token_missing".to_owned()));
    for body in [
        json!({}),
        json!([]),
        json!({"session": session, "title": "film"}),
        json!({"session": session, "system": "widevine"}),
        json!({"title": "film", "system": "widevine"}),
        json!({"session": session, "lease": "x", "title": "film", "system": "widevine"}),
        json!({"session": "x", "title": "film", "system": "widevine"}),
        json!({"session": session, "title": "film", "system": "clearkey"}),
        json!({"session": session, "title": "film", "system": "widevine", "kids": ["x"]}),
        json!({"session": session, "title": "film", "system": "widevine", "kids": SD}),
        json!({"session": session, "title": "film", "system": "widevine", "address": "192.0.2.1"}),
    ] {
        assert_eq!(ask_as(&host, LICENSE_SECRET, &body).problem(), (400, "bad_request".to_owned()), "{body}");
    }
    // One secret alone, one that can be guessed, none, and no configuration at all.
    host.config.borrow_mut()["entitlements"] = json!(["license_secret"]);
    assert_eq!(ask_as(&host, LICENSE_SECRET_PREVIOUS, &question).problem(), wrong);
    for secret in ["short", "not_there"] {
        host.config.borrow_mut()["entitlements"] = json!([secret]);
        assert_eq!(ask_as(&host, "too short", &question).problem(), (500, "internal".to_owned()));
        assert_eq!(ask_as(&host, "", &question).problem().0, 500);
    }
    host.config.borrow_mut().as_object_mut().expect("an object").remove("entitlements");
    assert_eq!(ask_as(&host, LICENSE_SECRET, &question).problem(), wrong);
}

#[test]
fn what_has_changed_meanwhile_is_denied() {
    let host = host(json!({}));
    *host.client.borrow_mut() = Client {
        country: Some(*b"US"),
        region: Region::told(*b"US", "CA"),
        address: "192.0.2.1".parse().ok(),
        ..Client::default()
    };
    let created = host.create("ann", "tv").json();
    let question = question(&created["session"]);
    // The licence server is somewhere else, which says nothing of the viewer.
    *host.client.borrow_mut() = Client { country: Some(*b"IE"), anonymizer: Some(true), ..Client::default() };
    for (rights, expected) in [
        (json!({"countries": {"allow": ["US"]}, "regions": {"allow": ["US-CA"]}, "anonymizers": "refuse"}), None),
        (json!({"countries": {"allow": ["IE"]}}), Some("geo_blocked")),
        (json!({"regions": {"deny": ["US-CA"]}}), Some("geo_blocked")),
        (json!({"state": "unpublished"}), Some("unknown_title")),
        (json!({"windows": [{"until": START}]}), Some("rights_window")),
        (json!({"tiers": [{"name": "basic"}]}), Some("not_entitled")),
        (json!({"devices": {"allow": ["tv"]}}), Some("not_entitled")),
    ] {
        host.describe(&film(&ALL, rights));
        let answer = ask(&host, &question);
        match expected {
            None => assert_eq!(answer["allow"], true),
            Some(code) => assert_eq!(answer, denied(code)),
        }
    }
    host.describe(&film(&["playready"], json!({})));
    assert_eq!(ask(&host, &question), denied("not_entitled"));
    host.describe(&film(&ALL, json!({})));
    let mut other = question.clone();
    other["title"] = json!("other");
    assert_eq!(ask(&host, &other), denied("title_mismatch"));
    for nobody in ["0".repeat(32), "f".repeat(32)] {
        let mut other = question.clone();
        other["session"] = json!(nobody);
        assert_eq!(ask(&host, &other), denied("session_ended"));
    }
    let by_lease = |lease: &str| json!({"lease": lease, "title": "film", "system": "widevine"});
    let lease = created["lease"].as_str().expect("a lease");
    assert_eq!(ask(&host, &by_lease(&lease[1..])), denied("token_invalid"));
    // What could not be found out is no denial.
    host.store_down.set(true);
    assert_eq!(ask_as(&host, LICENSE_SECRET, &question).problem(), (503, "store_unavailable".to_owned()));
    host.store_down.set(false);
    // Long after its lease, and nobody else took its slot.
    host.pass(10 * LEASE);
    assert_eq!(ask(&host, &by_lease(lease)), denied("token_expired"));
    assert_eq!(ask(&host, &question)["allow"], true);
    let session = created["session"].as_str().expect("a session");
    host.config.borrow_mut()["denylist"] = json!({"sessions": [session]});
    assert_eq!(ask(&host, &question), denied("session_ended"));
    host.config.borrow_mut()["denylist"] = json!({});
    assert_eq!(host.revoke(&json!({"account": "ann"})).status, 200);
    assert_eq!(ask(&host, &question), denied("session_ended"));
    let line = host.decisions().pop().expect("a line");
    assert_eq!(
        (line.decision.as_str(), line.session.map(|id| id.to_string()).as_deref()),
        ("session_ended", Some(session))
    );
    assert!(line.detail.is_some_and(|detail| detail.starts_with("entitlement to widevine of film: ")));
}

#[test]
fn a_slot_that_another_session_has_taken_is_denied() {
    let host = host(json!({}));
    host.config.borrow_mut()["stream_limit"] = json!(1);
    let first = host.create("ann", "tv").json()["session"].clone();
    assert_eq!(ask(&host, &question(&first))["allow"], true);
    // It asks for nothing more, and its slot goes to another device.
    host.pass(3 * LEASE);
    assert_eq!(host.create("ann", "phone").status, 201);
    assert_eq!(ask(&host, &question(&first)), denied("session_ended"));
}

#[test]
fn storing_needs_title_and_grant() {
    for (title, grant) in [(true, true), (true, false), (false, true)] {
        let host = host(json!({"license": {"persistent": title}}));
        host.config.borrow_mut()["viewer"]["claims"] = json!({"persistent": "offline"});
        let claims = json!({"iss": "test", "sub": "ann", "tier": "premium", "exp": START + 60, "offline": grant});
        let bearer = format!("Bearer {}", host.viewer_with(&claims));
        let created = host.call(Method::POST, "/v1/sessions", &[("authorization", &bearer)], br#"{"title":"film"}"#);
        let allowed = ask(&host, &question(&created.json()["session"]));
        assert_eq!(allowed["restrictions"]["persistent"], title && grant);
    }
}

#[test]
fn an_account_is_counted_as_if_it_asked_itself() {
    let host = host(json!({}));
    *host.counts.borrow_mut() = Some(std::collections::BTreeMap::new());
    host.config.borrow_mut()["rates"] = json!({"licenses_per_minute": {"account": 1, "network": 1}});
    let (ann, bob) = (host.create("ann", "tv").json(), host.create("bob", "tv").json());
    for created in [&ann, &bob] {
        assert_eq!(ask(&host, &question(&created["session"]))["allow"], true);
    }
    assert_eq!(ask_as(&host, LICENSE_SECRET, &question(&ann["session"])).problem(), (429, "rate_limited".to_owned()));
}
