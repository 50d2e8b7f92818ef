//! What others are told: the signalling of a title, the chain of custody, webhooks, and the lines that edges hand in.

use std::sync::{Arc, Mutex};

use axum::{Router, extract::State, http::HeaderMap, routing::post};
use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac};
use reqwest::StatusCode;
use serde_json::Value;
use sha2::Sha256;
use sluice_gate::{
    AccountId, Roots, SessionId,
    log::{
        Entry,
        audit::{Allowed, Audit, Report},
        open, single,
    },
};
use sluice_origin::{
    Running,
    config::{AuditConfig, AuditLog, DecisionsConfig, OriginConfig, SecretRef, WebhookConfig},
    webhook::NoticeKind,
};
use tempfile::TempDir;
use tokio::sync::mpsc;

use crate::fixture::{Fixture, KIDS, SECRET, derived, get};

const SHIPPER: &str = "a-secret-of-log-shippers";
const HOOK: &str = "a-secret-of-webhooks";

fn roots() -> Roots {
    Roots::new(&[5; 32], None).expect("roots")
}

fn audited(origin: &mut OriginConfig, log: &TempDir) {
    let key: String = roots().audit_key().iter().map(|byte| format!("{byte:02x}")).collect();
    let log = Some(AuditLog::File(log.path().join("custody.log")));
    origin.audit = Some(AuditConfig { key: SecretRef::value(key), previous_key: None, log });
}

fn audit(text: &str) -> Report {
    let mut audit = Audit::new(Allowed::default());
    for (number, line) in (1..).zip(text.lines()) {
        match open(&roots(), line) {
            Ok(line) => {
                audit.take(number, &line);
            }
            Err(error) => audit.refuse(number, error),
        }
    }
    audit.finish()
}

/// Somebody whom webhooks reach.
struct Receiver {
    running: Running,
    came: mpsc::UnboundedReceiver<(HeaderMap, Vec<u8>)>,
}

impl Receiver {
    /// It is out of order for the first `failing` that come.
    async fn start(failing: usize) -> Self {
        let (sender, came) = mpsc::unbounded_channel();
        let state = Arc::new((sender, Mutex::new(failing)));
        type Shared = Arc<(mpsc::UnboundedSender<(HeaderMap, Vec<u8>)>, Mutex<usize>)>;
        async fn take(State(state): State<Shared>, headers: HeaderMap, body: axum::body::Bytes) -> StatusCode {
            state.0.send((headers, body.to_vec())).expect("somebody waits");
            let mut failing = state.1.lock().expect("a lock");
            let status = if *failing > 0 { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::NO_CONTENT };
            *failing = failing.saturating_sub(1);
            status
        }
        let router = Router::new().route("/hook", post(take)).with_state(state);
        let running = Running::start("127.0.0.1:0".parse().expect("an address"), router).await.expect("a receiver");
        Self { running, came }
    }

    fn config(&self) -> WebhookConfig {
        WebhookConfig {
            url: format!("http://{}/hook", self.running.addr),
            secret: SecretRef::value(HOOK),
            events: vec![NoticeKind::KeyExchangeFailed, NoticeKind::LicenceRefusals],
            allow_cleartext_http: false,
        }
    }

    /// What comes next, its signature verified as the documentation has it.
    async fn next(&mut self) -> (String, Value) {
        let (headers, body) = self.came.recv().await.expect("a webhook");
        assert_eq!(headers["content-type"], "application/json");
        let header = headers["x-sluice-signature"].to_str().expect("text").to_owned();
        let (time, signature) = header.strip_prefix("t=").and_then(|rest| rest.split_once(",v1=")).expect("its form");
        let mut mac = Hmac::<Sha256>::new_from_slice(HOOK.as_bytes()).expect("a key");
        mac.update(&[time.as_bytes(), b".", &body].concat());
        let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, signature);
        (header, serde_json::from_slice(&body).expect("JSON"))
    }
}

