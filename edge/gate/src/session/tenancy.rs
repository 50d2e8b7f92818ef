//! One slot's life: claimed, held, given back.

use super::{
    Family, Refused, Rules, Slot, Store, StoreError, TRIES, Terms, family,
    slot::{Reading, choose},
};
use crate::{SessionId, Unix};

/// A session that asks for a slot of a family.
pub(super) struct Claim<'a> {
    pub(super) family: Family<'a>,
    pub(super) limit: u8,
    /// What is to be written; `settles` and `fence` are filled in.
    pub(super) slot: Slot,
    /// Whether the session was admitted before: then it makes room for a later one on its device.
    pub(super) returns: bool,
    /// Whether the oldest makes room for it where the family is full, …
    pub(super) ousts: bool,
    /// … and is ended by that.
    pub(super) ends_ousted: bool,
    /// For how long the store is asked to keep the slot.
    pub(super) keep: u64,
}

/// A claim that was written.
pub(super) struct Claimed {
    pub(super) index: u8,
    pub(super) ended: Vec<SessionId>,
}

/// What a renewal finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hold {
    /// The slot is extended.
    Held,
    /// Its claim is too young to be confirmed.
    Unsettled,
    /// It is another session's, or has run out.
    Gone,
}

/// A slot, as it is read.
pub(super) async fn read<S: Store>(store: &S, key: &str) -> Result<Reading, StoreError> {
    Ok(store.get(key).await?.map_or_else(Reading::default, |stored| Reading {
        // What cannot be read holds nothing, and is written over.
        slot: serde_json::from_slice(&stored.value).ok(),
        generation: stored.generation,
    }))
}

/// Writes a slot: where the store compares, at the generation at which it was read.
async fn write<R: Rules, S: Store>(
    store: &S,
    terms: &Terms,
    key: &str,
    slot: &Slot,
    generation: Option<u64>,
    keep: u64,
) -> Result<(), StoreError> {
    let value = serde_json::to_vec(slot).map_err(|_| StoreError::Unavailable)?;
    let keep = keep.saturating_add(terms.grace::<R>()).max(60);
    if terms.is_blind() || !R::WRITES_ARE_COMPARED {
        store.put(key, &value, keep).await
    } else {
        store.put_if(key, &value, generation, keep).await
    }
}

/// Takes a slot of a family.
///
/// # Errors
/// [`Refused::Full`] where there is none, [`Refused::Store`] where the store fails or every try was overtaken.
pub(super) async fn claim<R: Rules, S: Store>(
    store: &S,
    terms: &Terms,
    mut claim: Claim<'_>,
) -> Result<Claimed, Refused> {
    for _ in 0..TRIES {
        let now = store.now();
        let readings = family::read(store, &claim.family, claim.family.reach(claim.limit)).await?;
        let choice = choose::<R>(&readings, &claim, terms, now).map_err(Refused::Full)?;
        let written = store.now();
        if terms.is_outdated::<R>(now, written) {
            continue;
        }
        claim.slot.settles = terms.settles(written);
        claim.slot.fence = choice.fence;
        if R::RIGHTS_ARE_NOT_TAKEN_BACK {
            // A renewal beside this one may have extended it.
            claim.slot.until = claim.slot.until.max(choice.until);
        }
        let key = claim.family.key(choice.index);
        match write::<R, S>(store, terms, &key, &claim.slot, choice.generation, claim.keep).await {
            Err(StoreError::Conflict) => {}
            written => {
                written?;
                return Ok(Claimed { index: choice.index, ended: choice.ended });
            }
        }
    }
    Err(StoreError::Conflict.into())
}

/// Extends a session's slot to `until`, while it is its own and has not run out.
///
/// # Errors
/// As of the store; [`StoreError::Conflict`] where every try was overtaken.
pub(super) async fn hold<R: Rules, S: Store>(
    store: &S,
    terms: &Terms,
    key: &str,
    session: &SessionId,
    until: Unix,
    keep: u64,
) -> Result<Hold, StoreError> {
    for _ in 0..TRIES {
        let now = store.now();
        let Reading { slot: Some(mut slot), generation } = read(store, key).await? else { return Ok(Hold::Gone) };
        if R::HOLDER_IS_CHECKED && slot.session != *session {
            return Ok(Hold::Gone);
        }
        if R::RUN_OUT_IS_CLAIMED_AGAIN && (slot.until == 0 || now >= slot.until.saturating_add(terms.pause)) {
            return Ok(Hold::Gone);
        }
        if R::CLAIMS_SETTLE && now < slot.settles {
            return Ok(Hold::Unsettled);
        }
        if terms.is_outdated::<R>(now, store.now()) {
            continue;
        }
        slot.seen = slot.seen.max(now);
        slot.until = slot.until.max(until);
        match write::<R, S>(store, terms, key, &slot, generation, keep).await {
            Err(StoreError::Conflict) if R::OVERTAKEN_WRITES_ARE_DECIDED_AGAIN => {}
            Ok(()) | Err(StoreError::Conflict) => return Ok(Hold::Held),
            Err(error) => return Err(error),
        }
    }
    Err(StoreError::Conflict)
}

/// Gives a session's slot back, so that another may take it at once. It stays written: who held it last, and how often it changed hands.
///
/// # Errors
/// As of the store; [`StoreError::Conflict`] where every try was overtaken.
pub(super) async fn release<R: Rules, S: Store>(
    store: &S,
    terms: &Terms,
    key: &str,
    session: &SessionId,
    keep: u64,
) -> Result<(), StoreError> {
    for _ in 0..TRIES {
        let now = store.now();
        let Reading { slot, generation } = read(store, key).await?;
        let Some(mut slot) = slot.filter(|slot| slot.session == *session && slot.until > 0) else { return Ok(()) };
        if terms.is_outdated::<R>(now, store.now()) {
            continue;
        }
        slot.until = 0;
        match write::<R, S>(store, terms, key, &slot, generation, keep).await {
            Err(StoreError::Conflict) => {}
            written => return written,
        }
    }
    Err(StoreError::Conflict)
}
