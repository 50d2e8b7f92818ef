use serde::Serialize;
use sluice_document::members;

use super::{Rules, SPARE, Terms, tenancy::Claim};
use crate::{SessionId, Unix};

/// A slot, as the store keeps it (JSON): the session that holds it. The stream limit counts slots, so that no counter is needed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Slot {
    /// The session that holds it.
    pub session: SessionId,
    /// What that session plays.
    pub title: String,
    /// On which device.
    pub device: String,
    /// When the session was minted.
    pub started: Unix,
    /// When it was last heard of.
    pub seen: Unix,
    /// Until when the slot is held, not included: no right of the session goes further. 0 once it was given back.
    pub until: Unix,
    /// Before when the claim does not count as confirmed; 0 where writes are compared.
    #[serde(skip_serializing_if = "is_zero")]
    pub settles: Unix,
    /// Grows by one with every claim: how often the slot has changed hands, for people. Nothing is decided by it.
    pub fence: u64,
}

members!(Slot { session, title, device, started, seen, until, settles = 0, fence });

#[cfg_attr(target_pointer_width = "64", expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so"))]
fn is_zero(settles: &Unix) -> bool {
    *settles == 0
}

/// A slot as read, and the generation that it was read at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Reading {
    /// `None` where nobody ever held it, or what is there cannot be read.
    pub(super) slot: Option<Slot>,
    pub(super) generation: Option<u64>,
}

/// Where a session goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) index: u8,
    pub(super) generation: Option<u64>,
    pub(super) fence: u64,
    /// Until when the session holds that slot already, by an earlier claim.
    pub(super) until: Unix,
    /// Sessions that are to be ended for it: earlier ones of the device, and the oldest where the limit is reached and the terms say so.
    pub(super) ended: Vec<SessionId>,
}

impl Slot {
    /// Whether the right that it stands for lasts.
    pub fn is_live(&self, now: Unix) -> bool {
        now < self.until
    }

    /// Whether others must leave it alone.
    pub(super) fn is_held<R: Rules>(&self, terms: &Terms, now: Unix) -> bool {
        self.until > 0 && now < self.until.saturating_add(terms.grace::<R>())
    }
}

/// What a slot is to a claim, the best first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// Of the session itself or of an earlier one on its device, held or not: that may still be renewed, and then the device would have two.
    Own,
    Empty,
    RunOut,
    /// Of a session that is ended for this one, or pushed off a list.
    Ousted,
}

/// Chooses a slot among `readings`, which reach from index 0 to [`SPARE`] above the limit.
///
/// # Errors
/// What holds the slots, where there is no room, or where a later session of the same device has taken this one's place.
pub(super) fn choose<R: Rules>(
    readings: &[Reading],
    claim: &Claim<'_>,
    terms: &Terms,
    now: Unix,
) -> Result<Choice, Vec<Slot>> {
    let wanted = &claim.slot;
    let limit = usize::from(claim.limit);
    let slots = || readings.iter().filter_map(|reading| reading.slot.as_ref());
    let held = || slots().filter(|slot| slot.is_held::<R>(terms, now));
    let full = || held().cloned().collect();
    let on_device = |slot: &Slot| slot.device == wanted.device && slot.session != wanted.session;
    if claim.returns && held().any(|slot| on_device(slot) && slot.started >= wanted.started) {
        return Err(full());
    }
    let yields = |slot: &Slot| slot.session == wanted.session || (!claim.returns && on_device(slot));
    let mut others: Vec<&Slot> = held().filter(|slot| !yields(slot)).collect();
    let mut ousted: Vec<SessionId> = Vec::new();
    if others.len() >= limit {
        if limit == 0 || !claim.ousts {
            return Err(full());
        }
        // A sort is three kilobytes of module, for a handful of slots.
        while others.len() >= limit {
            let Some(oldest) = (0..others.len()).min_by_key(|at| (others[*at].started, others[*at].session)) else {
                break;
            };
            ousted.push(others.swap_remove(oldest).session);
        }
    }
    let rank = |slot: Option<&Slot>| match slot {
        None => Some(Rank::Empty),
        Some(slot) if yields(slot) => Some(Rank::Own),
        Some(slot) if !slot.is_held::<R>(terms, now) => Some(Rank::RunOut),
        Some(slot) if ousted.contains(&slot.session) => Some(Rank::Ousted),
        Some(_) => None,
    };
    let reach = if R::INDEX_IS_BELOW_LIMIT { limit } else { limit + usize::from(SPARE) };
    // Two that start at the same time look for room from different ends.
    let spread = usize::from(wanted.session.0[0]);
    let (place, reading) = readings
        .iter()
        .enumerate()
        .take(reach)
        .filter_map(|(at, reading)| Some(((rank(reading.slot.as_ref())?, (at + spread) % limit.max(1)), (at, reading))))
        .min_by_key(|(order, _)| *order)
        .map(|(_, found)| found)
        .ok_or_else(full)?;
    let index = u8::try_from(place).map_err(|_| full())?;
    let mut ended = Vec::new();
    if !claim.returns {
        ended.extend(slots().filter(|slot| on_device(slot)).map(|slot| slot.session));
    }
    if claim.ends_ousted {
        ended.extend(ousted);
    }
    let last = reading.slot.as_ref();
    let fence = last.map_or(1, |slot| slot.fence.saturating_add(1));
    let until = last.filter(|slot| slot.session == wanted.session).map_or(0, |slot| slot.until);
    Ok(Choice { index, generation: reading.generation, fence, until, ended })
}
