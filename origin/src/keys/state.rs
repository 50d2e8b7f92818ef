use std::sync::Arc;

use futures::future::{BoxFuture, Shared};
use tokio::{sync::Notify, time::Instant};

use super::{held::Held, wanted::Wanted};

/// How it stands with a delivery of a title version.
pub(super) struct State {
    pub(super) held: Option<Arc<Held>>,
    /// What was wanted last.
    pub(super) wanted: Wanted,
    /// When that was.
    pub(super) used: Instant,
    /// When the provider is asked again in the background.
    pub(super) due: Instant,
    /// Exchanges since the last that gave keys.
    pub(super) failures: u32,
    /// Until when the provider is left alone, and why.
    pub(super) resting: Option<(Instant, Arc<str>)>,
    pub(super) flight: Option<Flight>,
    /// Tells that exchange that somebody waits for it now.
    pub(super) awaited: Arc<Notify>,
}

/// An exchange that is under way, and what it gives to those who wait for it, however short the time for which it is held.
pub(super) type Flight = Shared<BoxFuture<'static, Option<Arc<Held>>>>;

impl State {
    pub(super) fn new(wanted: &Wanted, now: Instant) -> Self {
        let wanted = wanted.clone();
        Self {
            held: None,
            wanted,
            used: now,
            due: now,
            failures: 0,
            resting: None,
            flight: None,
            awaited: Arc::default(),
        }
    }

    pub(super) fn rests(&self, now: Instant) -> bool {
        self.resting.as_ref().is_some_and(|(until, _)| now < *until)
    }

    pub(super) fn flies(&self) -> bool {
        self.flight.as_ref().is_some_and(|flight| flight.peek().is_none())
    }
}
