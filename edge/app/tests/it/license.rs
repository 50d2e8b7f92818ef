//! Licences that a vendor's server makes: who may ask, what the server is told, and what comes of its answers.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::Method;
use serde_json::{Value, json};
use sluice_app::host::{Client, FetchError};

use super::support::{Answer, LEASE, MemoryHost, Object, START, descriptor};

pub(crate) const SD: &str = "11111111111111111111111111111111";
pub(crate) const HD: &str = "12121212121212121212121212121212";
pub(crate) const AUDIO: &str = "13131313131313131313131313131313";
const CBCS_SD: &str = "33333333333333333333333333333333";
const CBCS_HD: &str = "34343434343434343434343434343434";
const CBCS_AUDIO: &str = "35353535353535353535353535353535";
const WIDEVINE: &str = "https://wv.license.example/AcquireLicense?tenant=t";
const PLAYREADY: &str = "https://pr.license.example/AcquireLicense";
const FAIRPLAY: &str = "https://fp.license.example/AcquireLicense";
const CERTIFICATE: &str = "https://fp.license.example/fairplay.cer";

/// A title with a key for small pictures, one for large ones and one for sound, in either scheme.
pub(crate) fn film(systems: &[&str], rights: Value) -> Value {
    let mut film = descriptor(systems, json!({"state": "published"}));
    let audio = film["tracks"][0].clone();
    let video = |id: &str, width: u32, height: u32| {
        let mut video = audio.clone();
        let members = video.as_object_mut().expect("an object");
        members.remove("audio");
        members.insert("id".to_owned(), json!(id));
        members.insert("kind".to_owned(), json!("video"));
        members.insert("codec".to_owned(), json!("avc1.640028"));
        members.insert("video".to_owned(), json!({"width": width, "height": height, "frame_rate": [25, 1]}));
        video
    };
    film["tracks"] = json!([video("v360", 640, 360), video("v1080", 1920, 1080), audio]);
    let keys = |sd: &str, hd: &str, audio: &str| json!([{"kid": sd, "scope": {"class": "sd"}}, {"kid": hd, "scope": {"class": "hd"}}, {"kid": audio, "scope": "audio"}]);
    film["key_policy"]["schemes"] = json!([
        {"scheme": "cenc", "keys": keys(SD, HD, AUDIO)},
        {"scheme": "cbcs", "keys": keys(CBCS_SD, CBCS_HD, CBCS_AUDIO)},
        {"scheme": "aes128", "keys": [{"kid": "44444444444444444444444444444444", "scope": "video"}]}
    ]);
    let members = film["rights"].as_object_mut().expect("rights");
    members.extend(rights.as_object().expect("an object").clone());
    film
}

/// An edge whose vendor is Axinom, with a title that lists all three systems and ClearKey.
pub(crate) fn edge(rights: Value) -> MemoryHost {
    let host = MemoryHost::new();
    host.describe(&film(&["widevine", "playready", "fairplay", "clearkey"], rights));
    host.config.borrow_mut()["licenses"] = json!([{
        "token": {"vendor": "axinom", "key_id": "cc36e85d-2fdf-462c-b395-030907447afc", "key": "axinom_key"},
        "widevine": {"url": WIDEVINE, "backend": "wv"}, "playready": {"url": PLAYREADY},
        "fairplay": {"url": FAIRPLAY, "certificate": {"url": CERTIFICATE}}
    }]);
    for url in [WIDEVINE, PLAYREADY, FAIRPLAY] {
        host.put(url, b"a licence".to_vec());
    }
    host.put(CERTIFICATE, b"\x30\x82a certificate".to_vec());
    host
}

fn ask(host: &MemoryHost, path: &str, system: &str) -> Answer {
    host.call(Method::POST, &format!("{path}/license/{system}"), &[], b"\x08\x04a challenge")
}

