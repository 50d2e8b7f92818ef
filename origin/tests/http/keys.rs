//! Content keys from the key server through the origin to an edge.

use std::{collections::HashSet, sync::atomic::Ordering};

use crate::fixture::{Fixture, KEK, KIDS, derived, get};
use futures::future::join_all;
use reqwest::StatusCode;
use serde_json::{Value, json};
use sluice_origin::{Running, config::OriginConfig, keys::parse_kek};
use sluice_packager::{
    keys::{ContentKey, Kid, wrap},
    title::Delivery,
};

async fn keys(fixture: &Fixture, scheme: &str) -> Vec<Value> {
    let response = get(fixture, &format!("/titles/film/v1/keys/{scheme}")).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["cache-control"], "no-store");
    let body: Value = serde_json::from_slice(&response.bytes().await.expect("a body")).expect("JSON");
    body["keys"].as_array().expect("a list").clone()
}

fn opened(key: &Value, scheme: &str) -> (Kid, ContentKey) {
    let kek = parse_kek(KEK).expect("a kek");
    let kid: Kid = key["kid"].as_str().expect("text").parse().expect("a key id");
    let delivery = Delivery::parse(scheme).expect("a delivery");
    let wrapped = key["wrapped"].as_str().expect("text");
    let key = wrap::unwrap(&[kek], wrapped, "film", &kid, delivery).expect("opens");
    (kid, key)
}

#[tokio::test]
async fn wrapped_keys_open_to_the_key_servers() {
    let fixture = Fixture::start().await;
    for (scheme, video, audio) in &KIDS[..2] {
        let keys = keys(&fixture, scheme).await;
        let described: Vec<_> = keys.iter().map(|key| (key["track_type"].clone(), key["period"].clone())).collect();
        assert_eq!(described, [("VIDEO".into(), 0.into()), ("AUDIO".into(), 0.into())]);
        for (key, kid) in keys.iter().zip([video, audio]) {
            let (found, content_key) = opened(key, scheme);
            assert_eq!(found, *kid);
            assert_eq!(content_key.expose(), derived(kid).expose());
        }
    }
}

#[tokio::test]
async fn the_provider_is_asked_once_and_no_wrapping_repeats() {
    let fixture = Fixture::start().await;
    let all = join_all((0..50).map(|_| keys(&fixture, "cbcs"))).await;
    assert_eq!(fixture.exchanges.load(Ordering::Relaxed), 1);
    let wrapped: HashSet<_> = all.iter().flatten().map(|key| key["wrapped"].to_string()).collect();
    assert_eq!(wrapped.len(), 100, "a fresh nonce each");
    keys(&fixture, "cenc").await;
    assert_eq!(fixture.exchanges.load(Ordering::Relaxed), 2, "one scheme per document");
}

#[tokio::test]
async fn a_version_with_more_key_periods_needs_no_restart() {
    let fixture = Fixture::start().await;
    keys(&fixture, "cbcs").await;
    let of_period = |period: u8| json!({"kid": Kid([0xd0 + period; 16]), "scope": "video", "period": period});
    let publish = |version: &str, periods: u8| {
        let keys: Vec<_> = (0..periods).map(of_period).collect();
        let descriptor = json!({
            "v": 1, "title": "film", "version": version, "tracks": [],
            "key_policy": {"systems": ["widevine"], "schemes": [{"scheme": "cbcs", "keys": keys}]},
        });
        let new = fixture.titles.path().join("film/new.json");
        std::fs::write(&new, descriptor.to_string()).expect("writable");
        std::fs::rename(new, fixture.titles.path().join("film/descriptor.json")).expect("movable");
    };
    // A new version, and the same one as it goes on.
    for (exchanges, periods) in [(2, 3), (3, 5)] {
        publish("v2", periods);
        let response = get(&fixture, "/titles/film/v2/keys/cbcs").await;
        let body: Value = serde_json::from_slice(&response.bytes().await.expect("a body")).expect("JSON");
        let keys = body["keys"].as_array().expect("a list");
        for (period, key) in (0..periods).zip(keys) {
            assert_eq!(key["period"], period);
            let (kid, content_key) = opened(key, "cbcs");
            assert_eq!((kid, content_key.expose()), (Kid([0xd0 + period; 16]), derived(&kid).expose()));
        }
        assert_eq!((keys.len(), fixture.exchanges.load(Ordering::Relaxed)), (usize::from(periods), exchanges));
    }
    assert_eq!(get(&fixture, "/titles/film/v1/keys/cbcs").await.status(), StatusCode::NOT_FOUND);
}

/// Due to be asked for again at once, so that the provider's state shows.
fn never_fresh(origin: &mut OriginConfig, hold: u64) {
    let keys = origin.keys.as_mut().expect("keys");
    keys.refresh_seconds = 0;
    keys.hold_seconds = hold;
    keys.backoff_seconds = 3600;
}

async fn stop(fixture: &mut Fixture) {
    let keyserver: Running = fixture.keyserver.take().expect("running");
    keyserver.shutdown().await;
}

#[tokio::test]
async fn keys_already_held_go_on_while_the_provider_is_down() {
    let mut fixture = Fixture::with(|origin| never_fresh(origin, 3600)).await;
    keys(&fixture, "cbcs").await;
    stop(&mut fixture).await;
    for _ in 0..2 {
        let keys = keys(&fixture, "cbcs").await;
        assert_eq!(opened(&keys[0], "cbcs").1.expose(), derived(&KIDS[0].1).expose());
    }
    let other = get(&fixture, "/titles/film/v1/keys/cenc").await;
    assert_eq!(other.status(), StatusCode::SERVICE_UNAVAILABLE, "those were never held");
    let body: Value = serde_json::from_slice(&other.bytes().await.expect("a body")).expect("JSON");
    assert_eq!(body["code"], "key_unavailable");
    // Media go on.
    assert_eq!(get(&fixture, "/titles/film/v1/video/1.m4s").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn keys_are_held_no_longer_than_declared() {
    let mut fixture = Fixture::with(|origin| never_fresh(origin, 0)).await;
    keys(&fixture, "cbcs").await;
    stop(&mut fixture).await;
    let response = get(&fixture, "/titles/film/v1/keys/cbcs").await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn an_origin_without_keys_or_with_a_bad_kek_says_so() {
    let fixture = Fixture::with(|origin| origin.keys = None).await;
    assert_eq!(get(&fixture, "/titles/film/v1/keys/cbcs").await.status(), StatusCode::SERVICE_UNAVAILABLE);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("kek");
    std::fs::write(&path, KEK).expect("writable");
    let reference = sluice_origin::config::SecretRef::File(path.clone());
    let fixture = Fixture::with(|origin| origin.keys.as_mut().expect("keys").kek = reference).await;
    keys(&fixture, "cbcs").await;
    std::fs::write(&path, "no kek").expect("writable");
    assert_eq!(get(&fixture, "/titles/film/v1/keys/cbcs").await.status(), StatusCode::SERVICE_UNAVAILABLE);
}
