use serde::Serialize;
use sluice_document::members;

use crate::{SessionId, Unix};

/// One of an account's slots, as the store keeps it (JSON): the session that holds it. The stream limit counts slots, so that no counter is needed.
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
    /// Until when the slot is held, not included.
    pub until: Unix,
    /// Grows by one with every holder: of two writers the one with the lower number has lost.
    pub fence: u64,
}

members!(Slot { session, title, device, started, seen, until, fence });

/// Where a new session goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotChoice {
    /// Into that slot, which nobody holds (any more).
    Free(u8),
    /// Into the slot that the same device holds, or held last; its session, given here, is to be ended.
    SameDevice(u8, SessionId),
    /// Nowhere: the account has as many sessions as it may, or no slot is left.
    Full,
}

impl Slot {
    /// Whether it is held.
    pub fn is_live(&self, now: Unix) -> bool {
        now < self.until
    }
}

/// The slots that are held, with their indexes.
pub fn live(slots: &[Option<Slot>], now: Unix) -> impl Iterator<Item = (usize, &Slot)> {
    slots
        .iter()
        .enumerate()
        .filter_map(move |(index, slot)| Some((index, slot.as_ref().filter(|slot| slot.is_live(now))?)))
}

/// Chooses a slot for a new session of `device`: the one that the device holds or held last, else the first that is empty,
/// else the first that has run out.
///
/// `limit` bounds the sessions that the account has *beside* the device's own; `None` for no limit but
/// the number of slots. Of the slots those up to index 255 are used.
pub fn choose_slot(slots: &[Option<Slot>], device: &str, limit: Option<u32>, now: Unix) -> SlotChoice {
    let mut of_device = slots
        .iter()
        .enumerate()
        .filter_map(|(at, slot)| Some((at, slot.as_ref()?)))
        .filter(|(_, slot)| slot.device == device);
    // A slot that ran out counts too: its session may still be renewed, and then the device would have two.
    let own = live(slots, now).find(|(_, slot)| slot.device == device).or_else(|| of_device.next());
    let others = live(slots, now).filter(|(_, slot)| slot.device != device).count();
    if limit.is_some_and(|limit| others as u64 >= u64::from(limit)) {
        return SlotChoice::Full;
    }
    let index = |index: usize| u8::try_from(index).ok();
    if let Some((at, slot)) = own {
        return index(at).map_or(SlotChoice::Full, |at| SlotChoice::SameDevice(at, slot.session));
    }
    let empty = slots.iter().position(Option::is_none);
    let free = empty.or_else(|| slots.iter().position(|slot| slot.as_ref().is_none_or(|slot| !slot.is_live(now))));
    free.and_then(index).map_or(SlotChoice::Full, SlotChoice::Free)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn held(device: &str, until: Unix) -> Option<Slot> {
        let session = SessionId([device.len() as u8; 16]);
        Some(Slot {
            session,
            title: "final".to_owned(),
            device: device.to_owned(),
            started: 0,
            seen: 0,
            until,
            fence: 1,
        })
    }

    #[test]
    fn a_device_takes_its_own_slot_first() {
        let slots = [None, held("tv", 200), held("phone", 200)];
        assert_eq!(choose_slot(&slots, "phone", Some(2), 100), SlotChoice::SameDevice(2, SessionId([5; 16])));
        assert_eq!(choose_slot(&slots, "phone", Some(2), 300), SlotChoice::SameDevice(2, SessionId([5; 16])));
        assert_eq!(choose_slot(&slots, "tablet", Some(3), 100), SlotChoice::Free(0));
    }

    #[test]
    fn an_empty_slot_comes_before_one_that_ran_out() {
        assert_eq!(choose_slot(&[held("tv", 100), None], "phone", None, 100), SlotChoice::Free(1));
        assert_eq!(choose_slot(&[held("tv", 200), held("pad", 100)], "phone", None, 100), SlotChoice::Free(1));
    }

    #[test]
    fn the_limit_counts_what_is_held() {
        let slots = [held("tv", 200), held("phone", 100), None];
        assert_eq!(choose_slot(&slots, "pad", Some(1), 99), SlotChoice::Full);
        assert_eq!(choose_slot(&slots, "pad", Some(1), 100), SlotChoice::Full);
        assert_eq!(choose_slot(&slots, "pad", Some(2), 100), SlotChoice::Free(2));
        assert_eq!(choose_slot(&slots, "tv", Some(1), 100), SlotChoice::SameDevice(0, SessionId([2; 16])));
        assert_eq!(choose_slot(&[], "tv", None, 0), SlotChoice::Full);
        assert_eq!(choose_slot(&[held("tv", 200)], "pad", None, 100), SlotChoice::Full);
    }

    proptest! {
        /// What a choice promises: never more than `limit` sessions live afterwards, and nobody else's slot is taken.
        #[test]
        fn no_choice_exceeds_the_limit(
            untils in prop::collection::vec(prop::option::of((0u8..4, 0u64..200)), 0..8),
            limit in 1u32..5,
        ) {
            let devices = ["tv", "phone", "tablet", "console"];
            let slots: Vec<_> = untils.into_iter().map(|slot| slot.and_then(|(device, until)| held(devices[device as usize], until))).collect();
            let mut after = slots.clone();
            match choose_slot(&slots, "tv", Some(limit), 100) {
                SlotChoice::Full => {}
                SlotChoice::Free(at) => {
                    prop_assert!(slots[at as usize].as_ref().is_none_or(|slot| !slot.is_live(100)));
                    after[at as usize] = held("tv", 200);
                    prop_assert!(live(&after, 100).count() <= limit as usize);
                }
                SlotChoice::SameDevice(at, session) => {
                    let own = slots[at as usize].as_ref().expect("held");
                    prop_assert!(own.device == "tv" && own.session == session);
                }
            }
        }
    }
}
