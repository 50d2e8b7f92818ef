//! Viewers' tokens by keys that their issuer publishes, which the edge has from the origin and the origin from the issuer.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::{Result, ensure};
use axum::{Json, Router, routing::get};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::Method;
use p256::ecdsa::{Signature, SigningKey, signature::Signer};
use serde_json::{Value, json};
use sluice_origin::Running;
use sluice_tests::{
    faulty::Fault,
    fixture::{Stack, StackOptions},
    runtime::EdgeHost,
};

use super::options;

/// For how long the origin leaves an issuer alone after it asked it, by the machine's clock.
const PAUSE: Duration = Duration::from_secs(10);
/// For how long an edge asks for no newer set, whatever keys tokens name.
const UNKNOWN: Duration = Duration::from_secs(30);
/// For how long it uses a set, and for how long it goes on with it where no newer one can be had.
const FRESH: Duration = Duration::from_secs(300);
const HOLD: Duration = Duration::from_secs(3600);

/// Who publishes keys.
struct Issuer {
    server: Running,
    set: Arc<Mutex<Value>>,
    asked: Arc<AtomicUsize>,
}

impl Issuer {
    async fn start() -> Result<Self> {
        let (set, asked) = (Arc::new(Mutex::new(json!({ "keys": [] }))), Arc::new(AtomicUsize::new(0)));
        let (published, counted) = (set.clone(), asked.clone());
        let keys = get(move || async move {
            counted.fetch_add(1, Ordering::Relaxed);
            Json(published.lock().unwrap_or_else(PoisonError::into_inner).clone())
        });
        let router = Router::new().route("/keys", keys);
        Ok(Self { server: Running::start(([127, 0, 0, 1], 0).into(), router).await?, set, asked })
    }

    fn url(&self) -> String {
        format!("http://{}/keys", self.server.addr)
    }

    /// Publishes these keys and no others.
    fn publish(&self, keys: &[&Key]) {
        let keys: Vec<Value> = keys.iter().map(|key| key.published()).collect();
        *self.set.lock().unwrap_or_else(PoisonError::into_inner) = json!({ "keys": keys });
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

/// A key of an issuer.
struct Key {
    kid: &'static str,
    key: SigningKey,
}

impl Key {
    fn new(kid: &'static str, secret: u8) -> Result<Self> {
        Ok(Self { kid, key: SigningKey::from_slice(&[secret; 32])? })
    }

    /// RFC 7518, 6.2.1.
    fn published(&self) -> Value {
        let point = self.key.verifying_key().to_encoded_point(false);
        let part = |bytes: Option<&_>| bytes.map(|bytes| URL_SAFE_NO_PAD.encode::<&[u8]>(bytes)).unwrap_or_default();
        let (x, y) = (part(point.x().map(AsRef::as_ref)), part(point.y().map(AsRef::as_ref)));
        json!({ "kid": self.kid, "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "x": x, "y": y })
    }

    /// A viewer's token by it, which names `kid`.
    fn token(&self, stack: &Stack, kid: &str) -> Result<String> {
        let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let header = json!({ "alg": "ES256", "kid": kid }).to_string();
        let message = format!("{}.{}", part(header.as_bytes()), part(&serde_json::to_vec(&stack.claims("viewer"))?));
        let signature: Signature = self.key.sign(message.as_bytes());
        Ok(format!("{message}.{}", part(&signature.to_bytes())))
    }
}

/// Status and code of an attempt to begin a session.
async fn begin(stack: &Stack, key: &Key, kid: &str) -> Result<(u16, String)> {
    let bearer = format!("Bearer {}", key.token(stack, kid)?);
    let wanted = json!({ "title": stack.title(), "device": "tv" });
    Ok(stack.send(Method::POST, "/v1/sessions", &[("authorization", &bearer)], Some(&wanted)).await?.problem())
}

pub(super) async fn keys_that_an_issuer_publishes_open_and_change(host: EdgeHost) -> Result<Stack> {
    let issuer = Issuer::start().await?;
    let (old, new, foreign) = (Key::new("old", 1)?, Key::new("new", 2)?, Key::new("foreign", 3)?);
    issuer.publish(&[&old]);
    let config = json!({ "viewer": { "keys": [], "jwks": { "name": "main", "algs": ["ES256"] } } });
    let issuers = [("main".to_owned(), issuer.url())].into();
    let stack = Stack::start(StackOptions { config, issuers, ..options(host).await? }).await?;
    let asked_of_origin = || stack.faults.seen().iter().filter(|seen| seen.path.starts_with("/jwks/main")).count();
    let (opened, invalid) = ((201, String::new()), (401, "token_invalid".to_owned()));

    ensure!(begin(&stack, &old, "old").await? == opened);
    ensure!(begin(&stack, &old, "old").await? == opened);
    // A key that the set lacks, one that takes the name of another, and a good one by a name that it has not.
    for (key, kid) in [(&new, "new"), (&foreign, "old"), (&old, "new"), (&foreign, "foreign")] {
        let problem = begin(&stack, key, kid).await?;
        ensure!(problem == invalid, "{} as {kid}: {problem:?}", key.kid);
    }
    ensure!((asked_of_origin(), issuer.asked()) == (1, 1), "{} {}", asked_of_origin(), issuer.asked());

    // The issuer changes its key: the new one's `kid` has it asked, and the old one opens no more.
    issuer.publish(&[&new]);
    let second = Duration::from_secs(1);
    tokio::join!(tokio::time::sleep(PAUSE + second), stack.pass(UNKNOWN + second));
    let problem = begin(&stack, &new, "new").await?;
    ensure!(problem == opened, "after the change: {problem:?}");
    ensure!(begin(&stack, &old, "old").await? == invalid);
    ensure!((asked_of_origin(), issuer.asked()) == (2, 2), "{} {}", asked_of_origin(), issuer.asked());

    // The issuer is down: what is there serves, by the origin, then by the edge alone, and not for ever.
    issuer.server.shutdown().await;
    ensure!(begin(&stack, &new, "new").await? == opened);
    ensure!(begin(&stack, &foreign, "foreign").await? == invalid);
    if host.has_virtual_clock() {
        stack.pass(FRESH).await;
        ensure!(begin(&stack, &new, "new").await? == opened, "by what the origin has");
        ensure!(asked_of_origin() == 3);
        stack.faults.spoil("/jwks/", Fault::Drop);
        stack.pass(FRESH).await;
        ensure!(begin(&stack, &new, "new").await? == opened, "by what the edge has");
        ensure!(begin(&stack, &foreign, "foreign").await? == invalid);
        ensure!(asked_of_origin() == 4);
        stack.pass(HOLD).await;
        let problem = begin(&stack, &new, "new").await?;
        ensure!(problem == (502, "origin_unreachable".to_owned()), "{problem:?}");
        stack.faults.heal();
        stack.pass(PAUSE + second).await;
        ensure!(begin(&stack, &new, "new").await? == opened, "the origin is back");
    }
    Ok(stack)
}
