//! What an edge gets from an origin.

use crate::fixture::{Fixture, KEK, SECRET, get};
use reqwest::{Method, StatusCode};
use sluice_origin::config::SecretRef;

#[tokio::test]
async fn without_the_secret_nothing_is_said() {
    let fixture = Fixture::start().await;
    let whole = "/titles/film/v1/video/1.m4s";
    for path in [whole, "/titles/absent/descriptor.json", "/nowhere", "/healthz", "/titles/film/v1/keys/cenc", "/%"] {
        for method in [Method::GET, Method::POST, Method::HEAD] {
            for secret in [None, Some(""), Some("wrong"), Some(&SECRET[1..]), Some("wrongwrongwrongwrong")] {
                let mut request = fixture.http.request(method.clone(), fixture.url(path));
                if let Some(secret) = secret {
                    request = request.header("X-Origin-Secret", secret);
                }
                let response = request.send().await.expect("an answer");
                assert_eq!(response.status(), StatusCode::FORBIDDEN, "{method} {path}");
                assert!(response.bytes().await.expect("a body").is_empty());
            }
        }
    }
    let twice = fixture.http.get(fixture.url(whole)).header("X-Origin-Secret", SECRET).header("X-Origin-Secret", "x");
    assert_eq!(twice.send().await.expect("an answer").status(), StatusCode::FORBIDDEN);
    assert_eq!(get(&fixture, "/healthz").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn two_secrets_are_valid_while_they_rotate() {
    let folder = tempfile::tempdir().expect("a folder");
    let (current, previous) = (folder.path().join("current"), folder.path().join("previous"));
    std::fs::write(&current, "first-secret-of-the-origin\n").expect("writable");
    let fixture = Fixture::with(|origin| {
        origin.secrets.current = SecretRef::File(current.clone());
        origin.secrets.previous = Some(SecretRef::File(previous.clone()));
    })
    .await;
    let status = async |secret: &str| {
        let request = fixture.http.get(fixture.url("/healthz")).header("X-Origin-Secret", secret);
        request.send().await.expect("an answer").status()
    };
    let (first, second) = ("first-secret-of-the-origin", "the-second-secret-of-the-origin");
    assert_eq!((status(first).await, status(second).await), (StatusCode::OK, StatusCode::FORBIDDEN));
    std::fs::write(&previous, second).expect("writable");
    assert_eq!((status(first).await, status(second).await), (StatusCode::OK, StatusCode::OK));
    std::fs::write(&current, second).expect("writable");
    std::fs::remove_file(&previous).expect("removable");
    assert_eq!((status(first).await, status(second).await), (StatusCode::FORBIDDEN, StatusCode::OK));
    std::fs::write(&previous, "too-short").expect("writable");
    assert_eq!(status("too-short").await, StatusCode::FORBIDDEN, "what can be guessed opens nothing");
    std::fs::write(&previous, "").expect("writable");
    assert_eq!(status("").await, StatusCode::FORBIDDEN, "an empty secret opens nothing");
}

#[tokio::test]
async fn media_come_whole_in_part_and_not_again() {
    let fixture = Fixture::start().await;
    let path = "/titles/film/v1/video/1.m4s";
    let whole = get(&fixture, path).await;
    assert_eq!(whole.status(), StatusCode::OK);
    let header = |response: &reqwest::Response, name: &str| {
        response.headers().get(name).map(|value| value.to_str().expect("text").to_owned())
    };
    assert_eq!(header(&whole, "content-type").as_deref(), Some("video/iso.segment"));
    assert_eq!(header(&whole, "cache-control").as_deref(), Some("max-age=31536000, immutable"));
    assert_eq!(header(&whole, "vary").as_deref(), Some("X-Origin-Secret"));
    let etag = header(&whole, "etag").expect("a tag");
    assert!(etag.starts_with('"'), "strong");
    let media = whole.bytes().await.expect("a body");
    assert_eq!(&media[..], fixture.media());

    let with = async |method: Method, name: &'static str, value: &str| {
        let request = fixture.http.request(method, fixture.url(path)).header("X-Origin-Secret", SECRET);
        request.header(name, value).send().await.expect("an answer")
    };
    let part = with(Method::GET, "range", "bytes=100000-100009").await;
    assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(header(&part, "content-range"), Some(format!("bytes 100000-100009/{}", media.len())));
    assert_eq!(part.bytes().await.expect("a body"), media[100_000..=100_009]);
    let tail = with(Method::GET, "range", "bytes=-7").await;
    assert_eq!(tail.bytes().await.expect("a body"), media[media.len() - 7..]);
    let past = with(Method::GET, "range", "bytes=99999999-").await;
    assert_eq!(past.status(), StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(header(&past, "content-range"), Some(format!("bytes */{}", media.len())));
    let same = with(Method::GET, "if-none-match", &etag).await;
    assert_eq!(same.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(header(&same, "etag"), Some(etag.clone()));
    let head = with(Method::HEAD, "range", "bytes=5-9").await;
    assert_eq!((head.status(), header(&head, "content-length").as_deref()), (StatusCode::PARTIAL_CONTENT, Some("5")));
    assert!(head.bytes().await.expect("a body").is_empty());
    assert_eq!(with(Method::POST, "range", "").await.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn what_is_not_there_has_a_name() {
    let fixture = Fixture::start().await;
    for (path, code) in [
        ("/titles/absent/descriptor.json", "unknown_title"),
        ("/titles/film/v1/video/99.m4s", "unknown_segment"),
        ("/titles/film/v1/absent/init.mp4", "unknown_track"),
        ("/titles/film/v2/keys/cbcs", "unknown_version"),
        ("/titles/film/v1/keys/clear", "unknown_route"),
        ("/titles/film/v1/video/title.toml", "unknown_segment"),
        ("/titles/film/..%2f..%2fsecret/video/init.mp4", "unknown_version"),
    ] {
        let response = get(&fixture, path).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        let body: serde_json::Value = serde_json::from_slice(&response.bytes().await.expect("a body")).expect("JSON");
        assert_eq!((&body["code"], &body["status"]), (&code.into(), &404.into()), "{path}");
    }
    // A directory where a file is expected is no file.
    std::fs::create_dir(fixture.titles.path().join("film/v1/video/7.m4s")).expect("a folder");
    assert_ne!(get(&fixture, "/titles/film/v1/video/7.m4s").await.status(), StatusCode::OK);
    let descriptor = get(&fixture, "/titles/film/descriptor.json").await;
    assert_eq!(descriptor.headers()["cache-control"], "max-age=10");
    assert_eq!(descriptor.headers()["content-type"], "application/json");
}

#[tokio::test]
async fn metrics_are_on_a_port_of_their_own() {
    let fixture =
        Fixture::with(|origin| origin.metrics_listen = Some("127.0.0.1:0".parse().expect("an address"))).await;
    get(&fixture, "/healthz").await;
    let address = fixture.origin.metrics.expect("an address");
    let text = fixture.http.get(format!("http://{address}/metrics")).send().await.expect("an answer");
    let text = String::from_utf8(text.bytes().await.expect("a body").to_vec()).expect("text");
    assert!(text.contains("sluice_origin_requests_total{route=\"health\",status=\"2xx\"} 1\n"), "{text}");
    assert!(!text.contains(SECRET) && !text.contains(KEK));
}
