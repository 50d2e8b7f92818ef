//! Grants that come with a manifest's URL.

use serde_json::json;

use super::support::{MemoryHost, descriptor};

const MANIFEST: &str = "/v1/film/cenc/manifest.mpd?ks=widevine&max_height=720&Signature=x";

fn allowing() -> MemoryHost {
    let host = MemoryHost::new();
    host.config.borrow_mut()["manifest_grants"] = json!(true);
    host
}

#[test]
fn a_grant_on_a_manifest_leads_to_it_by_a_handle() {
    let host = allowing();
    let bearer = format!("Bearer {}", host.viewer("ann"));
    let answer = host.get(MANIFEST, &[("authorization", &bearer)]);
    assert_eq!((answer.status, answer.header("cache-control")), (307, Some("private, no-store")));
    let location = answer.header("location").expect("location").to_owned();
    let path = location.strip_prefix("https://edge.example").expect("public URL");
    assert!(
        path.starts_with("/~") && path.ends_with("/v1/film/cenc/manifest.mpd?ks=widevine&max_height=720"),
        "{path}"
    );
    assert_eq!(host.get(path, &[]).status, 200);
    // The session is for the one delivery that the manifest was of.
    let other = path.replace("/cenc/", "/cbcs/");
    assert_eq!(host.get(&other, &[]).problem(), (403, "not_entitled".to_owned()));
}

#[test]
fn only_where_it_is_allowed_and_only_on_manifests() {
    let host = MemoryHost::new();
    let bearer = format!("Bearer {}", host.viewer("ann"));
    assert_eq!(host.get(MANIFEST, &[("authorization", &bearer)]).problem(), (401, "token_invalid".to_owned()));
    let host = allowing();
    for path in
        ["/v1/film/cenc/a-en.m3u8", "/v1/film/cenc/t-en/1.vtt?v=1", "/v1/film/key/00000000000000000000000000000000"]
    {
        let answer = host.get(path, &[("authorization", &bearer)]);
        assert_eq!(answer.problem(), (401, "token_invalid".to_owned()), "{path}");
    }
    assert_eq!(host.get(MANIFEST, &[]).problem(), (401, "token_missing".to_owned()));
    let answer = host.get(MANIFEST, &[("authorization", "Bearer a.forged.token")]);
    assert_eq!(answer.problem(), (401, "token_invalid".to_owned()));
}

#[test]
fn where_streams_are_counted_a_session_must_be_asked_for() {
    let host = allowing();
    let claims = json!({"iss": "test", "sub": "ann", "exp": host.now.get() + 3600, "stream_limit": 2});
    let bearer = format!("Bearer {}", host.viewer_with(&claims));
    assert_eq!(host.get(MANIFEST, &[("authorization", &bearer)]).status, 401);
    host.describe(&descriptor(&["clearkey"], json!({"state": "published", "stream_limit": 2})));
    let bearer = format!("Bearer {}", host.viewer("ann"));
    assert_eq!(host.get(MANIFEST, &[("authorization", &bearer)]).status, 401);
    assert_eq!(host.stored(), Vec::<String>::new());
}