fn session(host: &MemoryHost, claims: Value) -> String {
    let mut all = json!({"iss": "test", "sub": "ann", "tier": "premium", "exp": host.now.get() + 3600});
    all.as_object_mut().expect("claims").extend(claims.as_object().expect("an object").clone());
    let bearer = format!("Bearer {}", host.viewer_with(&all));
    MemoryHost::handle_path(&host.call(
        Method::POST,
        "/v1/sessions",
        &[("authorization", &bearer)],
        br#"{"title":"film","device":"tv"}"#,
    ))
}

/// What the last token said to the vendor. That it is the vendor's form is for the vendor's own documents to judge, elsewhere.
fn told(host: &MemoryHost) -> Value {
    let posted = host.posted.borrow();
    let (_, post) = posted.last().expect("something was posted");
    let (_, token) = post.headers.iter().find(|(name, _)| *name == "X-AxDRM-Message").expect("a message");
    let claims = token.split('.').nth(1).expect("a JWT");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).expect("base64url")).expect("claims")
}

/// The key ids that the last token named, as 32 hex digits.
fn kids(host: &MemoryHost) -> Vec<String> {
    let told = told(host).to_string().replace('-', "");
    [SD, HD, AUDIO, CBCS_SD, CBCS_HD, CBCS_AUDIO]
        .into_iter()
        .filter(|kid| told.contains(kid))
        .map(str::to_owned)
        .collect()
}

