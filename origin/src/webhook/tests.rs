use std::{
    collections::VecDeque,
    sync::{Mutex, atomic::AtomicU64, atomic::Ordering},
    time::Duration,
};

use futures::{FutureExt, future::BoxFuture};
use reqwest::StatusCode;
use sluice_packager::{keys::Kid, title::Delivery};

use super::*;
use crate::config::SecretRef;

/// Answers as it is told, 200 when it is told no more, and keeps what came.
#[derive(Default)]
struct Receiver {
    answers: Mutex<VecDeque<Posted>>,
    came: Mutex<Vec<(tokio::time::Instant, String, String)>>,
    /// Never answers.
    deaf: bool,
}

impl Transport for Receiver {
    fn post(&self, url: String, signature: String, body: Vec<u8>) -> BoxFuture<'static, Posted> {
        assert_eq!(url, "https://ops.example/hook");
        let body = String::from_utf8(body).expect("text");
        self.came.lock().expect("a lock").push((tokio::time::Instant::now(), signature, body));
        let answer = self.answers.lock().expect("a lock").pop_front().unwrap_or(Ok(StatusCode::OK));
        let deaf = self.deaf;
        async move { if deaf { futures::future::pending().await } else { answer } }.boxed()
    }
}

static NOW: AtomicU64 = AtomicU64::new(0);

/// Moves with tokio's clock, which tests pause.
fn clock() -> Unix {
    1_900_000_000 + NOW.load(Ordering::Relaxed)
}

fn fixed() -> Unix {
    1_900_000_000
}

fn hooks(receiver: &Arc<Receiver>, events: &[NoticeKind], clock: fn() -> Unix) -> Webhooks {
    let config = WebhookConfig {
        url: "https://ops.example/hook".to_owned(),
        secret: SecretRef::value("a-webhook-secret"),
        events: events.to_vec(),
        allow_cleartext_http: false,
    };
    let transport: Arc<dyn Transport> = Arc::clone(receiver) as _;
    Webhooks::with_transport(&[config], &transport, clock).expect("hooks")
}

fn failed(title: &str) -> Notice<'_> {
    Notice::KeyExchangeFailed {
        title,
        delivery: Delivery::Cbcs,
        kids: &[Kid([1; 16])],
        provider: "drm.example",
        reason: "the key provider did not answer in time",
        held: true,
    }
}

fn counted(hooks: &Webhooks, outcome: &str) -> u64 {
    hooks.hooks[0].counts().iter().find(|(name, _)| *name == outcome).expect("an outcome").1
}

#[tokio::test(start_paused = true)]
async fn a_notice_is_tried_again_until_it_is_received() {
    let receiver = Arc::new(Receiver::default());
    receiver.answers.lock().expect("a lock").extend([
        Ok(StatusCode::INTERNAL_SERVER_ERROR),
        Err("connection refused".to_owned()),
        Ok(StatusCode::TOO_MANY_REQUESTS),
    ]);
    let hooks = hooks(&receiver, &[NoticeKind::KeyExchangeFailed], fixed);
    hooks.tell(&failed("film"));
    tokio::time::sleep(Duration::from_secs(60)).await;
    let came = receiver.came.lock().expect("a lock").clone();
    assert_eq!(came.len(), 4);
    for (pair, longest) in came.windows(2).zip([1000, 2000, 4000].map(Duration::from_millis)) {
        let pause = pair[1].0 - pair[0].0;
        // Tokio's clock ticks in milliseconds.
        assert!((longest / 2..=longest + Duration::from_millis(1)).contains(&pause), "{pause:?} of {longest:?}");
    }
    assert!(came.iter().all(|(_, _, body)| *body == came[0].2), "the same id");
    let body: serde_json::Value = serde_json::from_str(&came[0].2).expect("JSON");
    assert_eq!(body["event"], "key_exchange_failed");
    assert_eq!(
        (&body["title"], &body["provider"], &body["held"]),
        (&"film".into(), &"drm.example".into(), &true.into())
    );
    assert_eq!((&body["kids"][0], &body["time"]), (&"01".repeat(16).into(), &1_900_000_000.into()));
    assert_eq!(body["id"].as_str().map(str::len), Some(32));
    assert_eq!(came[0].1, sign::signature(b"a-webhook-secret", 1_900_000_000, came[0].2.as_bytes()));
    assert_eq!((counted(&hooks, "delivered"), counted(&hooks, "retried"), counted(&hooks, "failed")), (1, 3, 0));
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_is_down_holds_nothing_up_and_is_given_up() {
    let receiver = Arc::new(Receiver { deaf: true, ..Receiver::default() });
    let hooks = hooks(&receiver, &[NoticeKind::KeyExchangeFailed], fixed);
    let titles: Vec<String> = (0..300).map(|at| format!("t{at}")).collect();
    let before = tokio::time::Instant::now();
    titles.iter().for_each(|title| hooks.tell(&failed(title)));
    assert_eq!(before, tokio::time::Instant::now(), "nothing waits");
    assert_eq!(counted(&hooks, "dropped"), 300 - 256);
    tokio::time::sleep(Duration::from_secs(8 * 10 + 127 + 1)).await;
    assert_eq!(counted(&hooks, "failed"), 1);
    assert!(receiver.came.lock().expect("a lock").len() > 8, "and the next has its turn");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_final() {
    let receiver = Arc::new(Receiver::default());
    receiver.answers.lock().expect("a lock").extend([Ok(StatusCode::BAD_REQUEST), Ok(StatusCode::MOVED_PERMANENTLY)]);
    let hooks = hooks(&receiver, &[NoticeKind::KeyExchangeFailed], fixed);
    hooks.tell(&failed("film"));
    hooks.tell(&failed("other"));
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!((receiver.came.lock().expect("a lock").len(), counted(&hooks, "failed")), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn the_same_is_told_once_a_minute_and_what_is_not_wanted_never() {
    let receiver = Arc::new(Receiver::default());
    let hooks = hooks(&receiver, &[NoticeKind::KeyExchangeFailed], clock);
    let came = async || {
        tokio::time::sleep(Duration::from_millis(1)).await;
        receiver.came.lock().expect("a lock").len()
    };
    (0..100).for_each(|_| hooks.tell(&failed("film")));
    assert_eq!(came().await, 1);
    hooks.tell(&failed("other"));
    assert_eq!(came().await, 2, "another title");
    NOW.store(59, Ordering::Relaxed);
    hooks.tell(&failed("film"));
    assert_eq!(came().await, 2);
    NOW.store(60, Ordering::Relaxed);
    hooks.tell(&failed("film"));
    assert_eq!(came().await, 3);
    hooks.tell(&Notice::KeyChanged { title: "film", delivery: Delivery::Cbcs, kids: &[], provider: "drm.example" });
    assert_eq!(came().await, 3, "not in the hook's list");
}
