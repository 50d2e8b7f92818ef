use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use wasmtime_wasi::HostWallClock;

/// The wall clock that a guest sees: true time, moved forward at will. Tests pass time with it instead of sleeping.
///
/// Clones share the offset.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    ahead_ms: Arc<AtomicU64>,
}

impl Clock {
    /// Moves the clock forward, for running guests as well.
    pub fn advance(&self, by: Duration) {
        let by = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        self.ahead_ms.fetch_add(by, Ordering::Relaxed);
    }

    /// The time it shows, since the Unix epoch.
    pub fn since_epoch(&self) -> Duration {
        let true_time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        true_time.saturating_add(Duration::from_millis(self.ahead_ms.load(Ordering::Relaxed)))
    }

    /// The time it shows, in unix seconds.
    pub fn unix(&self) -> u64 {
        self.since_epoch().as_secs()
    }
}

impl HostWallClock for Clock {
    fn resolution(&self) -> Duration {
        Duration::from_millis(1)
    }

    fn now(&self) -> Duration {
        self.since_epoch()
    }
}
