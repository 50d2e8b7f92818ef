use sluice_document::words;

use super::{Ordering, Rules};

/// What a deployment says of its store, its clocks and its sessions. All times are seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// What the store promises.
    pub ordering: Ordering,
    /// δ: within how long a write is seen by every reader. Only under [`Ordering::Eventual`].
    pub staleness: u64,
    /// The first right of a session that has a limit. Only under [`Ordering::Eventual`].
    pub provisional: u64,
    /// By how much the clocks of two points of presence may differ.
    pub skew: u64,
    /// For how long a player that renews nothing keeps its slot past the end of its right.
    pub pause: u64,
    /// A lease's life.
    pub life: u64,
    /// What becomes of a new session where the limit is reached.
    pub when_full: WhenFull,
}

/// What becomes of a new session where the limit is reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WhenFull {
    /// It is refused.
    #[default]
    RefuseNewest,
    /// The session that was started first is ended for it.
    EndOldest,
}

words!(WhenFull { RefuseNewest => "refuse_newest", EndOldest => "end_oldest" });

impl Terms {
    /// After how many seconds no write can appear that was decided without seeing an earlier one: δ until that is seen, δ from a reading to what is written by it,
    /// δ until this is seen, and two for clocks that count whole seconds.
    pub fn settle(&self) -> u64 {
        self.staleness.saturating_mul(3).saturating_add(2)
    }

    /// How long after `until` others leave a slot alone.
    pub(super) fn grace<R: Rules>(&self) -> u64 {
        let skew = if R::SKEW_IS_WAITED_FOR { self.skew } else { 0 };
        let settle = if self.is_blind() && R::EXTENSIONS_ARE_WAITED_FOR { self.settle() } else { 0 };
        self.pause.saturating_add(skew).saturating_add(settle)
    }

    /// When a claim that is written at `now` is settled by every clock; at once where writes are compared.
    pub(super) fn settles(&self, now: u64) -> u64 {
        if self.is_blind() { now.saturating_add(self.settle()).saturating_add(self.skew) } else { 0 }
    }

    /// For how long a session that was just admitted has a right.
    pub(super) fn first_term<R: Rules>(&self) -> u64 {
        if self.is_blind() && R::FIRST_RIGHT_IS_PROVISIONAL { self.provisional } else { self.life }
    }

    /// Whether a reading of `read` is too old for a blind write at `now`.
    pub(super) fn is_outdated<R: Rules>(&self, read: u64, now: u64) -> bool {
        self.is_blind() && R::OLD_READINGS_ARE_READ_AGAIN && now.saturating_sub(read) > self.staleness
    }

    pub(super) fn is_blind(&self) -> bool {
        self.ordering == Ordering::Eventual
    }
}
