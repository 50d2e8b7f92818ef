//! The development key server over HTTP, as awslabs/speke-reference-server's v2 suite asks.

use reqwest::{Client, RequestBuilder, StatusCode};
use sluice_origin::{
    config::{Auth, KeysConfig, KeyserverConfig, SecretRef},
    cpix::{KeyRequest, RequestedKey, TrackType, write_request},
    keyserver,
    speke::{SpekeClient, SpekeError},
};
use sluice_packager::{
    keys::Kid,
    title::{KeySystem, Scheme},
};

fn request() -> KeyRequest {
    KeyRequest {
        content_id: "film".to_owned(),
        scheme: Scheme::Cenc,
        keys: vec![RequestedKey { kid: Kid([1; 16]), tracks: TrackType::All, period: 0 }],
        systems: vec![KeySystem::Widevine, KeySystem::Fairplay],
    }
}

fn loopback() -> KeyserverConfig {
    let _ = rustls::crypto::ring::default_provider().install_default();
    KeyserverConfig::new("127.0.0.1:0".parse().expect("an address"))
}

#[tokio::test]
async fn errors_are_never_200_and_never_another_version() {
    let server = keyserver::start(loopback()).await.expect("a key server");
    let http = Client::builder().no_proxy().build().expect("a client");
    let url = format!("http://{}{}", server.addr, keyserver::PATH);
    let document = write_request(&request()).to_string();
    let send = async |change: fn(RequestBuilder) -> RequestBuilder, body: &str| {
        let response = change(http.post(&url).body(body.to_owned())).send().await.expect("an answer");
        assert_eq!(response.headers()["x-speke-version"], "2.0");
        assert!(!response.headers()["x-speke-user-agent"].is_empty());
        response.status()
    };
    let v2 = |post: RequestBuilder| post.header("X-Speke-Version", "2.0").header("Content-Type", "application/xml");
    assert_eq!(send(v2, &document).await, StatusCode::OK);
    assert_eq!(send(v2, "").await, StatusCode::BAD_REQUEST);
    assert_eq!(send(v2, &document[..document.len() - 1]).await, StatusCode::BAD_REQUEST);
    assert_eq!(send(v2, &document.replace("2.3", "2.4")).await, StatusCode::UNPROCESSABLE_ENTITY);
    let no_version = |post: RequestBuilder| post.header("Content-Type", "application/xml");
    assert_eq!(send(no_version, &document).await, StatusCode::UNPROCESSABLE_ENTITY);
    let v1 = |post: RequestBuilder| post.header("X-Speke-Version", "1.0").header("Content-Type", "application/xml");
    assert_eq!(send(v1, &document).await, StatusCode::UNPROCESSABLE_ENTITY);
    let json = |post: RequestBuilder| post.header("X-Speke-Version", "2.0").header("Content-Type", "application/json");
    assert_eq!(send(json, &document).await, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test]
async fn credentials_are_checked() {
    let server = keyserver::start(KeyserverConfig {
        auth: Auth::Basic { user: "sluice".into(), password: SecretRef::value("a password") },
        ..loopback()
    })
    .await
    .expect("a key server");
    let config = |auth| KeysConfig {
        auth,
        ..KeysConfig::new(format!("http://{}{}", server.addr, keyserver::PATH), SecretRef::value("unused here"))
    };
    let fetch = async |auth| {
        SpekeClient::new(&config(auth)).expect("a client").fetch(&request()).await.map(|answer| answer.keys.len())
    };
    assert_eq!(
        fetch(Auth::Basic { user: "sluice".into(), password: SecretRef::value("a password") }).await.ok(),
        Some(1)
    );
    for wrong in [
        Auth::None,
        Auth::Basic { user: "sluice".into(), password: SecretRef::value("another") },
        Auth::Bearer(SecretRef::value("a password")),
    ] {
        assert!(matches!(fetch(wrong).await, Err(SpekeError::Status(StatusCode::UNAUTHORIZED))));
    }
}

#[tokio::test]
async fn the_built_in_secret_is_refused_where_others_could_connect() {
    let everywhere = KeyserverConfig::new("0.0.0.0:0".parse().expect("an address"));
    let error = keyserver::start(everywhere).await.err().expect("refused").to_string();
    assert!(error.contains("master_secret") && error.contains("127.0.0.1"), "{error}");
    let short = KeyserverConfig { master_secret: Some(SecretRef::value("too short")), ..loopback() };
    assert!(keyserver::start(short).await.is_err());
}
