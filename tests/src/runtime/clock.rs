use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use wasmtime_wasi::HostWallClock;

/// The wall clock that a guest sees: true time, or one that stands, moved forward at will. Tests pass time with it instead of sleeping.
///
/// Clones share the offset.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    ahead_ms: Arc<AtomicU64>,
    /// Where it stands, but for what it is moved.
    stands_at: Option<Duration>,
}

impl Clock {
    /// A clock that stands at the present: what a busy machine takes for a request is no time to it.
    pub fn standing() -> Self {
        Self { stands_at: Some(true_time()), ..Self::default() }
    }

    /// Moves the clock forward, for running guests as well.
    pub fn advance(&self, by: Duration) {
        let by = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        self.ahead_ms.fetch_add(by, Ordering::Relaxed);
    }

    /// The time it shows, since the Unix epoch.
    pub fn since_epoch(&self) -> Duration {
        let time = self.stands_at.unwrap_or_else(true_time);
        time.saturating_add(Duration::from_millis(self.ahead_ms.load(Ordering::Relaxed)))
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

fn true_time() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
