use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::Duration,
};

use super::DEVICES_IN_ALL;
use crate::runtime::Clock;

/// What every device does in a lease's life, on the average.
const DEEDS_PER_LEASE: u32 = 4;

/// How a race goes on. Where the clock is ours it moves with what devices do, so that a race is the same on a busy machine.
pub(super) struct Pace {
    /// Ours to move; `None` where time passes by itself.
    clock: Option<Clock>,
    step: Duration,
    deeds: AtomicU64,
    ending: AtomicBool,
    cut: AtomicBool,
    over: AtomicBool,
}

impl Pace {
    pub(super) fn new(clock: Option<Clock>, lease: u64) -> Self {
        let no = || AtomicBool::new(false);
        let step = Duration::from_secs(lease) / (DEVICES_IN_ALL * DEEDS_PER_LEASE);
        Self { clock, step, deeds: AtomicU64::new(0), ending: no(), cut: no(), over: no() }
    }

    /// A device has done something.
    pub(super) fn deed(&self) {
        self.deeds.fetch_add(1, Ordering::SeqCst);
        if let Some(clock) = self.clock.as_ref().filter(|_| !self.is_ending()) {
            clock.advance(self.step);
        }
    }

    /// How much devices have done.
    pub(super) fn deeds(&self) -> u64 {
        self.deeds.load(Ordering::SeqCst)
    }

    /// The store is about to go: that it does not answer is nobody's fault any more. From here on time is somebody else's to move: on a slow store a clock
    /// that devices move would outrun the leases of those that are watched.
    pub(super) fn begin_end(&self) {
        self.ending.store(true, Ordering::SeqCst);
    }

    pub(super) fn is_ending(&self) -> bool {
        self.ending.load(Ordering::SeqCst)
    }

    /// The store is gone. From here on whoever asks anew is to be refused.
    pub(super) fn cut(&self) {
        self.cut.store(true, Ordering::SeqCst);
    }

    pub(super) fn is_cut(&self) -> bool {
        self.cut.load(Ordering::SeqCst)
    }

    /// The race is over.
    pub(super) fn end(&self) {
        self.over.store(true, Ordering::SeqCst);
    }

    pub(super) fn is_over(&self) -> bool {
        self.over.load(Ordering::SeqCst)
    }
}
