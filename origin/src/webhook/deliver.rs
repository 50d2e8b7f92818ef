use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures::{FutureExt, future::BoxFuture};
use reqwest::{Client, StatusCode, header::CONTENT_TYPE};
use sluice_gate::Unix;
use tokio::sync::mpsc;

use super::{NoticeKind, sign};
use crate::{
    config::{Secret, SecretError, WebhookConfig},
    outgoing::{self, cause, pause},
};

/// Most notices that wait for a hook.
const QUEUE: usize = 256;
/// Tries for each, the first included.
const ATTEMPTS: u32 = 8;
/// For one try.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The longest before the second try; doubles for each further one.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// Shortest secret, in bytes.
const SHORTEST: usize = 16;

/// What came of a try: the answer's status, or why there was none.
pub type Posted = Result<StatusCode, String>;

/// How a notice gets to its receiver.
pub trait Transport: Send + Sync + 'static {
    /// Posts a JSON document with its signature.
    fn post(&self, url: String, signature: String, body: Vec<u8>) -> BoxFuture<'static, Posted>;
}

/// HTTP.
pub(super) struct Http(Option<Client>);

impl Http {
    pub(super) fn new() -> Self {
        Self(outgoing::client().build().ok())
    }
}

impl Transport for Http {
    fn post(&self, url: String, signature: String, body: Vec<u8>) -> BoxFuture<'static, Posted> {
        let client = self.0.clone();
        async move {
            let client = client.ok_or_else(|| "the HTTP client cannot be set up".to_owned())?;
            let post = client.post(url).header(CONTENT_TYPE, "application/json").header(sign::HEADER, signature);
            // What stands in the answer is nobody's business.
            post.body(body).send().await.map(|response| response.status()).map_err(|error| cause(&error))
        }
        .boxed()
    }
}

/// A receiver with its queue.
pub(super) struct Hook {
    events: Vec<NoticeKind>,
    queue: mpsc::Sender<Vec<u8>>,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    delivered: AtomicU64,
    failed: AtomicU64,
    retried: AtomicU64,
    dropped: AtomicU64,
}

impl Hook {
    pub(super) fn start(
        config: &WebhookConfig,
        transport: Arc<dyn Transport>,
        clock: fn() -> Unix,
    ) -> Result<Self, SecretError> {
        let secret = Secret::new(config.secret.clone());
        if secret.read()?.len() < SHORTEST {
            return Err(secret.malformed("it has fewer than 16 bytes; use more"));
        }
        let (queue, waiting) = mpsc::channel(QUEUE);
        let counts = Arc::new(Counts::default());
        let worker = Worker { url: config.url.clone(), secret, transport, clock, counts: Arc::clone(&counts) };
        tokio::spawn(worker.run(waiting));
        Ok(Self { events: config.events.clone(), queue, counts })
    }

    pub(super) fn offer(&self, kind: NoticeKind, body: &[u8]) {
        if self.events.contains(&kind) && self.queue.try_send(body.to_vec()).is_err() {
            self.counts.dropped.fetch_add(1, Ordering::Relaxed);
            tracing::error!(?kind, "a webhook's queue is full: a notice is dropped");
        }
    }

    pub(super) fn counts(&self) -> [(&'static str, u64); 4] {
        let Counts { delivered, failed, retried, dropped } = &*self.counts;
        [("delivered", delivered), ("failed", failed), ("retried", retried), ("dropped", dropped)]
            .map(|(name, counter)| (name, counter.load(Ordering::Relaxed)))
    }
}

struct Worker {
    url: String,
    secret: Secret,
    transport: Arc<dyn Transport>,
    clock: fn() -> Unix,
    counts: Arc<Counts>,
}

impl Worker {
    async fn run(self, mut waiting: mpsc::Receiver<Vec<u8>>) {
        while let Some(body) = waiting.recv().await {
            self.deliver(body).await;
        }
    }

    async fn deliver(&self, body: Vec<u8>) {
        for attempt in 1..=ATTEMPTS {
            let outcome = self.attempt(&body).await;
            match outcome {
                Ok(status) if status.is_success() => {
                    self.counts.delivered.fetch_add(1, Ordering::Relaxed);
                    return;
                }
                Ok(status) if !passes(status) => {
                    tracing::error!(%status, "a webhook's receiver refused a notice");
                    break;
                }
                outcome => tracing::warn!(attempt, ?outcome, "a webhook is not received"),
            }
            if attempt < ATTEMPTS {
                self.counts.retried.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(pause(FIRST_PAUSE, attempt, getrandom::u32().unwrap_or_default())).await;
            }
        }
        self.counts.failed.fetch_add(1, Ordering::Relaxed);
    }

    /// One try, signed anew: a receiver looks at the signature's age.
    async fn attempt(&self, body: &[u8]) -> Posted {
        let secret = self.secret.read().map_err(|error| error.to_string())?;
        let signature = sign::signature(secret.as_bytes(), (self.clock)(), body);
        let posted = tokio::time::timeout(TIMEOUT, self.transport.post(self.url.clone(), signature, body.to_vec()));
        posted.await.unwrap_or_else(|_| Err("no answer in time".to_owned()))
    }
}

/// Whether another try may do better.
fn passes(status: StatusCode) -> bool {
    status.is_server_error() || matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS)
}
