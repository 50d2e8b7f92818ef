use std::sync::atomic::{AtomicU64, Ordering};

use crate::metrics::{Family, Kind};

/// What the key service counts, since it began.
#[derive(Default)]
pub(super) struct Counts {
    pub(super) exchanged: AtomicU64,
    pub(super) failed: AtomicU64,
    pub(super) fresh: AtomicU64,
    pub(super) stale: AtomicU64,
    pub(super) partial: AtomicU64,
    pub(super) none: AtomicU64,
    pub(super) changed: AtomicU64,
    pub(super) evicted: AtomicU64,
}

/// One more.
pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl Counts {
    /// Prometheus' text format 0.0.4.
    pub(super) fn expose(&self, out: &mut String, held: usize) {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Family::new("key_exchanges_total", Kind::Counter, "Exchanges with the key provider, by outcome.")
            .write(out, &[("outcome=\"ok\"", of(&self.exchanged)), ("outcome=\"failed\"", of(&self.failed))]);
        Family::new(
            "key_answers_total",
            Kind::Counter,
            "Requests for keys or signalling, by the state of what is held.",
        )
        .write(
            out,
            &[
                ("held=\"fresh\"", of(&self.fresh)),
                ("held=\"stale\"", of(&self.stale)),
                ("held=\"partial\"", of(&self.partial)),
                ("held=\"none\"", of(&self.none)),
            ],
        );
        Family::new(
            "keys_changed_total",
            Kind::Counter,
            "Key ids for which the provider gave something else than before.",
        )
        .write(out, &[("", of(&self.changed))]);
        Family::new("keys_evicted_total", Kind::Counter, "Deliveries of title versions whose keys left the memory.")
            .write(out, &[("", of(&self.evicted))]);
        Family::new("keys_held", Kind::Gauge, "Deliveries of title versions whose keys are held.")
            .write(out, &[("", held as u64)]);
    }
}
