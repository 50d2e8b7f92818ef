//! DASH-IF's Enhanced Clear Key Content Protection: ClearKey whose token stands in the URLs of manifest, segments and licence.

use http::Method;
use serde_json::{Value, json};

use super::{
    iframes,
    support::{Answer, LEASE, MemoryHost, descriptor},
};

const PUBLIC: &str = "https://edge.example";
/// A licence request for `KID`.
const WANTED: &[u8] = br#"{"kids":["EREREREREREREREREREREQ"],"type":"temporary"}"#;
/// The key of `KID`.
const KEY: &str = "IiIiIiIiIiIiIiIiIiIiIg";

/// A title with ClearKey alone, a video track `v1`, and these rights.
fn title(rights: Value) -> MemoryHost {
    let (host, _) = iframes::title(false);
    let mut rights = rights;
    rights["state"] = json!("published");
    host.describe(&descriptor(&["clearkey"], rights));
    host
}

/// What stands between two texts, once.
fn between<'t>(text: &'t str, from: &str, to: &str) -> &'t str {
    let (_, rest) = text.split_once(from).unwrap_or_else(|| panic!("{from} in {text}"));
    rest.split_once(to).expect("an end").0
}

/// Manifest, segment and licence, by a path that may hold a handle.
fn three(host: &MemoryHost, path: &str, headers: &[(&str, &str)]) -> [Answer; 3] {
    [
        host.get(&format!("{path}/cenc/manifest.mpd"), headers),
        host.get(&format!("{path}/cenc/v1/1.m4s?v=1"), headers),
        host.call(Method::POST, &format!("{path}/license/clearkey"), headers, WANTED),
    ]
}

fn statuses(answers: [Answer; 3]) -> [u16; 3] {
    answers.map(|answer| answer.status)
}

#[test]
fn a_player_that_follows_the_manifest_carries_the_token_everywhere() {
    let host = title(json!({"url_tokens_only": true}));
    let created = host.create("a", "tv");
    let manifest = created.json()["dash"][1]["url"].as_str().expect("a URL").to_owned();
    assert!(manifest.ends_with("/cenc/manifest.mpd"), "{manifest}");
    let target = manifest.strip_prefix(PUBLIC).expect("the public URL");
    let handle = target.split('/').nth(1).expect("a part");
    assert!(handle.starts_with('~'));
    let mpd = host.get(target, &[]);
    let text = core::str::from_utf8(&mpd.body).expect("text");
    let descriptor =
        between(text, "<ContentProtection schemeIdUri=\"urn:uuid:e2719d58-a985-b3c9-781a-b030af78d30e\"", "</");
    let licence = between(&format!("{descriptor}<"), "<dashif:Laurl licenseType=\"EME-1.0\">", "<").to_owned();
    // Segments are named relative to the manifest, whose URL has the handle.
    let folder = target.rsplit_once('/').expect("a folder").0;
    let media = between(text, "media=\"", "\"").replace("$RepresentationID$", "v1").replace("$Number$", "1");
    assert!(!text.contains("BaseURL") && !media.starts_with(['/', 'h']), "{media}");
    let segment = host.get(&format!("{folder}/{media}"), &[]);
    assert_eq!(segment.status, 200);
    let path = licence.strip_prefix(PUBLIC).expect("the public URL");
    assert_eq!(path.split('/').nth(1), Some(handle));
    let answer = host.call(Method::POST, path, &[], WANTED);
    assert_eq!((answer.status, answer.json()["keys"][0]["k"].as_str()), (200, Some(KEY)));
}

#[test]
fn a_token_elsewhere_than_in_the_url_opens_none_of_the_three() {
    let host = title(json!({"url_tokens_only": true}));
    let created = host.create("a", "tv");
    assert_eq!(created.cookie(), None, "no browser is given what opens nothing");
    let lease = created.json()["lease"].as_str().expect("a lease").to_owned();
    let (cookie, bearer) = (format!("sluice-lease={lease}"), format!("Bearer {lease}"));
    assert_eq!(statuses(three(&host, "/v1/film", &[])), [401; 3]);
    for header in [("cookie", cookie.as_str()), ("authorization", bearer.as_str())] {
        for answer in three(&host, "/v1/film", &[header]) {
            assert_eq!(answer.problem(), (403, "not_entitled".to_owned()), "{header:?}");
        }
        assert_eq!(statuses(three(&host, &MemoryHost::handle_path(&created), &[header])), [200; 3], "the path wins");
    }
    // It renews its session, and so do the URLs.
    let session = created.json()["session"].as_str().expect("an id").to_owned();
    host.pass(LEASE / 2);
    let renewed = host.call(Method::POST, &format!("/v1/sessions/{session}/renew"), &[("authorization", &bearer)], b"");
    assert_eq!((renewed.status, renewed.cookie()), (200, None));
    let lease = renewed.json()["lease"].as_str().expect("a lease").to_owned();
    let bearer = format!("Bearer {lease}");
    assert_eq!(statuses(three(&host, "/v1/film", &[("authorization", &bearer)])), [403; 3]);
    assert_eq!(statuses(three(&host, &MemoryHost::handle_path(&renewed), &[])), [200; 3]);
    assert_eq!(
        host.call(Method::DELETE, &format!("/v1/sessions/{session}"), &[("authorization", &bearer)], b"").status,
        204
    );
}

#[test]
fn a_title_that_begins_to_want_it_ends_cookies_at_their_renewal() {
    let host = title(json!({}));
    let created = host.create("a", "tv");
    let cookie = created.cookie().expect("a cookie");
    assert_eq!(statuses(three(&host, "/v1/film", &[("cookie", &cookie)])), [200; 3]);
    host.describe(&descriptor(&["clearkey"], json!({"state": "published", "url_tokens_only": true})));
    // Segments by a lease that was given before, until it is to be renewed.
    assert_eq!(statuses(three(&host, "/v1/film", &[("cookie", &cookie)])), [403, 200, 403]);
    host.pass(LEASE / 2);
    assert_eq!(statuses(three(&host, "/v1/film", &[("cookie", &cookie)])), [403; 3]);
    assert_eq!(statuses(three(&host, &MemoryHost::handle_path(&created), &[])), [200; 3]);
}