#[tokio::test]
async fn signalling_is_what_the_provider_says_of_each_key() {
    let fixture = Fixture::with(|origin| origin.keys.as_mut().expect("keys").name = Some("drm-1".to_owned())).await;
    let response = get(&fixture, "/titles/film/v1/signalling/cbcs").await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["cache-control"], "no-store");
    let text = response.text().await.expect("a body");
    let body: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(body["provider"], "drm-1");
    let entries = body["signalling"].as_array().expect("a list");
    for kid in [&KIDS[0].1, &KIDS[0].2] {
        let of = |system: &str| {
            let entry = entries.iter().find(|entry| entry["kid"] == kid.hex() && entry["system"] == system);
            entry.unwrap_or_else(|| panic!("{system} for {kid}: {text}"))
        };
        let bytes = |value: &Value| STANDARD.decode(value.as_str().expect("text")).expect("base64");
        for system in ["widevine", "playready"] {
            assert_eq!(bytes(&of(system)["pssh"])[4..8], *b"pssh");
        }
        assert!(!text.contains("null"), "members without a value are left out: {text}");
        assert!(!text.contains(&STANDARD.encode(derived(kid).expose())), "and no key is there");
    }
    for path in ["film/v2/signalling/cbcs", "film/v1/signalling/clear", "other/v1/signalling/cbcs"] {
        assert_eq!(get(&fixture, &format!("/titles/{path}")).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
    let unkeyed = Fixture::with(|origin| origin.keys = None).await;
    let response = get(&unkeyed, "/titles/film/v1/signalling/cbcs").await;
    assert_eq!(
        (response.status(), &response.headers()["retry-after"]),
        (StatusCode::SERVICE_UNAVAILABLE, &"2".parse().expect("a value"))
    );
}

#[tokio::test]
async fn signalling_and_keys_are_one_exchange() {
    let fixture = Fixture::start().await;
    for path in ["signalling", "keys", "signalling"] {
        assert_eq!(get(&fixture, &format!("/titles/film/v1/{path}/cbcs")).await.status(), StatusCode::OK);
    }
    assert_eq!(fixture.exchanges.load(std::sync::atomic::Ordering::Relaxed), 1);
}

#[tokio::test]
async fn custody_of_keys_is_a_chain_without_a_key() {
    let log = tempfile::tempdir().expect("a folder");
    let mut fixture = Fixture::with(|origin| audited(origin, &log)).await;
    get(&fixture, "/titles/film/v1/keys/cbcs").await;
    let named =
        fixture.http.get(fixture.url("/titles/film/v1/video/segments/1/cbcs")).header("X-Origin-Secret", SECRET);
    named.header("X-Sluice-Edge", "spin-fra-1").send().await.expect("an answer");
    let named = fixture.http.get(fixture.url("/titles/film/v1/keys/cbcs")).header("X-Origin-Secret", SECRET);
    named.header("X-Sluice-Edge", "spin-fra-1").send().await.expect("an answer");
    fixture.keyserver.take().expect("running").shutdown().await;
    assert_eq!(get(&fixture, "/titles/film/v1/keys/cenc").await.status(), StatusCode::SERVICE_UNAVAILABLE);
    let text = std::fs::read_to_string(log.path().join("custody.log")).expect("a log");
    let report = audit(&text);
    assert!(report.findings.is_empty(), "{report:?}\n{text}");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let decisions: Vec<_> = lines.iter().map(|line| line["decision"].as_str().expect("text")).collect();
    assert_eq!(decisions, ["begin", "key_exchange", "wrap", "wrap", "key_exchange_failed", "key_refused"]);
    let wrap = &lines[3];
    assert_eq!((&wrap["edge"], &wrap["keks"][0]), (&"spin-fra-1 127.0.0.1".into(), &3.into()));
    assert_eq!(
        (&wrap["title"], &wrap["delivery"], &wrap["provider"]),
        (&"film".into(), &"cbcs".into(), &"127.0.0.1".into())
    );
    assert_eq!(wrap["kids"], serde_json::json!([KIDS[0].1, KIDS[0].2]));
    let less: Vec<_> = text.lines().enumerate().filter(|(at, _)| *at != 2).map(|(_, line)| line).collect();
    assert_eq!(audit(&less.join("\n")).findings[0].cause.name(), "gap");
    for kid in [KIDS[0].1, KIDS[0].2] {
        let key = derived(&kid);
        let hex: String = key.expose().iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(!text.contains(&hex) && !text.contains(&STANDARD.encode(key.expose())));
    }
}

#[tokio::test]
async fn a_failed_exchange_reaches_a_webhook_that_fails_at_first() {
    let mut receiver = Receiver::start(1).await;
    let mut fixture = Fixture::with(|origin| origin.webhooks = vec![receiver.config()]).await;
    fixture.keyserver.take().expect("running").shutdown().await;
    assert_eq!(get(&fixture, "/titles/film/v1/keys/cbcs").await.status(), StatusCode::SERVICE_UNAVAILABLE);
    let ((_, first), (_, second)) = (receiver.next().await, receiver.next().await);
    assert_eq!(first, second, "the same event again");
    assert_eq!(
        (&first["event"], &first["title"], &first["delivery"]),
        (&"key_exchange_failed".into(), &"film".into(), &"cbcs".into())
    );
    assert_eq!((&first["held"], &first["kids"][0]), (&false.into(), &KIDS[0].1.hex().into()));
}

#[tokio::test]
async fn edges_lines_are_taken_from_those_who_may() {
    let log = tempfile::tempdir().expect("a folder");
    let mut receiver = Receiver::start(0).await;
    let fixture = Fixture::with(|origin| {
        audited(origin, &log);
        origin.decisions = Some(DecisionsConfig { secret: Some(SecretRef::value(SHIPPER)), threshold: 3 });
        origin.webhooks = vec![receiver.config()];
        origin.metrics_listen = Some("127.0.0.1:0".parse().expect("an address"));
    })
    .await;
    let send = async |secret: &str, body: String| {
        let post = fixture.http.post(fixture.url("/decisions")).header("X-Origin-Secret", secret);
        post.body(body).send().await.expect("an answer").status()
    };
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs();
    let line = |nonce: u8| {
        let entry = Entry {
            t: now,
            decision: "not_entitled",
            session: Some(SessionId([7; 16])),
            account: Some(AccountId([8; 16])),
            path: Some("/v1/film/license/widevine"),
            status: Some(403),
            ..Entry::default()
        };
        single(&roots(), [nonce; 8], &entry)
    };
    assert_eq!(send("nobody's secret at all", line(1)).await, StatusCode::FORBIDDEN);
    assert_eq!(send(SHIPPER, (0..4).map(|at| line(at) + "\n").collect()).await, StatusCode::NO_CONTENT);
    assert_eq!(send(SECRET, line(9)).await, StatusCode::NO_CONTENT);
    assert_eq!(send(SHIPPER, "x".repeat(5 << 20)).await, StatusCode::PAYLOAD_TOO_LARGE);
    let (_, event) = receiver.next().await;
    assert_eq!((&event["event"], &event["title"]), (&"licence_refusals".into(), &"film".into()));
    assert_eq!((&event["count"], &event["reason"]), (&4.into(), &"not_entitled".into()));
    // It opens nothing else.
    let keys = fixture.http.get(fixture.url("/titles/film/v1/keys/cbcs")).header("X-Origin-Secret", SHIPPER);
    assert_eq!(keys.send().await.expect("an answer").status(), StatusCode::FORBIDDEN);
    let got = get(&fixture, "/decisions").await;
    assert_eq!(
        (got.status(), &got.headers()["allow"]),
        (StatusCode::METHOD_NOT_ALLOWED, &"POST".parse().expect("a value"))
    );
    let metrics = format!("http://{}/metrics", fixture.origin.metrics.expect("metrics"));
    let metrics = fixture.http.get(metrics).send().await.expect("metrics").text().await.expect("text");
    for line in [
        "sluice_origin_decision_lines_total{outcome=\"verified\"} 5\n",
        "sluice_origin_licence_refusals_total 5\n",
        "sluice_origin_licence_refusal_spikes_total 1\n",
        "sluice_origin_custody_lines_total{outcome=\"written\"} 1\n",
        "sluice_origin_requests_total{route=\"decisions\",status=\"2xx\"} 2\n",
        "sluice_origin_key_exchanges_total{outcome=\"ok\"} 0\n",
    ] {
        assert!(metrics.contains(line), "{line}\n{metrics}");
    }
    let untold = Fixture::start().await;
    let post = untold.http.post(untold.url("/decisions")).header("X-Origin-Secret", SECRET);
    assert_eq!(post.send().await.expect("an answer").status(), StatusCode::NOT_FOUND, "it is not configured");
}
