//! Who lives, and whether that is too many.

use core::fmt;

use sluice_gate::{SessionId, lease::Lease, session::Ordering};

use crate::{SECOND, Tick, scenario::Scenario, task::clock};

/// A session, as its viewer and an observer of everything know it.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) id: SessionId,
    pub(crate) device: u8,
    pub(crate) title: u8,
    /// The last lease that its viewer got; `None` until it was told that it is admitted.
    pub(crate) lease: Option<Lease>,
    /// Until when any right reaches that was given to it, by whichever clock.
    pub(crate) right: u64,
    /// When it last claimed a slot.
    pub(crate) admitted: Tick,
    /// When its account ended it.
    pub(crate) ended: Option<Tick>,
    /// Whether its slot of the account's and of the title's was given to another session of its account, and it got none since.
    pub(crate) displaced: [bool; 2],
}

/// More sessions than the mode allows, or an ended one that goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// In words.
    pub what: String,
    /// At which step of the schedule.
    pub step: usize,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "step {}: {}", self.step, self.what)
    }
}

impl Session {
    fn is_live(&self, now: Tick, scenario: &Scenario) -> bool {
        let slowest = scenario.fast.iter().min().copied().unwrap_or(0);
        self.lease.is_some() && self.ended.is_none() && self.displaced == [false; 2] && clock(now, slowest) < self.right
    }
}

/// By how many the live sessions exceed the limit, and, of those, by how many that were admitted before the window.
pub(crate) struct Excess {
    pub(crate) any: usize,
    pub(crate) lasting: usize,
}

pub(crate) fn excess(sessions: &[Session], now: Tick, scenario: &Scenario) -> Excess {
    let window = scenario.window() * SECOND;
    let live: Vec<&Session> = sessions.iter().filter(|session| session.is_live(now, scenario)).collect();
    let lasting = |session: &&&Session| window == 0 || now > session.admitted + window;
    let over = |of: &dyn Fn(&Session) -> bool, limit: Option<u32>, excess: &mut Excess| {
        let Some(limit) = limit else { return };
        let all = live.iter().filter(|session| of(session));
        excess.any = excess.any.max(all.clone().count().saturating_sub(limit as usize));
        excess.lasting = excess.lasting.max(all.filter(lasting).count().saturating_sub(limit as usize));
    };
    let mut excess = Excess { any: 0, lasting: 0 };
    over(&|_| true, scenario.limits.account, &mut excess);
    for title in 0..2 {
        over(&|session| session.title == title, scenario.limits.title, &mut excess);
    }
    excess
}

/// Whether a session that was ended gets no right that reaches too far.
pub(crate) fn stops(session: &Session, scenario: &Scenario) -> bool {
    let Some(ended) = session.ended else { return true };
    let fastest = scenario.fast.iter().max().copied().unwrap_or(0);
    let terms = &scenario.terms;
    let slack = if terms.ordering == Ordering::Eventual { terms.settle() } else { 0 };
    session.right <= clock(ended, fastest) + terms.life.max(scenario.terms.provisional) + slack
}
