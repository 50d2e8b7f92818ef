//! The limit on concurrent streams, as viewers meet it.

use http::Method;
use serde_json::{Value, json};
use sluice_app::host::Ordering;

use super::support::{Answer, KID, LEASE, MemoryHost, START, descriptor};

const SEGMENT: &str = "/v1/film/cbcs/t-en/1.vtt?v=1";

fn limited(rights: Value, settings: Value) -> MemoryHost {
    let host = MemoryHost::new();
    let mut all = json!({"state": "published"});
    merge(&mut all, rights);
    host.describe(&descriptor(&["widevine", "identity"], all));
    merge(&mut host.config.borrow_mut(), settings);
    host
}

fn merge(into: &mut Value, from: Value) {
    let (Value::Object(into), Value::Object(from)) = (into, from) else { return };
    into.extend(from);
}

fn segment(created: &Answer) -> String {
    format!("{}/cenc/t-en/1.vtt?v=1", MemoryHost::handle_path(created))
}

fn session(created: &Answer) -> String {
    created.json()["session"].as_str().expect("session").to_owned()
}

fn by_lease(host: &MemoryHost, method: Method, created: &Answer, path: &str) -> Answer {
    let lease = format!("Bearer {}", created.json()["lease"].as_str().expect("lease"));
    host.call(method, &format!("/v1/sessions/{}{path}", session(created)), &[("authorization", &lease)], b"")
}

fn listed(host: &MemoryHost, account: &str) -> Vec<String> {
    let bearer = format!("Bearer {}", host.viewer(account));
    let list = host.get("/v1/sessions", &[("authorization", &bearer)]).json();
    let sessions = list["sessions"].as_array().expect("sessions");
    sessions.iter().map(|session| session["device"].as_str().expect("device").to_owned()).collect()
}

const ORDERINGS: [Ordering; 3] = [Ordering::Strict, Ordering::Generation, Ordering::Eventual];

#[test]
fn ending_one_makes_room_at_once() {
    for ordering in ORDERINGS {
        let host = limited(json!({"stream_limit": 1}), json!({"stream_limit": 1}));
        host.ordering.set(ordering);
        let tv = host.create("ann", "tv");
        assert_eq!(host.create("ann", "phone").problem(), (409, "stream_limit".to_owned()));
        assert_eq!(by_lease(&host, Method::DELETE, &tv, "").status, 204);
        assert_eq!(by_lease(&host, Method::DELETE, &tv, "").problem(), (410, "session_ended".to_owned()));
        assert_eq!(host.create("ann", "phone").status, 201);
        assert_eq!(listed(&host, "ann"), ["phone"]);
    }
}

#[test]
fn the_grants_limit_comes_before_the_configured_one() {
    let host = limited(json!({}), json!({"stream_limit": 1}));
    let claims = json!({"iss": "test", "sub": "ann", "tier": "premium", "exp": START + 3600, "stream_limit": 2});
    let bearer = format!("Bearer {}", host.viewer_with(&claims));
    let create = |device: &str| {
        let body = json!({"title": "film", "device": device}).to_string();
        host.call(Method::POST, "/v1/sessions", &[("authorization", &bearer)], body.as_bytes()).status
    };
    assert_eq!([create("tv"), create("phone"), create("pad")], [201, 201, 409]);
    assert_eq!([host.create("bob", "tv").status, host.create("bob", "phone").status], [201, 409]);
}

#[test]
fn the_oldest_is_ended_where_the_configuration_says_so() {
    let host = limited(json!({}), json!({"stream_limit": 1, "stream_policy": "end_oldest"}));
    let tv = host.create("ann", "tv");
    assert_eq!(host.create("ann", "phone").status, 201);
    assert_eq!(host.get(&segment(&tv), &[]).problem(), (410, "session_ended".to_owned()));
    assert_eq!(by_lease(&host, Method::POST, &tv, "/renew").problem(), (410, "session_ended".to_owned()));
    assert_eq!(listed(&host, "ann"), ["phone"]);
}

