use std::time::{SystemTime, UNIX_EPOCH};

use sluice_gate::Unix;

use crate::{
    config::OriginConfig,
    custody::Journal,
    decisions::Spike,
    keys::{Event, Observer},
    running::StartError,
    webhook::{Notice, Webhooks},
};

/// Whoever is told of what happens to keys: the chain of custody, and webhooks.
pub(super) struct Watch {
    journal: Option<Journal>,
    webhooks: Webhooks,
    provider: String,
    threshold: u64,
}

impl Watch {
    pub(super) fn new(config: &OriginConfig) -> Result<Self, StartError> {
        let provider = config.keys.as_ref().map(|keys| keys.provider_name()).unwrap_or_default();
        let journal = config.audit.as_ref().map(|audit| Journal::open(audit, &provider, now));
        Ok(Self {
            journal: journal.transpose().map_err(StartError::secret("audit.key"))?.flatten(),
            webhooks: Webhooks::start(&config.webhooks, now).map_err(StartError::secret("webhooks"))?,
            provider,
            threshold: config.decisions.as_ref().map_or(0, |decisions| decisions.threshold),
        })
    }

    pub(super) fn spike(&self, spike: &Spike) {
        let Spike { title, count, reason } = spike;
        tracing::warn!(title, count, reason, "many refusals of licences");
        self.webhooks.tell(&Notice::LicenceRefusals { title, count: *count, threshold: self.threshold, reason });
    }

    pub(super) fn expose(&self, out: &mut String) {
        if let Some(journal) = &self.journal {
            journal.expose(out);
        }
        self.webhooks.expose(out);
    }
}

impl Observer for Watch {
    fn observe(&self, event: &Event<'_>) {
        if let Some(journal) = &self.journal {
            journal.take(event);
        }
        let provider = &*self.provider;
        match *event {
            Event::Exchange { title, delivery, kids, failure: Some(reason), held, .. } => {
                self.webhooks.tell(&Notice::KeyExchangeFailed { title, delivery, kids, provider, reason, held });
            }
            Event::Changed { title, delivery, kids } => {
                self.webhooks.tell(&Notice::KeyChanged { title, delivery, kids, provider });
            }
            _ => {}
        }
    }
}

/// Unix seconds.
pub(super) fn now() -> Unix {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
