use super::{
    Family, LISTED, Refused, Rules, SessionRecord, Store, StoreError, Terms,
    admission::claim_of,
    end_key, ending, family, record,
    tenancy::{self, Hold},
};
use crate::Unix;

/// What became of a renewal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewal {
    /// The session's right was extended to the record's `expires`.
    Extended,
    /// It stays as it was: the claim of its slot is too young to be confirmed, or the store asks to write less often.
    Kept,
}

/// What one slot's renewal comes to.
struct Secured {
    index: u8,
    /// How far the session's right may now go.
    until: Unix,
}

/// Extends a session's slots, then its record. A slot that it lost or let run out it must be admitted to again, ending nobody. `generation` is the one that the
/// record was read at; `title_limit` the title's as it is now. The record's `expires` is afterwards what the session may be given, whatever comes of it.
///
/// # Errors
/// [`Refused::Full`] where its slot was lost and there is no other, [`Refused::Ended`], and [`Refused::Store`] where the store is down.
pub async fn renew<R: Rules, S: Store>(
    store: &S,
    terms: &Terms,
    title_limit: Option<u32>,
    record: &mut SessionRecord,
    generation: Option<u64>,
) -> Result<Renewal, Refused> {
    let now = store.now();
    if !record.is_live(now) {
        return Err(Refused::Ended);
    }
    if terms.is_blind() && R::END_HAS_A_MARK && store.get(&end_key(&record.session)).await?.is_some() {
        return Err(Refused::Ended);
    }
    let mut renewed = record.clone();
    renewed.renew(now, terms.life);
    if !R::SLOTS_COME_FIRST {
        record::put(store, &renewed, now).await?;
    }
    match secure_all::<R, S>(store, terms, title_limit, &mut renewed, now).await {
        Ok(true) => {}
        Ok(false) | Err(Refused::Store(StoreError::Throttled | StoreError::Conflict)) => return Ok(Renewal::Kept),
        Err(refused) => return Err(refused),
    }
    // A right that was given is not taken back: it was within the slot that the session had then.
    renewed.expires = renewed.expires.max(record.expires);
    let written = if terms.is_blind() || !R::WRITES_ARE_COMPARED {
        record::put(store, &renewed, now).await
    } else {
        record::replace(store, &renewed, generation, now).await
    };
    match written {
        Ok(()) => {
            *record = renewed;
            Ok(Renewal::Extended)
        }
        Err(StoreError::Conflict) => match record::load(store, &record.session).await? {
            Some((current, _)) if current.ended.is_some() => {
                // Ended meanwhile. What was just extended is held for nobody; should this fail, it runs out.
                let _ = ending::give_back::<R, S>(store, terms, &renewed).await;
                Err(Refused::Ended)
            }
            Some((current, _)) => {
                *record = current;
                Ok(Renewal::Kept)
            }
            // A reading from before it was written.
            None => Ok(Renewal::Kept),
        },
        Err(StoreError::Throttled) => Ok(Renewal::Kept),
        Err(error) => Err(error.into()),
    }
}

/// All of a session's slots; whether its right is extended. `renewed` gets their indexes and the end that they allow.
async fn secure_all<R: Rules, S: Store>(
    store: &S,
    terms: &Terms,
    title_limit: Option<u32>,
    renewed: &mut SessionRecord,
    now: Unix,
) -> Result<bool, Refused> {
    let until = renewed.expires;
    let mut allowed = until;
    if let Some(limit) = renewed.account_limit {
        let family = Family::Account(&renewed.account);
        let limit = family::clamp(limit);
        let Some(secured) = secure::<R, S>(store, terms, renewed, family, limit, Some(renewed.slot), now).await? else {
            return Ok(false);
        };
        renewed.slot = secured.index;
        allowed = allowed.min(secured.until);
    }
    if let Some(limit) = title_limit {
        let family = Family::Title(&renewed.account, &renewed.title);
        let limit = family::clamp(limit);
        let Some(secured) = secure::<R, S>(store, terms, renewed, family, limit, renewed.title_slot, now).await? else {
            return Ok(false);
        };
        renewed.title_slot = Some(secured.index);
        allowed = allowed.min(secured.until);
    }
    if renewed.account_limit.is_none() {
        list::<R, S>(store, terms, renewed).await?;
    }
    renewed.expires = allowed;
    Ok(true)
}

/// One slot: held, or claimed again; `None` where its claim has yet to settle.
async fn secure<R: Rules, S: Store>(
    store: &S,
    terms: &Terms,
    renewed: &SessionRecord,
    family: Family<'_>,
    limit: u8,
    index: Option<u8>,
    now: Unix,
) -> Result<Option<Secured>, Refused> {
    // A slot above the limit, which was higher once, is not held on to.
    if let Some(index) = index.filter(|index| *index < limit || !R::INDEX_IS_BELOW_LIMIT) {
        let (key, until) = (family.key(index), renewed.expires);
        let keep = renewed.ends.saturating_sub(now);
        match tenancy::hold::<R, S>(store, terms, &key, &renewed.session, until, keep).await? {
            Hold::Held => return Ok(Some(Secured { index, until })),
            Hold::Unsettled => return Ok(None),
            Hold::Gone => {}
        }
    }
    let mut claim = claim_of(renewed, family, limit, true, false);
    claim.slot.until = now.saturating_add(terms.first_term::<R>()).min(renewed.ends);
    let until = claim.slot.until;
    let claimed = tenancy::claim::<R, S>(store, terms, claim).await?;
    Ok(Some(Secured { index: claimed.index, until }))
}

/// Keeps the session on its account's list, where it still is or where there is room.
async fn list<R: Rules, S: Store>(store: &S, terms: &Terms, renewed: &mut SessionRecord) -> Result<(), Refused> {
    let family = Family::Listing(&renewed.account);
    let key = family.key(renewed.slot);
    let keep = renewed.ends.saturating_sub(renewed.seen);
    let listed = match tenancy::hold::<R, S>(store, terms, &key, &renewed.session, renewed.expires, keep).await {
        Ok(Hold::Gone) => {
            let claimed = tenancy::claim::<R, S>(store, terms, claim_of(renewed, family, LISTED, true, false)).await;
            claimed.map(|claimed| renewed.slot = claimed.index)
        }
        held => held.map(|_| ()).map_err(Refused::from),
    };
    match listed {
        Ok(()) | Err(Refused::Full(_) | Refused::Store(StoreError::Conflict | StoreError::Throttled)) => Ok(()),
        Err(refused) => Err(refused),
    }
}
