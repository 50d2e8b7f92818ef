//! The life of keys, by a clock that the tests move.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures::{
    FutureExt,
    future::{BoxFuture, join_all},
};
use serde_json::json;
use sluice_packager::{
    keys::{ContentKey, Kid, wrap},
    title::{Delivery, Descriptor, KeySystem},
};
use tokio::time::{Instant, sleep};

use super::{Event, KeyError, KeyService, Observer, Provider, WrappedKey, parse_kek};
use crate::{
    config::{KeysConfig, SecretRef},
    cpix::{Answer, KeyRequest, SystemSignalling},
    speke::SpekeError,
};

const KEK: &str = "3:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const NEW_KEK: &str = "14:202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f";
const HOUR: u64 = 3600;

/// Answers after a second, as it is told.
#[derive(Default)]
struct Faked {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    down: bool,
    /// What is xored into keys.
    salt: u8,
    uri: &'static str,
    /// When somebody asked, for which title.
    asked: Vec<(Instant, String)>,
}

impl Faked {
    fn set(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().expect("a lock"));
    }

    fn asked(&self) -> usize {
        self.state.lock().expect("a lock").asked.len()
    }
}

fn key(kid: &Kid, salt: u8) -> ContentKey {
    ContentKey::new(kid.0.map(|byte| byte ^ 0x55 ^ salt))
}

impl Provider for Faked {
    fn fetch<'a>(&'a self, request: &'a KeyRequest) -> BoxFuture<'a, Result<Answer, SpekeError>> {
        async move {
            self.set(|state| state.asked.push((Instant::now(), request.content_id.clone())));
            sleep(Duration::from_secs(1)).await;
            let state = self.state.lock().expect("a lock");
            if state.down {
                return Err(SpekeError::Timeout);
            }
            let kids = request.keys.iter().map(|key| key.kid);
            let said = |kid| SystemSignalling {
                kid,
                system: KeySystem::Fairplay,
                pssh: None,
                pro: None,
                key_uri: Some(format!("skd://{kid}{}", state.uri)),
            };
            Ok(Answer {
                keys: kids.clone().map(|kid| (kid, key(&kid, state.salt))).collect(),
                signalling: kids.map(said).collect(),
            })
        }
        .boxed()
    }
}

/// Keeps what it is told, in words.
#[derive(Default)]
struct Told(Mutex<Vec<String>>);

impl Observer for Told {
    fn observe(&self, event: &Event<'_>) {
        self.0.lock().expect("a lock").push(match event {
            Event::Exchange { failure, held, .. } => format!("exchange failed={} held={held}", failure.is_some()),
            Event::Changed { kids, .. } => format!("changed {}", kids.len()),
            Event::Wrapped { kids, keks, edge, .. } => format!("wrapped {} {keks:?} {edge}", kids.len()),
            Event::Refused { reason, .. } => format!("refused {reason}"),
            Event::Kek { number } => format!("kek {number}"),
        });
    }
}

impl Told {
    fn count(&self, start: &str) -> usize {
        self.0.lock().expect("a lock").iter().filter(|told| told.starts_with(start)).count()
    }
}

struct Bench {
    provider: Arc<Faked>,
    told: Arc<Told>,
    service: KeyService,
}

fn bench(change: impl FnOnce(&mut KeysConfig)) -> Bench {
    let mut config = KeysConfig::new("https://drm.example/speke", SecretRef::value(KEK));
    change(&mut config);
    let (provider, told) = (Arc::new(Faked::default()), Arc::new(Told::default()));
    let service = KeyService::with_provider(&config, Arc::clone(&provider) as _, Arc::clone(&told) as _);
    Bench { provider, told, service }
}

/// A title with that many key periods.
fn title(name: &str, version: &str, periods: u8) -> Descriptor {
    let keys: Vec<_> =
        (0..periods).map(|period| json!({"kid": Kid([period + 1; 16]), "scope": "video", "period": period})).collect();
    serde_json::from_value(json!({
        "v": 1, "title": name, "version": version, "tracks": [],
        "key_policy": {"systems": ["fairplay"], "schemes": [{"scheme": "cbcs", "keys": keys}]},
    }))
    .expect("a descriptor")
}

impl Bench {
    async fn keys(&self, title: &Descriptor) -> Result<Vec<WrappedKey>, KeyError> {
        self.service.wrapped(title, Delivery::Cbcs, "192.0.2.1").await
    }

