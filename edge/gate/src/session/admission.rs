use super::{
    Family, LISTED, Refused, Rules, SessionRecord, Slot, Store, StoreError, Terms, WhenFull, ending, family, record,
    tenancy::{self, Claim},
};
use crate::SessionId;

/// The limits that a session counts against.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// How many sessions the account may have, of whatever title; `None` for no limit.
    pub account: Option<u32>,
    /// How many sessions of this title the account may have; `None` for no limit.
    pub title: Option<u32>,
}

/// Admits a new session: takes a slot of each of its limits, ends the sessions that make room for it, and writes its record, whose slots, `expires` and
/// `seen` are filled in. What the record says afterwards is what the session may be given. Gives the sessions that were ended.
///
/// # Errors
/// [`Refused::Full`] over a limit, [`Refused::Store`]. A slot that was taken before another one was refused is given back.
pub async fn admit<R: Rules, S: Store>(
    store: &S,
    terms: &Terms,
    limits: Limits,
    record: &mut SessionRecord,
) -> Result<Vec<SessionId>, Refused> {
    record.account_limit = limits.account;
    let limited = limits.account.is_some() || limits.title.is_some();
    let term = if limited { terms.first_term::<R>() } else { terms.life };
    record.seen = record.started;
    record.expires = record.started.saturating_add(term).min(record.ends);
    let ousts = terms.when_full == WhenFull::EndOldest;
    let mut ended = Vec::new();
    if let Some(limit) = limits.account {
        let claim = claim_of(record, Family::Account(&record.account), family::clamp(limit), false, ousts);
        let claimed = tenancy::claim::<R, S>(store, terms, claim).await?;
        record.slot = claimed.index;
        ended = claimed.ended;
    }
    if let Some(limit) = limits.title {
        let claim = claim_of(record, Family::Title(&record.account, &record.title), family::clamp(limit), false, ousts);
        match tenancy::claim::<R, S>(store, terms, claim).await {
            Ok(claimed) => {
                record.title_slot = Some(claimed.index);
                ended.extend(claimed.ended);
            }
            Err(refused) => {
                // Should this fail too, the slot runs out by itself.
                let _ = ending::give_back::<R, S>(store, terms, record).await;
                return Err(refused);
            }
        }
    }
    if limits.account.is_none() {
        let mut claim = claim_of(record, Family::Listing(&record.account), LISTED, false, true);
        claim.ends_ousted = false;
        match tenancy::claim::<R, S>(store, terms, claim).await {
            Ok(claimed) => {
                record.slot = claimed.index;
                ended.extend(claimed.ended);
            }
            // A list that cannot be written just now keeps nobody out.
            Err(Refused::Full(_) | Refused::Store(StoreError::Conflict | StoreError::Throttled)) => {}
            Err(refused) => return Err(refused),
        }
    }
    ended.retain(|session| *session != record.session);
    for session in &ended {
        ending::end_other::<R, S>(store, terms, session, record.started).await?;
    }
    record::put(store, record, record.started).await?;
    Ok(ended)
}

/// The claim of a session whose record says until when.
pub(super) fn claim_of<'a>(
    record: &SessionRecord,
    family: Family<'a>,
    limit: u8,
    returns: bool,
    ousts: bool,
) -> Claim<'a> {
    Claim {
        family,
        limit,
        slot: Slot {
            session: record.session,
            title: record.title.clone(),
            device: record.device.clone(),
            started: record.started,
            seen: record.seen,
            until: record.expires,
            settles: 0,
            fence: 0,
        },
        returns,
        ousts,
        ends_ousted: ousts,
        keep: record.ends.saturating_sub(record.seen),
    }
}