fn problem(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[test]
fn a_licence_is_the_vendors_and_nothing_else_passes_either_way() {
    let host = edge(json!({}));
    let created = host.create("ann", "tv");
    let path = MemoryHost::handle_path(&created);
    let license = created.json()["license"].clone();
    for system in ["widevine", "playready", "fairplay", "clearkey"] {
        assert_eq!(license[system], format!("https://edge.example{path}/license/{system}"));
    }
    let cookie = created.cookie().expect("a cookie");
    let headers = [
        ("cookie", cookie.as_str()),
        ("content-type", "text/html"),
        ("soapaction", "\"http://schemas.microsoft.com/DRM/2007/03/protocols/AcquireLicense\""),
        ("user-agent", "a browser"),
        ("x-forwarded-for", "192.0.2.1"),
        ("x-axdrm-message", "the viewer's own"),
    ];
    host.set(WIDEVINE, Object::Typed("text/html", b"<a licence>".to_vec()));
    host.set(PLAYREADY, Object::Typed("text/xml;charset=utf-8", b"<a licence/>".to_vec()));
    for (system, url, sent, received) in [
        ("widevine", WIDEVINE, "application/octet-stream", "application/octet-stream"),
        ("playready", PLAYREADY, "text/xml; charset=utf-8", "text/xml; charset=utf-8"),
        ("fairplay", FAIRPLAY, "application/octet-stream", "application/octet-stream"),
    ] {
        let answer = host.call(Method::POST, &format!("/v1/film/license/{system}"), &headers, b"\x00opaque\xff");
        assert_eq!(answer.status, 200, "{system}");
        assert_eq!(answer.header("content-type"), Some(received));
        assert_eq!(answer.header("cache-control"), Some("private, no-store"));
        assert!(answer.body.ends_with(b"licence") || answer.body.starts_with(b"<a licence"));
        let posted = host.posted.borrow();
        let (to, post) = posted.last().expect("posted");
        assert!(to == url, "{to}");
        assert_eq!(post.body, b"\x00opaque\xff");
        let names: Vec<_> = post.headers.iter().map(|(name, _)| *name).collect();
        let expected: &[&str] = match system {
            "playready" => &["content-type", "soapaction", "X-AxDRM-Message"],
            _ => &["content-type", "X-AxDRM-Message"],
        };
        assert_eq!(names, expected, "{system}");
        assert_eq!(post.headers[0].1, sent);
        assert!(!post.headers.iter().any(|(_, value)| value.contains("the viewer's own") || value.contains("192.0.2")));
    }
    // FairPlay's certificate, by the same lease.
    let certificate = host.get(&format!("{path}/license/fairplay/certificate"), &[]);
    assert_eq!((certificate.status, certificate.body.as_slice()), (200, &b"\x30\x82a certificate"[..]));
    let head = host.call(Method::HEAD, &format!("{path}/license/fairplay/certificate"), &[], b"");
    assert_eq!((head.status, head.header("content-length")), (200, Some("15")));
    let empty = host.call(Method::POST, &format!("{path}/license/widevine"), &[], b"");
    assert_eq!(empty.problem(), problem(400, "bad_request"));
    let long = host.call(Method::POST, &format!("{path}/license/widevine"), &[], &[0; 65537]);
    assert_eq!(long.problem(), problem(400, "bad_request"));
}

#[test]
fn the_vendor_is_told_of_the_keys_that_the_session_may_have_and_no_others() {
    let host = edge(json!({"tiers": [{"name": "basic", "max_height": 576}, {"name": "premium"}]}));
    let premium = session(&host, json!({}));
    assert_eq!(ask(&host, &premium, "widevine").status, 200);
    assert_eq!(kids(&host), [SD, HD, AUDIO, CBCS_SD, CBCS_HD, CBCS_AUDIO]);
    assert_eq!(ask(&host, &premium, "fairplay").status, 200);
    assert_eq!(kids(&host), [CBCS_SD, CBCS_HD, CBCS_AUDIO], "FairPlay knows only cbcs");
    let basic = session(&host, json!({"tier": "basic"}));
    assert_eq!(ask(&host, &basic, "widevine").status, 200);
    assert_eq!(kids(&host), [SD, AUDIO, CBCS_SD, CBCS_AUDIO]);
    let lines = host.decisions();
    let license = lines.last().and_then(|line| line.license.clone()).expect("a licence");
    assert_eq!(license.kids, [SD, AUDIO, CBCS_SD, CBCS_AUDIO]);
    // Of many keys, those that the device asks for.
    let asked = |kids: &str| ask(&host, &basic, &format!("widevine?kid={kids}"));
    assert_eq!(asked(&format!("{SD},{AUDIO}")).status, 200);
    assert_eq!(kids(&host), [SD, AUDIO]);
    assert_eq!(asked(&format!("{SD},{HD}")).status, 200);
    assert_eq!(kids(&host), [SD]);
    assert_eq!(asked(HD).problem(), problem(403, "not_entitled"));
    for bad in ["", "x", &format!("{SD},")] {
        assert_eq!(asked(bad).problem(), problem(400, "bad_request"), "{bad}");
    }
}

/// A token that is not for single keys would open the others on the terms of those that were named.
#[test]
fn a_licence_for_some_keys_opens_no_others_on_their_terms() {
    let host = edge(json!({"license": {"restrictions": [{"above_height": 576, "security_level": "hardware_decode"}]}}));
    let vendors = |token: Value| host.config.borrow_mut()["licenses"][0]["token"] = token;
    let path = session(&host, json!({}));
    let asked = |kids: &str| ask(&host, &path, &format!("widevine?kid={kids}"));
    vendors(json!({"vendor": "pallycon", "tenant": "t", "key": "pallycon_site_key", "access_key": "license_secret"}));
    assert_eq!(ask(&host, &path, "widevine").status, 200);
    assert_eq!(asked(AUDIO).problem(), problem(500, "internal"));
    vendors(json!({"vendor": "drmtoday", "tenant": "t", "key_id": "k", "key": "drmtoday_secret"}));
    assert_eq!(asked(SD).problem(), problem(500, "internal"));
    vendors(json!({"vendor": "drmtoday", "tenant": "t", "callback": true}));
    assert_eq!(ask(&host, &path, "widevine").status, 200);
    for vendor in
        [json!({"vendor": "drmtoday", "tenant": "t", "callback": true}), json!({"vendor": "ezdrm", "callback": true})]
    {
        vendors(vendor);
        assert_eq!(asked(SD).problem(), problem(400, "bad_request"));
    }
}

#[test]
fn no_licence_outlives_the_session_the_window_or_what_title_and_configuration_say() {
    let ends = |host: &MemoryHost| {
        let expires = told(host)["message"]["license"]["expiration_datetime"].clone();
        expires.as_str().map(str::to_owned).expect("an end")
    };
    // START is 2030-03-17T17:46:40Z.
    for (rights, configured, claims, expected) in [
        (json!({}), json!(null), json!({}), "2030-03-17T18:46:40"),
        (json!({"windows": [{"until": START + 100}]}), json!(null), json!({}), "2030-03-17T17:48:20"),
        (json!({}), json!(50), json!({}), "2030-03-17T17:47:30"),
        (json!({"license": {"seconds": 60}}), json!(50), json!({}), "2030-03-17T17:47:40"),
        (json!({"license": {"seconds": 86400}}), json!(null), json!({"exp": START + 90}), "2030-03-17T17:48:10"),
    ] {
        let host = edge(rights.clone());
        if !configured.is_null() {
            host.config.borrow_mut()["licenses"][0]["seconds"] = configured;
        }
        let path = session(&host, claims);
        assert_eq!(ask(&host, &path, "widevine").status, 200);
        assert!(ends(&host).starts_with(expected), "{rights}: {}", ends(&host));
    }
}

#[test]
fn a_licence_is_stored_only_where_title_and_grant_both_say_so() {
    for (title, grant, expected) in [
        (true, json!(true), true),
        (true, json!(false), false),
        (true, json!(null), false),
        (false, json!(true), false),
    ] {
        let host = edge(json!({"license": {"persistent": title}}));
        host.config.borrow_mut()["viewer"]["claims"] = json!({"persistent": "offline"});
        let path = session(&host, if grant.is_null() { json!({}) } else { json!({"offline": grant}) });
        assert_eq!(ask(&host, &path, "widevine").status, 200);
        let stored = told(&host)["message"]["license"]["allow_persistence"].as_bool().unwrap_or(false);
        assert_eq!(stored, expected, "title {title}, grant {grant}");
    }
}

#[test]
fn what_a_vendor_answers_decides_what_the_player_may_try() {
    let host = edge(json!({}));
    let path = session(&host, json!({}));
    host.takes.set(12);
    let busy = problem(503, "key_unavailable");
    let refused = problem(502, "origin_unreachable");
    let mut large = vec![0; 256 << 10];
    let cases: Vec<(Object, &(u16, String), &str)> = vec![
        (Object::Status(429), &busy, "status 429 after 12 ms"),
        (Object::Status(503), &busy, "status 503"),
        (Object::Status(504), &busy, "status 504"),
        (Object::Fails(FetchError::Timeout), &busy, "no answer in time after 12 ms"),
        (Object::Breaks(b"half".to_vec(), FetchError::Timeout), &busy, "no answer in time"),
        (Object::Status(400), &refused, "status 400"),
        (Object::Status(401), &refused, "status 401"),
        (Object::Status(403), &refused, "status 403"),
        (Object::Status(302), &refused, "status 302"),
        (Object::Status(204), &refused, "status 204"),
        (Object::Status(500), &refused, "status 500"),
        (Object::Fails(FetchError::Unreachable), &refused, "cannot be reached"),
        (Object::Breaks(b"half".to_vec(), FetchError::Cut), &busy, "cut off"),
        (Object::Short(b"half".to_vec()), &busy, "cut off"),
        (Object::Bytes(Vec::new()), &refused, "empty"),
        (
            Object::Bytes({
                large.push(0);
                large.clone()
            }),
            &refused,
            "larger than 262144",
        ),
    ];
    for (object, expected, why) in cases {
        host.set(WIDEVINE, object.clone());
        let answer = ask(&host, &path, "widevine");
        assert_eq!(&answer.problem(), expected, "{why}");
        assert_eq!(answer.header("retry-after").is_some(), answer.status == 503, "{why}");
        let line = host.decisions().pop().expect("a line");
        let detail = line.detail.expect("a reason");
        assert!(detail.starts_with("license server axinom: ") && detail.contains(why), "{detail}");
        assert!(detail.contains(SD) && detail.contains(CBCS_AUDIO), "{detail}");
        assert_eq!((line.decision.as_str(), line.status), (expected.1.as_str(), Some(expected.0)));
    }
    large.pop();
    host.put(WIDEVINE, large);
    assert_eq!(ask(&host, &path, "widevine").body.len(), 256 << 10);
    for (object, expected) in [
        (Object::Status(404), &refused),
        (Object::Fails(FetchError::Timeout), &busy),
        (Object::Bytes(vec![0; (16 << 10) + 1]), &refused),
        (Object::Bytes(Vec::new()), &refused),
    ] {
        host.set(CERTIFICATE, object);
        let answer = host.get(&format!("{path}/license/fairplay/certificate"), &[]);
        assert_eq!(&answer.problem(), expected);
    }
}

#[test]
fn the_second_gate_looks_at_everything_again() {
    for system in ["widevine", "playready", "fairplay", "fairplay/certificate"] {
        let method = if system.ends_with("certificate") { Method::GET } else { Method::POST };
        let outcome = |host: &MemoryHost, path: &str| {
            let answer = host.call(method.clone(), &format!("{path}/license/{system}"), &[], b"challenge");
            if answer.status == 200 { problem(200, "") } else { answer.problem() }
        };
        let all = ["widevine", "playready", "fairplay"];
        // Nobody's, and another title's.
        let host = edge(json!({}));
        assert_eq!(outcome(&host, "/v1/film"), problem(401, "token_missing"));
        let path = session(&host, json!({}));
        assert_eq!(outcome(&host, &path.replace("/film", "/other")), problem(403, "title_mismatch"));
        assert_eq!(outcome(&host, &path), problem(200, ""));
        // Revoked, within the lease life in which segments go on.
        assert_eq!(host.revoke(&json!({"account": "ann"})).status, 200);
        assert_eq!(outcome(&host, &path), problem(410, "session_ended"));
        // The title says otherwise meanwhile.
        let host = edge(json!({}));
        let path = session(&host, json!({}));
        for (rights, expected) in [
            (json!({"state": "unpublished"}), problem(404, "unknown_title")),
            (json!({"countries": {"allow": ["DE"]}}), problem(403, "geo_blocked")),
            (json!({"anonymizers": "refuse"}), problem(403, "geo_blocked")),
            (json!({"windows": [{"until": START}]}), problem(403, "rights_window")),
        ] {
            host.describe(&film(&all, rights));
            assert_eq!(outcome(&host, &path), expected);
        }
        // Only its policy's systems.
        let others: Vec<&str> =
            all.into_iter().filter(|other| !system.starts_with(other)).chain(["clearkey"]).collect();
        host.describe(&film(&others, json!({})));
        assert_eq!(outcome(&host, &path), problem(403, "not_entitled"));
        host.describe(&film(&all, json!({})));
        // By the slot: the account may have one session, which another device has by now.
        host.config.borrow_mut()["stream_limit"] = json!(1);
        host.config.borrow_mut()["stream_policy"] = json!("end_oldest");
        let path = session(&host, json!({"sub": "bob"}));
        session(&host, json!({"sub": "bob", "device": "phone"}));
        assert_eq!(outcome(&host, &path), problem(410, "session_ended"));
        // The store must say so.
        let path = session(&host, json!({"sub": "eve"}));
        host.store_down.set(true);
        assert_eq!(outcome(&host, &path), problem(503, "store_unavailable"));
        host.store_down.set(false);
        // Counted.
        *host.counts.borrow_mut() = Some(std::collections::BTreeMap::new());
        host.config.borrow_mut()["rates"] = json!({"licenses_per_minute": {"account": 1}});
        assert_eq!(outcome(&host, &path), problem(200, ""));
        assert_eq!(outcome(&host, &path), problem(429, "rate_limited"));
        host.config.borrow_mut()["rates"] = json!({});
        // A system that no server here has.
        host.config.borrow_mut()["licenses"] = json!([]);
        assert_eq!(outcome(&host, &path), problem(500, "internal"));
    }
}

#[test]
fn a_session_names_the_licences_that_can_be_had() {
    let host = edge(json!({}));
    let mut config = host.config.borrow().clone();
    config["licenses"][0].as_object_mut().expect("an object").remove("playready");
    *host.config.borrow_mut() = config;
    host.describe(&film(&["widevine", "playready"], json!({})));
    let license = host.create("ann", "tv").json()["license"].clone();
    assert_eq!(
        license.as_object().map(|license| license.keys().cloned().collect::<Vec<_>>()),
        Some(vec!["widevine".to_owned()])
    );
}

#[test]
fn every_key_has_its_line() {
    let host = edge(json!({}));
    host.takes.set(7);
    let path = session(&host, json!({}));
    assert_eq!(ask(&host, &path, "widevine").status, 200);
    let wanted = json!({"kids": [URL_SAFE_NO_PAD.encode([0x11; 16])], "type": "temporary"}).to_string();
    host.describe(&film(&["clearkey", "identity"], json!({})));
    assert_eq!(host.call(Method::POST, &format!("{path}/license/clearkey"), &[], wanted.as_bytes()).status, 200);
    assert_eq!(host.get(&format!("{path}/key/{SD}"), &[]).status, 200);
    let lines = host.decisions();
    let said: Vec<_> =
        lines.iter().filter_map(|line| Some((line.decision.as_str(), line.n, line.license.clone()?))).collect();
    let [(first, Some(2), vendors), (second, Some(3), clear), (third, Some(4), raw)] = said.as_slice() else {
        panic!("{lines:?}");
    };
    assert_eq!((*first, *second, *third), ("license", "license", "key"));
    assert_eq!((vendors.system.as_str(), vendors.vendor.as_deref(), vendors.ms), ("widevine", Some("axinom"), Some(7)));
    assert_eq!(vendors.kids.len(), 6);
    assert_eq!(
        (clear.system.as_str(), clear.kids.as_slice(), clear.vendor.as_deref()),
        ("clearkey", &[SD.to_owned()][..], None)
    );
    assert_eq!((raw.system.as_str(), raw.kids.as_slice(), raw.ms), ("identity", &[SD.to_owned()][..], None));
    // Neither a token nor what it was signed with.
    let log = host.log.borrow().join("\n");
    let token = host.posted.borrow()[0].1.headers[1].1.clone();
    assert!(token.len() > 100 && !log.contains(&token) && !log.contains("AAECAwQF") && !log.contains("challenge"));
}

#[test]
fn a_lease_that_is_due_is_renewed_with_its_licence() {
    let host = edge(json!({}));
    let created = host.create("ann", "tv");
    let bearer = format!("Bearer {}", created.json()["lease"].as_str().expect("a lease"));
    host.pass(LEASE / 2);
    let answer = host.call(Method::POST, "/v1/film/license/widevine", &[("authorization", &bearer)], b"challenge");
    assert_eq!(answer.status, 200);
    assert!(answer.header("sluice-lease").is_some());
}

#[test]
fn a_viewer_who_is_elsewhere_gets_no_licence() {
    let host = edge(json!({"countries": {"allow": ["DE"]}}));
    *host.client.borrow_mut() = Client { country: Some(*b"DE"), ..Client::default() };
    let path = session(&host, json!({}));
    assert_eq!(ask(&host, &path, "widevine").status, 200);
    *host.client.borrow_mut() = Client { country: Some(*b"FR"), ..Client::default() };
    assert_eq!(ask(&host, &path, "widevine").problem(), problem(403, "geo_blocked"));
}
