//! Where, through which networks, on which devices and from when on a title plays, and what a credential is bound to.

use http::Method;
use serde_json::{Value, json};
use sluice_app::host::{Client, Region};

use super::support::{Answer, LEASE, MemoryHost, START, descriptor};

const SEGMENT: &str = "cenc/t-en/1.vtt?v=1";

fn code(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

/// 201, or the problem.
fn outcome(answer: &Answer) -> (u16, String) {
    if answer.status < 300 { (answer.status, String::new()) } else { answer.problem() }
}

fn host(rights: Value) -> MemoryHost {
    let host = MemoryHost::new();
    rewrite(&host, rights);
    host
}

fn rewrite(host: &MemoryHost, mut rights: Value) {
    rights["state"] = "published".into();
    host.describe(&descriptor(&["clearkey", "widevine"], rights));
}

fn at(country: &[u8; 2], region: &str) -> Client {
    Client { country: Some(*country), region: Region::told(*country, region), ..Client::default() }
}

fn address(text: &str) -> Client {
    Client { address: Some(text.parse().expect("address")), ..Client::default() }
}

fn object(path: &str, name: &str) -> String {
    format!("{path}/{name}")
}

fn license(host: &MemoryHost, path: &str) -> (u16, String) {
    let wanted = br#"{"kids":["EREREREREREREREREREREQ"],"type":"temporary"}"#;
    outcome(&host.call(Method::POST, &object(path, "license/clearkey"), &[], wanted))
}

#[test]
fn a_region_decides_and_binds_the_handle() {
    let host = host(json!({"regions": {"deny": ["US-UT"]}}));
    let blocked = code(403, "geo_blocked");
    for (client, expected) in [
        (Client::default(), blocked.clone()),
        (at(b"US", ""), blocked.clone()),
        (at(b"US", "UT"), blocked.clone()),
        (at(b"DE", ""), code(201, "")),
        (at(b"US", "CA"), code(201, "")),
    ] {
        *host.client.borrow_mut() = client;
        assert_eq!(outcome(&host.create("ann", "tv")), expected, "{client:?}");
    }
    let created = host.create("ann", "tv");
    let path = MemoryHost::handle_path(&created);
    for name in [SEGMENT, "cenc/main.m3u8"] {
        assert_eq!(outcome(&host.get(&object(&path, name), &[])).0, 200, "{name}");
    }
    assert_eq!(license(&host, &path).0, 200);
    // A region that is open, too, but not the handle's.
    for elsewhere in [at(b"US", "UT"), at(b"US", "NV"), at(b"US", "")] {
        *host.client.borrow_mut() = elsewhere;
        for name in [SEGMENT, "cenc/main.m3u8"] {
            assert_eq!(outcome(&host.get(&object(&path, name), &[])), blocked, "{name} {elsewhere:?}");
        }
        assert_eq!(license(&host, &path), blocked);
    }
    // A lease is judged by where its viewer is at manifests, licences and renewals; segments follow within its life.
    let cookie = created.cookie().expect("cookie");
    let by_cookie = |name: &str| outcome(&host.get(&format!("/v1/film/{name}"), &[("cookie", &cookie)]));
    assert_eq!((by_cookie(SEGMENT).0, by_cookie("cenc/main.m3u8")), (200, blocked.clone()));
    host.pass(LEASE / 2);
    assert_eq!(by_cookie(SEGMENT), blocked);
    *host.client.borrow_mut() = at(b"US", "CA");
    assert_eq!(by_cookie(SEGMENT).0, 200);
}

#[test]
fn the_proxy_tells_region_and_anonymisers() {
    let host = host(json!({"regions": {"allow": ["US-CA"]}, "anonymizers": "refuse"}));
    host.config.borrow_mut()["proxy"]["region_header"] = "x-region".into();
    host.config.borrow_mut()["proxy"]["anonymizer_header"] = "x-anonymizer".into();
    let bearer = format!("Bearer {}", host.viewer("ann"));
    let from = |secret: &str, country: &str, region: &str, anonymizer: &str| {
        let headers = [
            ("authorization", bearer.as_str()),
            ("x-proxy", secret),
            ("x-country", country),
            ("x-region", region),
            ("x-anonymizer", anonymizer),
        ];
        outcome(&host.call(Method::POST, "/v1/sessions", &headers, br#"{"title":"film"}"#))
    };
    for (good, open) in [("CA", "0"), ("US-CA", "false"), ("us-ca", "0")] {
        assert_eq!(from("trusted", "US", good, open).0, 201, "{good} {open}");
    }
    let blocked = code(403, "geo_blocked");
    for (secret, country, region, anonymizer) in [
        ("guessed", "US", "CA", "0"),
        ("trusted", "", "US-CA", "0"),
        ("trusted", "CA", "US-CA", "0"),
        ("trusted", "US", "", "0"),
        ("trusted", "US", "UT", "0"),
        ("trusted", "US", "CA", "1"),
        ("trusted", "US", "CA", "true"),
        ("trusted", "US", "CA", ""),
        ("trusted", "US", "CA", "no"),
    ] {
        assert_eq!(from(secret, country, region, anonymizer), blocked, "{secret} {country} {region} {anonymizer}");
    }
    assert!(host.log.borrow().iter().any(|line| line.contains("Anonymizer")), "the log says why");
}

#[test]
fn an_unknown_network_passes_only_where_nobody_could_tell_and_the_operator_says_so() {
    let host = host(json!({"anonymizers": "refuse"}));
    let blocked = code(403, "geo_blocked");
    let ask = || outcome(&host.create("ann", "tv"));
    assert_eq!(ask(), blocked);
    host.config.borrow_mut()["anonymizers_unknown"] = "allow".into();
    assert_eq!(ask().0, 201);
    host.tells_anonymizers.set(true);
    assert_eq!(ask(), blocked, "a platform that can tell, and did not");
    for (anonymizer, expected) in [(false, code(201, "")), (true, blocked.clone())] {
        host.client.borrow_mut().anonymizer = Some(anonymizer);
        assert_eq!(ask(), expected);
    }
    // Behind a proxy that tells the client's address, what the platform knows is about the proxy.
    host.client.borrow_mut().anonymizer = Some(false);
    host.config.borrow_mut()["anonymizers_unknown"] = "refuse".into();
    host.config.borrow_mut()["proxy"]["address_header"] = "x-address".into();
    let bearer = format!("Bearer {}", host.viewer("ann"));
    let headers = [("authorization", bearer.as_str()), ("x-proxy", "trusted"), ("x-address", "192.0.2.1")];
    let behind = || outcome(&host.call(Method::POST, "/v1/sessions", &headers, br#"{"title":"film"}"#));
    assert_eq!(behind(), blocked);
    host.config.borrow_mut()["anonymizers_unknown"] = "allow".into();
    assert_eq!(behind().0, 201);
    host.config.borrow_mut()["proxy"]["anonymizer_header"] = "x-anonymizer".into();
    assert_eq!(behind(), blocked, "a proxy that can tell, and did not");
}

#[test]
fn the_class_of_device_is_the_grants_and_never_the_agents() {
    let host = host(json!({"devices": {"allow": ["tv"]}}));
    let ask = |class: Value| {
        let mut claims = json!({"iss": "test", "sub": "ann", "tier": "premium", "exp": START + 60});
        if !class.is_null() {
            claims["device_class"] = class;
        }
        let bearer = format!("Bearer {}", host.viewer_with(&claims));
        let headers = [("authorization", bearer.as_str()), ("user-agent", "tv"), ("device-class", "tv")];
        outcome(&host.call(Method::POST, "/v1/sessions", &headers, br#"{"title":"film"}"#))
    };
    assert_eq!(ask(json!("tv")).0, 201);
    for other in [json!("mobile"), json!("TV"), Value::Null] {
        assert_eq!(ask(other.clone()), code(403, "not_entitled"), "{other}");
    }
    for malformed in [json!(3), json!(""), json!(["tv"])] {
        assert_eq!(ask(malformed.clone()), code(401, "token_invalid"), "{malformed}");
    }
}

/// Who asks before the embargo ends learns what who asks for nothing learns: every byte of the answer is the same.
#[test]
fn before_its_embargo_a_title_is_like_one_that_is_not_there() {
    let host = host(json!({"embargo": START + 100, "countries": {"allow": ["SE"]}, "stream_limit": 1}));
    let bearer = format!("Bearer {}", host.viewer("ann"));
    let ask = |title: &str| {
        let body = json!({ "title": title }).to_string();
        host.call(Method::POST, "/v1/sessions", &[("authorization", &bearer)], body.as_bytes())
    };
    for client in [Client::default(), at(b"SE", ""), at(b"NO", "")] {
        *host.client.borrow_mut() = client;
        let (embargoed, absent) = (ask("film"), ask("another"));
        assert_eq!(embargoed.problem(), code(404, "unknown_title"));
        assert_eq!((embargoed.body, embargoed.headers), (absent.body, absent.headers));
    }
    *host.client.borrow_mut() = at(b"SE", "");
    host.pass(100);
    assert_eq!(outcome(&ask("film")).0, 201);
}

#[test]
fn a_window_that_is_shortened_ends_the_session_earlier() {
    let host = host(json!({"windows": [{"until": START + 600}]}));
    let created = host.create("ann", "tv");
    assert_eq!(created.json()["ends"], START + 600);
    let path = object(&MemoryHost::handle_path(&created), SEGMENT);
    let cookie = created.cookie().expect("cookie");
    let end = START + LEASE + 5;
    rewrite(&host, json!({"windows": [{"until": end}]}));
    // A lease lives as it was minted; its renewal lives to the new end at most.
    assert_eq!(host.get(&format!("/v1/film/{SEGMENT}"), &[("cookie", &cookie)]).status, 200);
    host.pass(LEASE / 2);
    let renewed = host.get(&format!("/v1/film/{SEGMENT}"), &[("cookie", &cookie)]).cookie().expect("renewed");
    assert_eq!(host.get(&path, &[]).status, 200);
    host.now.set(end - 1);
    assert_eq!(host.get(&format!("/v1/film/{SEGMENT}"), &[("cookie", &renewed)]).status, 200);
    host.now.set(end);
    let over = host.get(&format!("/v1/film/{SEGMENT}"), &[("cookie", &renewed)]);
    assert_eq!(over.problem(), code(401, "token_expired"));
    assert_eq!(host.get(&path, &[]).problem(), code(410, "session_ended"));
}

#[test]
fn leases_are_bound_as_configured_and_their_renewals_too() {
    let mismatch = code(403, "address_mismatch");
    for (binding, home, near, away) in [
        ("prefix", address("192.0.2.1"), address("192.0.2.9"), address("192.0.3.1")),
        ("prefix", address("2001:db8::1"), address("2001:db8:0:9::1"), address("2001:db8:1::1")),
        (
            "asn",
            Client { asn: Some(64500), ..address("192.0.2.1") },
            Client { asn: Some(64500), ..address("192.0.3.1") },
            Client { asn: Some(64501), ..address("192.0.2.1") },
        ),
    ] {
        let host = host(json!({}));
        host.config.borrow_mut()["lease_binding"] = binding.into();
        assert_eq!(outcome(&host.create("ann", "tv")), mismatch, "{binding}: the platform tells nothing");
        *host.client.borrow_mut() = home;
        let created = host.create("ann", "tv");
        let mut cookie = created.cookie().expect("cookie");
        for _ in 0..3 {
            let get = |client| {
                *host.client.borrow_mut() = client;
                host.get(&format!("/v1/film/{SEGMENT}"), &[("cookie", &cookie)])
            };
            assert_eq!(outcome(&get(away)), mismatch, "{binding}");
            assert_eq!(outcome(&get(Client::default())), mismatch, "{binding}");
            let near = get(near);
            assert_eq!(near.status, 200, "{binding}");
            cookie = near.cookie().unwrap_or(cookie);
            host.pass(LEASE / 2);
        }
        // The handle is not bound.
        *host.client.borrow_mut() = away;
        assert_eq!(host.get(&object(&MemoryHost::handle_path(&created), SEGMENT), &[]).status, 200);
    }
}

/// A host with a cache or without, and a handle's segment asked for from each of these addresses in turn.
fn shared(cached: bool, networks: Option<u8>, addresses: &[&str]) -> (MemoryHost, Vec<(u16, String)>) {
    let host = host(json!({}));
    host.has_cache.set(cached);
    if let Some(networks) = networks {
        host.config.borrow_mut()["handle_networks"] = networks.into();
    }
    let path = object(&MemoryHost::handle_path(&host.create("ann", "tv")), SEGMENT);
    let answers = addresses.iter().map(|text| {
        *host.client.borrow_mut() = address(text);
        let answer = host.get(&path, &[]);
        outcome(&answer)
    });
    let answers = answers.collect();
    (host, answers)
}

#[test]
fn a_handle_from_more_networks_than_a_household_has_ends_its_session() {
    let ended = code(410, "session_ended");
    for cached in [false, true] {
        let three = ["192.0.2.1", "192.0.2.9", "2001:db8::1", "198.51.100.1", "192.0.2.77"];
        let (host, answers) = shared(cached, None, &three);
        assert!(answers.iter().all(|(status, _)| *status == 200), "{answers:?}");
        let four = ["192.0.2.1", "2001:db8::1", "198.51.100.1", "203.0.113.1", "192.0.2.1"];
        let (host_of_four, answers) = shared(cached, None, &four);
        assert_eq!(answers[3], ended, "{answers:?}");
        // Where the first network's confirmation is kept, it is believed for half a lease's life.
        assert_eq!(answers[4], if cached { code(200, "") } else { ended.clone() });
        host_of_four.pass(LEASE / 2);
        for (host, expected) in [(&host, 1), (&host_of_four, 0)] {
            let bearer = format!("Bearer {}", host.viewer("ann"));
            let listed = host.get("/v1/sessions", &[("authorization", &bearer)]).json();
            assert_eq!(listed["sessions"].as_array().map(Vec::len), Some(expected));
        }
    }
    let many: Vec<String> = (0..9).map(|third| format!("192.0.{third}.1")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let (_, answers) = shared(false, Some(0), &many);
    assert!(answers.iter().all(|(status, _)| *status == 200), "not counted: {answers:?}");
    let (_, answers) = shared(false, Some(1), &["192.0.2.1", "192.0.3.1"]);
    assert_eq!(answers[1], ended);
}

#[test]
fn networks_of_an_earlier_lease_life_are_forgotten() {
    let host = host(json!({}));
    let path = object(&MemoryHost::handle_path(&host.create("ann", "tv")), SEGMENT);
    for third in 0..20 {
        *host.client.borrow_mut() = address(&format!("192.0.{third}.1"));
        assert_eq!(host.get(&path, &[]).status, 200, "network {third}");
        host.pass(LEASE / 2);
    }
}

/// One write for a network that is new, none for those that are known; and no address in the store.
#[test]
fn networks_cost_no_more_writes_than_they_are() {
    let host = host(json!({}));
    let path = object(&MemoryHost::handle_path(&host.create("ann", "tv")), SEGMENT);
    host.writes.set(0);
    for _ in 0..5 {
        for text in ["192.0.2.1", "198.51.100.1"] {
            *host.client.borrow_mut() = address(text);
            assert_eq!(host.get(&path, &[]).status, 200);
        }
    }
    assert_eq!(host.writes.get(), 2);
    assert!(host.stored().iter().all(|value| !value.contains("192.0.2") && !value.contains("c00002")));
}

#[test]
fn rates_are_kept_per_network_and_per_account() {
    let limited = code(429, "rate_limited");
    let host = host(json!({}));
    host.config.borrow_mut()["rates"] = json!({
        "sessions_per_minute": {"network": 3, "account": 2}, "licenses_per_minute": {"network": 2, "account": 1}
    });
    let from = |text: &str, account: &str| {
        *host.client.borrow_mut() = address(text);
        host.create(account, "tv")
    };
    let health = || host.get("/healthz", &[]).json()["rates"].clone();
    // A platform that cannot count admits, and says so.
    for _ in 0..9 {
        assert_eq!(from("192.0.2.1", "ann").status, 201);
    }
    assert_eq!(health(), "unsupported");
    *host.counts.borrow_mut() = Some(Default::default());
    assert_eq!(health(), "counted");
    assert_eq!(outcome(&from("192.0.2.1", "ann")).0, 201);
    assert_eq!(outcome(&from("2001:db8::1", "ann")).0, 201);
    let third = from("198.51.100.1", "ann");
    assert_eq!((third.problem(), third.header("retry-after")), (limited.clone(), Some("20")), "the account's third");
    assert_eq!(outcome(&from("192.0.2.2", "bob")).0, 201);
    let created = from("192.0.2.3", "carl");
    assert_eq!(outcome(&from("192.0.2.4", "dora")), limited, "the network's fourth");
    let path = MemoryHost::handle_path(&created);
    assert_eq!(license(&host, &path).0, 200);
    assert_eq!(license(&host, &path), limited);
    assert_eq!(host.get(&object(&path, SEGMENT), &[]).status, 200, "media is not counted");
    for bucket in host.counts.borrow().iter().flatten().map(|(bucket, _)| bucket) {
        assert!(!bucket.contains("192.0") && !bucket.contains("2001") && !bucket.contains("ann"), "{bucket}");
    }
    // An attempt counts whatever its token is worth.
    let forged = [("authorization", "Bearer a.b.c")];
    *host.client.borrow_mut() = address("203.0.113.1");
    for expected in [401, 401, 401, 429] {
        assert_eq!(host.call(Method::POST, "/v1/sessions", &forged, br#"{"title":"film"}"#).status, expected);
    }
}
