//! The limit on concurrent streams, over a [`Host`]'s store: what [`session`] decides, with this deployment's terms.

use sluice_gate::{
    AccountId, SessionId, Unix,
    session::{self, Limits, Ordering, Refused, Renewal, SessionRecord, Slot, Sound, Store, StoreError, Stored, Terms},
};

use crate::{Error, Host, config::Config, error::SessionSummary};

/// A host's clock and store.
struct Kv<'a, H>(&'a H);

impl<H: Host> Store for Kv<'_, H> {
    fn now(&self) -> Unix {
        self.0.now()
    }

    async fn get(&self, key: &str) -> Result<Option<Stored>, StoreError> {
        self.0.kv_get(key).await
    }

    async fn put(&self, key: &str, value: &[u8], seconds: u64) -> Result<(), StoreError> {
        self.0.kv_put(key, value, seconds).await
    }

    async fn put_if(&self, key: &str, value: &[u8], generation: Option<u64>, seconds: u64) -> Result<(), StoreError> {
        self.0.kv_put_if(key, value, generation, seconds).await
    }
}

/// Takes the slots of a new session, and writes its record. The sessions that were ended for it.
pub(crate) async fn admit<H: Host>(
    host: &H,
    config: &Config,
    limits: Limits,
    record: &mut SessionRecord,
) -> Result<Vec<SessionId>, Refused> {
    session::admit::<Sound, _>(&Kv(host), &terms(host, config), limits, record).await
}

/// Extends a session; `record` says afterwards how far its right goes.
pub(crate) async fn renew<H: Host>(
    host: &H,
    config: &Config,
    title_limit: Option<u32>,
    record: &mut SessionRecord,
    generation: Option<u64>,
) -> Result<Renewal, Refused> {
    session::renew::<Sound, _>(&Kv(host), &terms(host, config), title_limit, record, generation).await
}

/// Ends a session, and gives its slots back.
pub(crate) async fn end<H: Host>(
    host: &H,
    config: &Config,
    record: &mut SessionRecord,
    reason: &str,
) -> Result<(), Error> {
    let ended = session::end::<Sound, _>(&Kv(host), &terms(host, config), record, reason).await;
    ended.map_err(Error::from)
}

/// A session's record and its generation; `None` where the store does not know it (yet).
pub(crate) async fn load<H: Host>(
    host: &H,
    session: &SessionId,
) -> Result<Option<(SessionRecord, Option<u64>)>, Error> {
    Ok(session::load(&Kv(host), session).await?)
}

/// The account's sessions, as it sees them, under the limit that it has.
pub(crate) async fn list<H: Host>(
    host: &H,
    account: &AccountId,
    limit: Option<u32>,
) -> Result<Vec<SessionSummary>, Error> {
    Ok(summaries(&session::sessions(&Kv(host), account, limit, host.now()).await?))
}

/// The slots that the account's sessions hold, whatever limit they were admitted under.
pub(crate) async fn held<H: Host>(host: &H, account: &AccountId) -> Result<Vec<Slot>, Error> {
    Ok(session::sessions(&Kv(host), account, Some(session::MAX_LIMIT.into()), host.now()).await?)
}

/// What the store promises, unless the configuration trusts it with less.
fn ordering<H: Host>(host: &H, config: &Config) -> Ordering {
    let ordering = host.ordering();
    config.consistency.ordering.map_or(ordering, |declared| declared.min(ordering))
}

fn terms<H: Host>(host: &H, config: &Config) -> Terms {
    Terms {
        ordering: ordering(host, config),
        staleness: config.consistency.staleness_seconds,
        provisional: config.consistency.provisional_seconds,
        skew: config.consistency.skew_seconds,
        pause: config.pause_seconds,
        life: config.lease_seconds,
        when_full: config.stream_policy,
    }
}

fn summaries(slots: &[Slot]) -> Vec<SessionSummary> {
    let summary = |slot: &Slot| SessionSummary {
        session: slot.session.to_string(),
        title: slot.title.clone(),
        device: slot.device.clone(),
        started: slot.started,
        last_seen: slot.seen,
    };
    slots.iter().map(summary).collect()
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Full(slots) => Self::StreamLimit(summaries(&slots)),
            Refused::Ended => Self::SessionEnded,
            Refused::Store(error) => error.into(),
        }
    }
}