    async fn uri(&self, title: &Descriptor) -> String {
        let signalling = self.service.signalling(title, Delivery::Cbcs).await.expect("signalling");
        signalling[0].key_uri.clone().expect("a URI")
    }
}

fn opened(keys: &[WrappedKey], keks: &[&str]) -> HashMap<Kid, [u8; 16]> {
    let keks: Vec<_> = keks.iter().map(|kek| parse_kek(kek).expect("a kek")).collect();
    let open = |key: &WrappedKey| {
        let opened = wrap::unwrap(&keks, &key.wrapped, "film", &key.kid, Delivery::Cbcs);
        opened.ok().map(|opened| (key.kid, *opened.expose()))
    };
    keys.iter().filter_map(open).collect()
}

#[tokio::test(start_paused = true)]
async fn titles_in_use_are_refreshed_before_their_time_and_nobody_waits() {
    let bench = bench(|_| {});
    let film = title("film", "v1", 1);
    let began = Instant::now();
    bench.keys(&film).await.expect("keys");
    assert_eq!(began.elapsed().as_secs(), 1, "the first waits");
    for _ in 0..HOUR / 10 {
        sleep(Duration::from_secs(10)).await;
        let before = Instant::now();
        bench.keys(&film).await.expect("keys");
        assert_eq!(before, Instant::now(), "nobody else does");
    }
    let asked = bench.provider.state.lock().expect("a lock").asked.clone();
    let pauses: Vec<_> = asked.windows(2).map(|pair| (pair[1].0 - pair[0].0).as_secs()).collect();
    assert!(pauses.iter().all(|pause| (225..=275).contains(pause)), "{pauses:?}");
    assert!((12..=17).contains(&asked.len()), "{}", asked.len());
}

#[tokio::test(start_paused = true)]
async fn titles_that_nobody_watches_are_let_go() {
    let bench = bench(|_| {});
    bench.keys(&title("film", "v1", 1)).await.expect("keys");
    sleep(Duration::from_secs(300 + HOUR - 5)).await;
    // Who waited for the first exchange has not asked since.
    assert_eq!((bench.provider.asked(), metric(&bench, "keys_held")), (1, 1));
    sleep(Duration::from_secs(300)).await;
    assert_eq!((bench.provider.asked(), metric(&bench, "keys_held")), (1, 0));
    assert_eq!(metric(&bench, "keys_evicted_total"), 1);
    assert_eq!(bench.service.known(), 0);
}

fn metric(bench: &Bench, name: &str) -> u64 {
    let mut text = String::new();
    bench.service.expose(&mut text);
    let line = text.lines().find(|line| line.starts_with(&format!("sluice_origin_{name}"))).expect("a metric");
    line.rsplit(' ').next().expect("a value").parse().expect("a number")
}

