//! What the tests run against.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{extract::Request, middleware, middleware::Next};
use reqwest::{Client, Response};
use serde_json::json;
use sluice_origin::{
    Running,
    config::{KeysConfig, KeyserverConfig, OriginConfig, SecretRef, StoreConfig},
    keyserver, serve,
};
use sluice_packager::keys::{ContentKey, Kid};
use tempfile::TempDir;

pub(crate) const SECRET: &str = "an-origin-secret-for-tests";
pub(crate) const KEK: &str = "3:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
pub(crate) const KIDS: [(&str, Kid, Kid); 3] = [
    ("cbcs", Kid([0xb1; 16]), Kid([0xb2; 16])),
    ("cenc", Kid([0xc1; 16]), Kid([0xc2; 16])),
    ("aes128", Kid([0xa1; 16]), Kid([0xa2; 16])),
];

/// An origin with one title, `film`, version `v1`, and the key server behind it.
pub(crate) struct Fixture {
    pub(crate) origin: Running,
    pub(crate) keyserver: Option<Running>,
    /// Exchanges that reached the key server.
    pub(crate) exchanges: Arc<AtomicUsize>,
    pub(crate) titles: TempDir,
    pub(crate) http: Client,
}

impl Fixture {
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut OriginConfig)) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let exchanges = Arc::new(AtomicUsize::new(0));
        let keyserver = {
            let exchanges = Arc::clone(&exchanges);
            let config = KeyserverConfig::new("127.0.0.1:0".parse().expect("an address"));
            let router = keyserver::router(&config).expect("a key server");
            let counted = router.layer(middleware::from_fn(move |request: Request, next: Next| {
                exchanges.fetch_add(1, Ordering::Relaxed);
                next.run(request)
            }));
            Running::start(config.listen, counted).await.expect("a key server")
        };
        let titles = titles();
        let mut config = OriginConfig::new(
            "127.0.0.1:0".parse().expect("an address"),
            StoreConfig::Directory(titles.path().to_owned()),
            SecretRef::value(SECRET),
        );
        let url = format!("http://{}{}", keyserver.addr, keyserver::PATH);
        config.keys = Some(KeysConfig { attempts: 1, ..KeysConfig::new(url, SecretRef::value(KEK)) });
        change(&mut config);
        let origin = serve::start(config).await.expect("an origin");
        let http = Client::builder().no_proxy().build().expect("a client");
        Self { origin, keyserver: Some(keyserver), exchanges, titles, http }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.origin.addr)
    }

    pub(crate) fn media(&self) -> Vec<u8> {
        media()
    }
}

pub(crate) async fn get(fixture: &Fixture, path: &str) -> Response {
    fixture.http.get(fixture.url(path)).header("X-Origin-Secret", SECRET).send().await.expect("an answer")
}

/// The key that the development key server derives.
pub(crate) fn derived(kid: &Kid) -> ContentKey {
    keyserver::MasterSecret::built_in().content_key(kid)
}

fn media() -> Vec<u8> {
    (0..300_000u32).map(|at| (at * 7 % 251) as u8).collect()
}

fn titles() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let schemes: Vec<_> =
        KIDS.iter().map(|(scheme, video, audio)| {
        json!({"scheme": scheme, "keys": [{"kid": video, "scope": "video"}, {"kid": audio, "scope": "audio"}]})
    }).collect();
    let descriptor = json!({
        "v": 1, "title": "film", "version": "v1", "tracks": [],
        "key_policy": {"systems": ["widevine", "playready", "fairplay", "clearkey"], "schemes": schemes},
    });
    let track = folder.path().join("film/v1/video");
    std::fs::create_dir_all(&track).expect("a folder");
    std::fs::write(folder.path().join("film/descriptor.json"), descriptor.to_string()).expect("writable");
    std::fs::write(track.join("1.m4s"), media()).expect("writable");
    std::fs::write(track.join("title.toml"), "not to be served").expect("writable");
    folder
}
