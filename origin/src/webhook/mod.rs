//! Signed webhooks: an operator's server is told of what somebody ought to look at.
//!
//! `POST`, `Content-Type: application/json`, a body such as
//! `{"id":"…","event":"key_exchange_failed","time":1900000000,"title":"film","provider":"drm.example","delivery":"cbcs","kids":["…"],"reason":"…","held":true}`
//! and `X-Sluice-Signature: t=1900000000,v1=HEX`, HEX being HMAC-SHA256 under the hook's secret of the text `t`, a full stop, and the body's bytes.
//!
//! A receiver computes the same over the bytes as they came, compares in constant time, refuses a `t` that is more than some minutes old, and knows a
//! repetition by its `id`. A 2xx is taken for received. No connection, no answer within ten seconds, 408, 429 and 5xx are tried again, seven times, after
//! pauses that double, one to two minutes together; other answers are final. Each hook has a queue of its own: what finds it full is dropped and counted, and nothing waits for a hook.
//!
//! | event | when | once in a minute for each |
//! |---|---|---|
//! | `key_exchange_failed` | an exchange with the provider gave no keys | title and delivery |
//! | `key_changed` | the provider gave something else for key ids that are held | title and delivery |
//! | `licence_refusals` | more refusals at licence and key routes than the threshold | title |

mod deliver;
mod notice;
mod sign;
#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use sluice_gate::Unix;

pub use deliver::{Posted, Transport};
pub use notice::{Notice, NoticeKind};

use self::deliver::Hook;
use crate::{
    config::{SecretError, WebhookConfig},
    metrics::{Family, Kind},
    webhook::deliver::Http,
};

/// Seconds for which the same is not told again.
const QUIET: u64 = 60;
/// Most subjects that are remembered for that.
const MOST_SUBJECTS: usize = 10_000;

/// All hooks of a configuration.
pub struct Webhooks {
    hooks: Vec<Hook>,
    clock: fn() -> Unix,
    told: Mutex<HashMap<Subject, Unix>>,
}

/// What is not told twice within a minute: the event, the title, the delivery.
type Subject = (NoticeKind, String, Option<&'static str>);

impl Webhooks {
    /// Starts the hooks' queues. Needs a runtime. `clock`: unix seconds.
    ///
    /// # Errors
    /// The hook's place in the configuration and why its secret cannot be had.
    pub fn start(configs: &[WebhookConfig], clock: fn() -> Unix) -> Result<Self, SecretError> {
        Self::with_transport(configs, &(Arc::new(Http::new()) as Arc<dyn Transport>), clock)
    }

    /// The same over another transport.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn with_transport(
        configs: &[WebhookConfig],
        transport: &Arc<dyn Transport>,
        clock: fn() -> Unix,
    ) -> Result<Self, SecretError> {
        let hooks = configs.iter().map(|config| Hook::start(config, Arc::clone(transport), clock));
        Ok(Self { hooks: hooks.collect::<Result<_, _>>()?, clock, told: Mutex::default() })
    }

    /// Tells all hooks that want to know, unless it was told less than a minute ago. Does not wait.
    pub fn tell(&self, notice: &Notice<'_>) {
        if self.hooks.is_empty() || !self.news(notice) {
            return;
        }
        let body = notice.body((self.clock)());
        for hook in &self.hooks {
            hook.offer(notice.kind(), &body);
        }
    }

    /// Its metrics.
    pub(crate) fn expose(&self, out: &mut String) {
        let mut values = Vec::new();
        for (at, hook) in self.hooks.iter().enumerate() {
            for (outcome, count) in hook.counts() {
                values.push((format!("hook=\"{at}\",outcome=\"{outcome}\""), count));
            }
        }
        Family::new("webhooks_total", Kind::Counter, "Webhooks by the hook's place in the configuration, and outcome.")
            .write(out, &values);
    }

    fn news(&self, notice: &Notice<'_>) -> bool {
        let now = (self.clock)();
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() >= MOST_SUBJECTS {
            told.retain(|_, at| now < at.saturating_add(QUIET));
        }
        let subject = notice.subject();
        let news = told.get(&subject).is_none_or(|at| now >= at.saturating_add(QUIET));
        // Too many at a time are told of without being remembered.
        if news && told.len() < MOST_SUBJECTS {
            told.insert(subject, now);
        }
        news
    }
}