#[test]
fn a_session_that_ran_out_is_admitted_again_where_there_is_room() {
    let host = limited(json!({}), json!({"stream_limit": 1}));
    let tv = host.create("ann", "tv");
    host.pass(LEASE + 1);
    assert_eq!(host.create("ann", "phone").status, 409, "the skew");
    assert_eq!(host.get(&segment(&tv), &[]).status, 200, "its own slot, and nobody else's");
    host.pass(LEASE + 2);
    let phone = host.create("ann", "phone");
    assert_eq!(phone.status, 201);
    assert_eq!(host.get(&segment(&tv), &[]).problem(), (410, "session_ended".to_owned()));
    // The handle in the path counts as the session's own credential.
    let folder = MemoryHost::handle_path(&tv);
    let renew = format!("{}/v1/sessions/{}/renew", folder.trim_end_matches("/v1/film"), session(&tv));
    let refused = host.call(Method::POST, &renew, &[], b"");
    assert_eq!(refused.problem(), (409, "stream_limit".to_owned()));
    assert_eq!(refused.json()["sessions"][0]["device"], "phone");
    assert_eq!(by_lease(&host, Method::DELETE, &phone, "").status, 204);
    assert_eq!(host.call(Method::POST, &renew, &[], b"").status, 200);
}

#[test]
fn a_paused_player_keeps_its_slot_for_the_declared_time() {
    let host = limited(json!({}), json!({"stream_limit": 1, "pause_seconds": 60}));
    let tv = host.create("ann", "tv");
    host.pass(LEASE + 61);
    assert_eq!(host.create("ann", "phone").status, 409);
    assert_eq!(host.get(&segment(&tv), &[]).status, 200);
}

#[test]
fn without_a_limit_as_many_as_come_are_admitted() {
    let host = MemoryHost::new();
    for device in 0..20 {
        assert_eq!(host.create("ann", &format!("device-{device}")).status, 201);
        host.pass(1);
    }
    assert_eq!(listed(&host, "ann").len(), 8);
}

#[test]
fn a_store_without_comparing_gives_a_provisional_right_first() {
    let host = limited(json!({"stream_limit": 1}), json!({}));
    host.ordering.set(Ordering::Eventual);
    let created = host.create("ann", "tv");
    assert_eq!(created.json()["expires"], START + 20);
    let cookie = created.cookie().expect("cookie");
    host.pass(6);
    assert_eq!(host.get(SEGMENT, &[("cookie", &cookie)]).cookie(), None);
    host.pass(1);
    let answer = host.get(SEGMENT, &[("cookie", &cookie)]);
    assert!(answer.status == 200 && answer.cookie().is_some(), "confirmed");
    let unlimited = limited(json!({}), json!({}));
    unlimited.ordering.set(Ordering::Eventual);
    assert_eq!(unlimited.create("ann", "tv").json()["expires"], START + LEASE);
}

#[test]
fn the_configuration_trusts_a_store_with_less_and_never_with_more() {
    let host = limited(json!({"stream_limit": 1}), json!({"consistency": {"ordering": "eventual"}}));
    assert_eq!(host.create("ann", "tv").json()["expires"], START + 20);
    let host = limited(json!({"stream_limit": 1}), json!({"consistency": {"ordering": "strict"}}));
    host.ordering.set(Ordering::Eventual);
    assert_eq!(host.create("ann", "tv").json()["expires"], START + 20);
}

#[test]
fn a_kept_confirmation_ends_with_the_right_that_it_confirms() {
    let host = limited(json!({}), json!({"stream_limit": 1}));
    host.has_cache.set(true);
    let tv = host.create("ann", "tv");
    assert_eq!(host.get(&segment(&tv), &[]).status, 200);
    host.pass(LEASE / 3);
    host.reads.set(0);
    assert_eq!(host.get(&segment(&tv), &[]).status, 200);
    assert_eq!(host.reads.get(), 0, "kept since the first look");
    host.pass(LEASE / 2);
    host.throttled.replace(Some("s/"));
    assert_eq!(host.get(&segment(&tv), &[]).status, 200, "kept again, by the right that is there");
    host.pass(LEASE / 6);
    assert_eq!(host.get(&segment(&tv), &[]).problem(), (503, "store_unavailable".to_owned()));
}

