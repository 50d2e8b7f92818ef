//! An account's slots in the KV store: a new session takes one, a renewal holds it, an end frees it.
//!
//! Where the store has generations a writer that was overtaken is told and tries again; elsewhere the last writer wins.

use sluice_gate::{
    AccountId, SessionId, Unix,
    session::{self, SessionRecord, Slot, SlotChoice},
};

use crate::{
    Error, Host, confirm,
    decision::Journal,
    error::SessionSummary,
    host::{StoreError, Stored},
};

/// Slots of an account: as many sessions as can be told apart, above any limit.
const SLOTS: u8 = 8;
/// How often a claim is tried where the store orders writers.
const CLAIMS: usize = 4;

/// A slot as read, and the generation that it was read at.
pub(crate) type Read = Option<(Slot, Option<u64>)>;

/// Whether a session still has its slot.
pub(crate) enum Holding {
    Held,
    /// Another session has taken it; these are the account's.
    Lost(Vec<SessionSummary>),
}

/// All slots of an account.
pub(crate) async fn read<H: Host>(host: &H, account: &AccountId) -> Result<Vec<Read>, Error> {
    let mut slots = Vec::with_capacity(SLOTS.into());
    for index in 0..SLOTS {
        slots.push(parse(host.kv_get(&session::slot_key(account, index)).await?));
    }
    Ok(slots)
}

/// Takes a slot for a new session. A device that comes back takes its own, and ends the session it had.
pub(crate) async fn claim<H: Host>(
    journal: &Journal<'_, H>,
    account: &AccountId,
    mut wanted: Slot,
    limit: Option<u32>,
    keep_seconds: u64,
) -> Result<u8, Error> {
    let host = journal.host;
    let now = wanted.started;
    for _ in 0..CLAIMS {
        let slots = read(host, account).await?;
        let held: Vec<Option<Slot>> = slots.iter().map(|slot| slot.as_ref().map(|(slot, _)| slot.clone())).collect();
        let (index, earlier) = match session::choose_slot(&held, &wanted.device, limit, now) {
            SlotChoice::Free(index) => (index, None),
            SlotChoice::SameDevice(index, earlier) => (index, Some(earlier)),
            SlotChoice::Full => return Err(Error::StreamLimit(summaries(&slots, now))),
        };
        let seen = slots.get(usize::from(index)).and_then(Option::as_ref);
        wanted.fence = seen.map_or(1, |(slot, _)| slot.fence.saturating_add(1));
        let generation = seen.and_then(|(_, generation)| *generation);
        match write(host, account, index, &wanted, generation, keep_seconds).await {
            Err(StoreError::Conflict) => continue,
            written => written?,
        }
        if let Some(earlier) = earlier {
            end_earlier(journal, &earlier, now).await?;
        }
        return Ok(index);
    }
    Err(Error::StoreUnavailable)
}

/// Extends the slot of a session that was just renewed, to the end of the renewed right.
pub(crate) async fn hold<H: Host>(host: &H, record: &SessionRecord, now: Unix) -> Result<Holding, Error> {
    let stored = parse(host.kv_get(&session::slot_key(&record.account, record.slot)).await?);
    let (mut slot, generation) = match stored {
        Some((slot, generation)) if slot.session == record.session => (slot, generation),
        _ => return Ok(Holding::Lost(summaries(&read(host, &record.account).await?, now))),
    };
    (slot.seen, slot.until) = (now, record.expires);
    match write(host, &record.account, record.slot, &slot, generation, record.ends.saturating_sub(now)).await {
        // Overtaken by a parallel renewal, or by another session, which the next look will show.
        Ok(()) | Err(StoreError::Conflict | StoreError::Throttled) => Ok(Holding::Held),
        Err(error) => Err(error.into()),
    }
}

/// Frees the slot of a session that was ended. It stays written, so that its fence goes on rising.
pub(crate) async fn free<H: Host>(host: &H, record: &SessionRecord, now: Unix) -> Result<(), Error> {
    let stored = parse(host.kv_get(&session::slot_key(&record.account, record.slot)).await?);
    let Some((mut slot, generation)) = stored.filter(|(slot, _)| slot.session == record.session) else { return Ok(()) };
    slot.until = now;
    match write(host, &record.account, record.slot, &slot, generation, record.ends.saturating_sub(now)).await {
        Ok(()) | Err(StoreError::Conflict) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// The sessions that hold the slots.
pub(crate) fn summaries(slots: &[Read], now: Unix) -> Vec<SessionSummary> {
    let live = slots.iter().flatten().map(|(slot, _)| slot).filter(|slot| slot.is_live(now));
    live.map(|slot| SessionSummary {
        session: slot.session.to_string(),
        title: slot.title.clone(),
        device: slot.device.clone(),
        started: slot.started,
        last_seen: slot.seen,
    })
    .collect()
}

fn parse(stored: Option<Stored>) -> Read {
    let stored = stored?;
    Some((serde_json::from_slice(&stored.value).ok()?, stored.generation))
}

async fn write<H: Host>(
    host: &H,
    account: &AccountId,
    index: u8,
    slot: &Slot,
    generation: Option<u64>,
    keep_seconds: u64,
) -> Result<(), StoreError> {
    let key = session::slot_key(account, index);
    let value = serde_json::to_vec(slot).map_err(|_| StoreError::Unavailable)?;
    let seconds = keep_seconds.max(60);
    match host.kv_put_if(&key, &value, generation, seconds).await {
        Err(StoreError::Unsupported) => host.kv_put(&key, &value, seconds).await,
        written => written,
    }
}

async fn end_earlier<H: Host>(journal: &Journal<'_, H>, session: &SessionId, now: Unix) -> Result<(), Error> {
    match confirm::read(journal.host, session).await {
        Ok(mut record) => {
            let reason = "same_device";
            record.end(now, reason);
            confirm::put_logged(journal, &mut record, "end", Some(reason), now).await
        }
        Err(Error::SessionEnded) => Ok(()),
        Err(error) => Err(error),
    }
}
