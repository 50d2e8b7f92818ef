use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::client::http_client;

const BODY: &str = "0123456789";

/// A server of the shape that edges expect, and a proxy before it.
async fn proxied() -> (FaultyProxy, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("listens");
    let upstream = listener.local_addr().expect("address");
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.expect("accepts");
            tokio::spawn(async move {
                let mut buffer = [0; 4096];
                while let Ok(length @ 1..) = stream.read(&mut buffer).await {
                    let request = String::from_utf8_lossy(&buffer[..length]).to_ascii_lowercase();
                    let asked = request.lines().find_map(|line| line.strip_prefix("x-country: ")).unwrap_or("x");
                    let length = BODY.len();
                    let answer =
                        format!("HTTP/1.1 200 OK\r\netag: \"{asked}\"\r\ncontent-length: {length}\r\n\r\n{BODY}");
                    stream.write_all(answer.as_bytes()).await.expect("writes");
                }
            });
        }
    });
    let proxy = FaultyProxy::start(upstream).await.expect("starts");
    let url = format!("http://{}/t/1.m4s?v=1", proxy.addr());
    (proxy, url)
}

async fn get(url: &str) -> reqwest::Result<String> {
    http_client().get(url).send().await?.text().await
}

#[tokio::test]
async fn what_is_not_spoiled_passes_and_is_counted() {
    let (proxy, url) = proxied().await;
    assert_eq!(get(&url).await.expect("passes"), BODY);
    http_client().get(&url).header("range", "bytes=1-2").send().await.expect("passes");
    assert_eq!(proxy.counts(), BTreeMap::from([("/t/1.m4s".to_owned(), 2)]));
    let second = &proxy.seen()[1];
    assert_eq!((second.path.as_str(), second.range.as_deref()), ("/t/1.m4s?v=1", Some("bytes=1-2")));
}

#[tokio::test]
async fn a_header_of_the_proxys_replaces_the_clients() {
    let (proxy, url) = proxied().await;
    let country = HeaderName::from_static("x-country");
    proxy.set_header(country.clone(), HeaderValue::from_static("de"));
    let answer = http_client().get(&url).header(country, "fr").send().await.expect("answers");
    assert_eq!(answer.headers()["etag"], "\"de\"");
}

#[tokio::test]
async fn each_fault_does_what_it_says() {
    let (proxy, url) = proxied().await;
    proxy.spoil("1.m4s", Fault::Status(StatusCode::INTERNAL_SERVER_ERROR));
    assert_eq!(http_client().get(&url).send().await.expect("answers").status(), 500);
    proxy.spoil("1.m4s", Fault::Replace(Bytes::from_static(b"other")));
    assert_eq!(get(&url).await.expect("answers"), "other");
    proxy.spoil("1.m4s", Fault::Substitute(Bytes::from_static(b"and longer than before")));
    let answer = http_client().get(&url).send().await.expect("answers");
    assert_eq!(answer.headers()["etag"], "\"x\"");
    assert_eq!(answer.text().await.expect("answers"), "and longer than before");
    proxy.spoil("1.m4s", Fault::Flip(3));
    assert_eq!(get(&url).await.expect("answers"), "0122456789");
    proxy.spoil("1.m4s", Fault::Delay(Duration::from_millis(1)));
    assert_eq!(get(&url).await.expect("answers"), BODY);
    proxy.spoil("1.m4s", Fault::Drop);
    assert!(get(&url).await.is_err());
    proxy.heal();
    proxy.spoil_times("1.m4s", Fault::Status(StatusCode::BAD_GATEWAY), 1);
    assert_eq!(http_client().get(&url).send().await.expect("answers").status(), 502);
    assert_eq!(get(&url).await.expect("healed"), BODY);
}

#[tokio::test]
async fn a_body_cut_or_stalled_gives_its_first_bytes() {
    let (proxy, url) = proxied().await;
    proxy.spoil("1.m4s", Fault::CutAfter(4));
    let mut response = http_client().get(&url).send().await.expect("a head");
    assert_eq!(response.content_length(), Some(10));
    assert_eq!(response.chunk().await.expect("data").as_deref(), Some(&b"0123"[..]));
    assert!(response.chunk().await.is_err());

    proxy.spoil("1.m4s", Fault::StallAfter(4));
    let mut response = http_client().get(&url).send().await.expect("a head");
    assert_eq!(response.chunk().await.expect("data").as_deref(), Some(&b"0123"[..]));
    let waiting = tokio::time::timeout(Duration::from_millis(20), response.chunk()).await;
    assert!(waiting.is_err(), "the rest came without having been released");
    proxy.release();
    assert_eq!(response.chunk().await.expect("data").as_deref(), Some(&b"456789"[..]));
}