#[test]
fn a_store_that_asks_to_write_less_often_keeps_the_old_lease() {
    let host = limited(json!({}), json!({"stream_limit": 1}));
    let tv = host.create("ann", "tv");
    let cookie = tv.cookie().expect("cookie");
    host.pass(LEASE / 2);
    for keys in ["s/", "sess/"] {
        host.throttled.replace(Some(keys));
        let answer = host.get(SEGMENT, &[("cookie", &cookie)]);
        assert!(answer.status == 200 && answer.cookie().is_none(), "{keys}");
        assert_eq!(by_lease(&host, Method::POST, &tv, "/renew").json()["expires"], START + LEASE);
    }
}

#[test]
fn no_lease_reaches_further_than_what_was_written() {
    let host = limited(json!({}), json!({"stream_limit": 1}));
    let tv = host.create("ann", "tv");
    let cookie = tv.cookie().expect("cookie");
    host.pass(LEASE / 3 + 1);
    assert_eq!(host.get(&segment(&tv), &[]).status, 200);
    // The handle has renewed the record; the cookie's lease goes as far, and not from now.
    host.pass(LEASE / 3);
    let renewed = host.get(SEGMENT, &[("cookie", &cookie)]).cookie().expect("renewed");
    host.pass(LEASE / 3 * 2);
    assert_eq!(host.now.get(), START + LEASE / 3 * 4 + 1);
    assert_eq!(host.get(SEGMENT, &[("cookie", &renewed)]).problem(), (401, "token_expired".to_owned()));
}

#[test]
fn a_store_that_is_down_admits_for_one_lease_where_the_title_says_so() {
    let host = limited(json!({"stream_limit": 1, "store_down": "admit"}), json!({}));
    host.store_down.set(true);
    let created = host.create("ann", "tv");
    let object = created.json();
    assert_eq!(
        (created.status, &object["expires"], &object["ends"]),
        (201, &json!(START + LEASE), &json!(START + LEASE))
    );
    let cookie = created.cookie().expect("cookie");
    host.pass(LEASE / 2);
    let key = format!("{}/key/{KID}", MemoryHost::handle_path(&created));
    for down in [true, false] {
        host.store_down.set(down);
        assert_eq!(host.get(&key, &[]).status, 200, "the second gate, too");
        let answer = host.get(SEGMENT, &[("cookie", &cookie)]);
        assert!(answer.status == 200 && answer.cookie().is_none());
        assert_eq!(host.get(&segment(&created), &[]).status, 200);
    }
    host.pass(LEASE / 2);
    assert_eq!(host.get(SEGMENT, &[("cookie", &cookie)]).problem(), (401, "token_expired".to_owned()));
    assert_eq!(host.get(&segment(&created), &[]).problem(), (401, "token_expired".to_owned()));
}

#[test]
fn a_store_that_is_busy_is_not_down() {
    let host = limited(json!({"stream_limit": 1, "store_down": "admit"}), json!({}));
    host.throttled.replace(Some("t/"));
    assert_eq!(host.create("ann", "tv").problem(), (503, "store_unavailable".to_owned()));
}

#[test]
fn a_record_that_is_not_there_yet_ends_nobody_and_vouches_for_nobody() {
    let host = limited(json!({}), json!({"stream_limit": 1}));
    let created = host.create("ann", "tv");
    let cookie = created.cookie().expect("cookie");
    host.forget(&format!("sess/{}", session(&created)));
    host.pass(LEASE / 2);
    let answer = host.get(SEGMENT, &[("cookie", &cookie)]);
    assert!(answer.status == 200 && answer.cookie().is_none());
    assert_eq!(host.get(&segment(&created), &[]).problem(), (503, "store_unavailable".to_owned()));
}
