//! What the KV store holds (a record per session, and families of slots), and how a limit on concurrent streams is kept by them.
//!
//! # The guarantee
//!
//! A session is *live* while a right that was given to it (a lease, or a handle by the record that confirmed it) is unexpired by the clock of some point of
//! presence, and its own account has not ended it: by request, by coming back on the same device, or by [`WhenFull::EndOldest`]. For an account, or an account
//! and a title, with the limit L:
//!
//! | [`Ordering`] | what holds |
//! |---|---|
//! | `Strict`, `Generation` | live ≤ L, always. A stale read costs another try, never an admission. |
//! | `Eventual` | live ≤ L + admissions in the last W, W = δ + provisional term + skew: of the sessions that were admitted earlier than that, at most L live. |
//!
//! A session that was ended gets no right that reaches further than one lease life from its end; under `Eventual`, no further than the longer of lease life and
//! provisional term, and [`Terms::settle`].
//!
//! # What is assumed
//!
//! The clocks of two points of presence differ by no more than `skew_seconds` and run at one speed. `Strict` and `Generation` assume that the store writes *if and only if* the key is at
//! the generation that was read, and nothing of how old a read is. A store that compares somewhere else than it orders its writes is `Eventual`, and is to be
//! configured so. `Eventual` assumes that a write is seen everywhere within δ (`staleness_seconds`) of being sent, or is lost, and that the last one stays.
//!
//! # Why it holds
//!
//! A limit is a family of slot keys ([`Family`]), and each live session is named by a slot of it whose index is below L and whose `until` its right never
//! passes. L keys name at most L sessions, so all that is to be shown is that a slot does not change hands under a live session.
//!
//! - *By comparing.* A slot is taken by a write that succeeds only at the generation at which it was read as free: run out by more than the skew, so that the right of
//!   its last holder is over on every clock. The holder moves `until` only by the same kind of write, and hands out the right after it. No count decides
//!   anything by itself: it only refuses earlier, where sessions that were admitted under a higher limit still lie above L ([`SPARE`]).
//! - *Without comparing.* A write that does not see a claim comes from a request that read before claim + δ, was sent no later than δ after that read (older
//!   readings are read again) and is seen within δ of that. So once a claim is [`Terms::settle`] old, what its slot says is final until the holder runs out. Until then the session has
//!   a right of the provisional term only, and is confirmed by reading the slot again: of two that claimed the same slot the last one stays, the other
//!   loses. Others leave a slot alone for as long after its end, so that no extension is overlooked.
//! - Whoever does not hold its slot, or let it run out, is admitted again by the rule for new sessions, ending nobody.
//!
//! Each of these rules is a constant of [`Rules`]; `tests/simulation` takes them away one by one and finds the schedule in which the limit breaks.
//!
//! # What is not guaranteed
//!
//! - That a session is admitted whenever fewer than L are live: a slot is held past its end for the skew, for `pause_seconds`, and under `Eventual` for the settling; a request
//!   that died between two writes leaves a slot to run out; one that loses each of its tries is told to come again.
//! - That an ended session stops at once: it lives to the end of its right, and does not count.
//! - Anything of sessions that a title admits while the store is down ([`crate::rights::StoreDown`]): they have one lease life each, and no slot.
//! - Under a limit above [`MAX_LIMIT`], more than that many streams.

mod admission;
mod ending;
mod family;
mod networks;
mod record;
mod renewal;
mod rules;
mod slot;
mod store;
mod tenancy;
mod terms;

pub use admission::{Limits, admit};
pub use ending::end;
pub use family::{Family, LISTED, MAX_LIMIT, SPARE, sessions};
pub use networks::Seen;
pub use record::{Chain, Ended, SessionRecord, load};
pub use renewal::{Renewal, renew};
pub use rules::{Rules, Sound};
pub use slot::Slot;
pub use store::{Ordering, Store, StoreError, Stored};
pub use terms::{Terms, WhenFull};

use crate::SessionId;

/// The slot that a lease or a handle names where its session was admitted while the store was down: it has no record, no slot and no renewal.
pub const UNRECORDED: u8 = u8::MAX;

/// Why a session gets no (further) right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// As many sessions as may be hold the slots; those.
    Full(Vec<Slot>),
    /// The session was ended, or never was.
    Ended,
    /// The store does not serve; [`StoreError::Conflict`] where every try was overtaken.
    Store(StoreError),
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// How often a write is tried that others may overtake.
const TRIES: usize = 4;

/// The store's key of a session's record: `sess/{session in hex}`.
pub fn session_key(session: &SessionId) -> String {
    format!("sess/{session}")
}

/// The store's key that says that a session was ended: `end/{session in hex}`. Written where a record may be overwritten by one who did not see its end.
pub fn end_key(session: &SessionId) -> String {
    format!("end/{session}")
}

#[cfg(test)]
mod tests;