#[tokio::test(start_paused = true)]
async fn ten_minutes_without_the_provider_cost_titles_that_are_keyed_nothing() {
    let bench = bench(|_| {});
    let titles: Vec<_> = (0..50).map(|at| title(&format!("t{at}"), "v1", 2)).collect();
    for keys in join_all(titles.iter().map(|title| bench.keys(title))).await {
        keys.expect("keys");
    }
    bench.provider.set(|state| state.down = true);
    let asked = bench.provider.asked();
    let (mut served, unkeyed) = (0, title("new", "v1", 1));
    for second in 0..600 {
        // Some 20 requests a second, each title twice in five seconds.
        for keys in join_all(titles.iter().skip(second % 5).step_by(5).flat_map(|title| {
            let before = Instant::now();
            [bench.keys(title), bench.keys(title)].map(|keys| async move {
                let keys = keys.await;
                assert_eq!(before, Instant::now(), "nobody waits");
                keys
            })
        }))
        .await
        {
            assert_eq!(keys.expect("keys").len(), 2);
            served += 1;
        }
        if second % 60 == 0 {
            assert!(matches!(bench.keys(&unkeyed).await, Err(KeyError::Unavailable(_))));
        }
        sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(served, 12_000);
    // Titles go on trying, at most once a second each to begin with and once in half a minute in the end.
    let tries = bench.provider.asked() - asked;
    assert!((50 * 8..50 * 25).contains(&tries), "{tries}");
    bench.provider.set(|state| state.down = false);
    sleep(Duration::from_secs(62)).await;
    let mut text = String::new();
    bench.service.expose(&mut text);
    let failed = bench.told.count("exchange failed=true");
    sleep(Duration::from_secs(200)).await;
    assert_eq!(bench.told.count("exchange failed=true"), failed, "all is well again");
    assert_eq!(bench.told.count("exchange failed=true held=false"), 10, "{text}");
}

#[tokio::test(start_paused = true)]
async fn keys_are_held_as_long_as_declared_and_no_longer() {
    let bench = bench(|config| (config.refresh_seconds, config.hold_seconds) = (300, 600));
    let film = title("film", "v1", 1);
    bench.keys(&film).await.expect("keys");
    bench.provider.set(|state| state.down = true);
    for _ in 0..89 {
        sleep(Duration::from_secs(10)).await;
        bench.keys(&film).await.expect("keys");
    }
    sleep(Duration::from_secs(10)).await;
    let error = bench.keys(&film).await.expect_err("none").to_string();
    assert!(error.contains("did not answer in time"), "{error}");
    assert_eq!(bench.told.count("refused the key provider gave no keys"), 1);
    assert_eq!(metric(&bench, "keys_held"), 0);
    bench.provider.set(|state| state.down = false);
    sleep(Duration::from_secs(3)).await;
    bench.keys(&film).await.expect("keys again");
}

#[tokio::test(start_paused = true)]
async fn who_waits_waits_for_one_exchange_and_after_a_failure_nobody_does() {
    let bench = bench(|config| config.backoff_seconds = 5);
    let film = title("film", "v1", 1);
    bench.provider.set(|state| state.down = true);
    for keys in join_all((0..100).map(|_| bench.keys(&film))).await {
        assert!(keys.is_err());
    }
    assert_eq!(bench.provider.asked(), 1);
    bench.provider.set(|state| state.down = false);
    let before = Instant::now();
    assert!(bench.keys(&film).await.is_err());
    assert_eq!((before, bench.provider.asked()), (Instant::now(), 1), "the provider is left alone");
    sleep(Duration::from_secs(5)).await;
    for keys in join_all((0..100).map(|_| bench.keys(&film))).await {
        keys.expect("keys");
    }
    assert_eq!(bench.provider.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_exchange_outlives_who_waited_for_it() {
    let bench = bench(|_| {});
    let film = title("film", "v1", 1);
    let gone = tokio::time::timeout(Duration::from_millis(100), bench.keys(&film)).await;
    assert!(gone.is_err());
    sleep(Duration::from_secs(1)).await;
    let before = Instant::now();
    bench.keys(&film).await.expect("keys");
    assert_eq!((before, bench.provider.asked()), (Instant::now(), 1));
}

#[tokio::test(start_paused = true)]
async fn another_key_for_a_kid_that_is_held_is_not_taken_but_told() {
    let bench = bench(|_| {});
    let film = title("film", "v1", 2);
    let first = opened(&bench.keys(&film).await.expect("keys"), &[KEK]);
    bench.provider.set(|state| state.salt = 1);
    for _ in 0..10 {
        sleep(Duration::from_secs(100)).await;
        assert_eq!(opened(&bench.keys(&film).await.expect("keys"), &[KEK]), first);
    }
    assert_eq!((bench.told.count("changed 2"), bench.told.count("changed")), (1, 1), "once");
    assert_eq!(metric(&bench, "keys_changed_total"), 2);
    // Another version has keys of its own, and whatever it gets is what it gets.
    let new = opened(&bench.keys(&title("film", "v2", 2)).await.expect("keys"), &[KEK]);
    assert_ne!(new, first);
    // It thinks better of it, and worse again.
    for salt in [0, 1] {
        bench.provider.set(|state| state.salt = salt);
        for _ in 0..4 {
            sleep(Duration::from_secs(100)).await;
            bench.keys(&film).await.expect("keys");
        }
    }
    assert_eq!(bench.told.count("changed"), 2);
}

#[tokio::test(start_paused = true)]
async fn signalling_of_a_kid_that_is_held_stays_too() {
    let bench = bench(|_| {});
    let film = title("film", "v1", 1);
    let first = bench.uri(&film).await;
    bench.provider.set(|state| state.uri = "?new");
    for _ in 0..5 {
        sleep(Duration::from_secs(100)).await;
        assert_eq!(bench.uri(&film).await, first);
    }
    assert_eq!(bench.told.count("changed 1"), 1);
    bench.service.evict();
    assert_eq!(bench.uri(&film).await, format!("{first}?new"));
}

#[tokio::test(start_paused = true)]
async fn key_periods_go_on_without_a_restart_and_without_the_provider() {
    let bench = bench(|_| {});
    for periods in 1..=20 {
        let keys = bench.keys(&title("film", "v1", periods)).await.expect("keys");
        let numbers: Vec<_> = keys.iter().map(|key| key.period).collect();
        assert_eq!(numbers, (0..u32::from(periods)).collect::<Vec<_>>());
        sleep(Duration::from_secs(8)).await;
    }
    bench.provider.set(|state| state.down = true);
    let next = title("film", "v1", 21);
    let keys = bench.keys(&next).await.expect("those that are held");
    assert_eq!(keys.len(), 20, "the new period's is not there");
    let before = Instant::now();
    assert_eq!(bench.keys(&next).await.expect("keys").len(), 20);
    assert_eq!(before, Instant::now(), "and nobody waits for it again at once");
    assert_eq!(bench.keys(&title("film", "v1", 20)).await.expect("keys").len(), 20);
    bench.provider.set(|state| state.down = false);
    sleep(Duration::from_secs(62)).await;
    assert_eq!(bench.keys(&next).await.expect("keys").len(), 21);
}

#[tokio::test(start_paused = true)]
async fn who_waits_does_not_stand_in_line_behind_titles_that_are_refreshed() {
    let bench = bench(|config| config.refresh_seconds = 10);
    let titles = |periods| (0..300).map(move |at| title(&format!("t{at}"), "v1", periods));
    for _ in 0..2 {
        let keyed: Vec<_> = titles(1).collect();
        for keys in join_all(keyed.iter().map(|title| bench.keys(title))).await {
            keys.expect("keys");
        }
        sleep(Duration::from_secs(1)).await;
    }
    // All are due, and a few at a time have their turn.
    sleep(Duration::from_secs(8)).await;
    let asked = bench.provider.asked();
    assert!((301..500).contains(&asked), "{asked}");
    let next: Vec<_> = titles(2).collect();
    let before = Instant::now();
    for keys in join_all(next.iter().map(|title| bench.keys(title))).await {
        assert_eq!(keys.expect("keys").len(), 2);
    }
    assert!(before.elapsed() < Duration::from_secs(4), "{:?}", before.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_key_encryption_key_is_rotated_while_keys_are_served() {
    let folder = tempfile::tempdir().expect("a folder");
    let (kek, previous) = (folder.path().join("kek"), folder.path().join("previous"));
    std::fs::write(&kek, KEK).expect("writable");
    let bench = bench(|config| {
        config.kek = SecretRef::File(kek.clone());
        config.kek_previous = Some(SecretRef::File(previous.clone()));
    });
    let film = title("film", "v1", 2);
    let keys = async || bench.keys(&film).await.expect("keys");
    let whole = opened(&keys().await, &[KEK]);
    assert_eq!(whole.len(), 2);
    // As a secret's file is put in place: whole, or not at all.
    let put = |path: &std::path::Path, text: &str| {
        let new = folder.path().join("new");
        std::fs::write(&new, text).expect("writable");
        std::fs::rename(new, path).expect("movable");
    };
    // An edge that was given the new one first has both.
    put(&kek, NEW_KEK);
    let now = keys().await;
    assert_eq!((opened(&now, &[NEW_KEK, KEK]), opened(&now, &[KEK]).len()), (whole.clone(), 0));
    // Where edges are slow to get theirs, either opens.
    put(&previous, KEK);
    let now = keys().await;
    assert_eq!((now.len(), opened(&now, &[NEW_KEK])), (4, whole.clone()));
    assert_eq!(opened(&now, &[KEK]), whole);
    put(&previous, "");
    assert_eq!(opened(&keys().await, &[NEW_KEK]), whole);
    assert_eq!((bench.told.count("kek 14"), bench.told.count("kek")), (1, 1));
    assert_eq!(bench.told.count("wrapped 2 [14, 3] 192.0.2.1"), 1);
    assert_eq!(bench.provider.asked(), 1, "the provider has nothing to do with it");
}
