use sluice_gate::session::{Limits, Ordering, Terms, WhenFull};

use crate::{POPS, SECOND, Tick, random::Random};

/// What a schedule plays under.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// The store's promise, the times, and what becomes of the newest.
    pub terms: Terms,
    /// The limits of the account and of each of its titles.
    pub limits: Limits,
    /// By how many ticks each point of presence's clock is fast.
    pub(crate) fast: [Tick; POPS],
    /// How many devices the account has.
    pub(crate) devices: u8,
    /// Of a hundred steps of the store, how many fail in one way or another.
    pub(crate) faults: u64,
    /// Two devices fight for one stream, and nothing else goes wrong.
    pub(crate) is_duel: bool,
}

impl Scenario {
    pub(crate) fn draw(ordering: Ordering, random: &mut Random) -> Self {
        let skew = random.of(&[0, 1, 2, 2]);
        let account = random.of(&[Some(1), Some(1), Some(2), Some(2), None]);
        let title =
            if account.is_none() { Some(1 + random.below(2) as u32) } else { random.of(&[None, None, Some(1)]) };
        let staleness = random.of(&[1, 2, 4]);
        let mut terms = Terms {
            ordering,
            staleness,
            provisional: 0,
            skew,
            pause: random.of(&[0, 0, 3]),
            life: random.of(&[12, 30, 60]),
            when_full: random.of(&[WhenFull::RefuseNewest, WhenFull::RefuseNewest, WhenFull::EndOldest]),
        };
        terms.provisional = terms.settle() + skew + random.of(&[2, 4, 10]);
        let mut fast = [0; POPS];
        for clock in &mut fast {
            let between = random.below(skew * SECOND + 1);
            *clock = random.of(&[0, skew * SECOND, between]);
        }
        let scenario = Self {
            terms,
            limits: Limits { account, title },
            fast,
            devices: 2 + random.below(3) as u8,
            faults: random.of(&[0, 0, 5, 20]),
            is_duel: random.percent(40),
        };
        if scenario.is_duel { scenario.duel() } else { scenario }
    }

    fn duel(self) -> Self {
        let limits = Limits { account: Some(1), title: None };
        let terms = Terms { pause: 0, life: self.terms.life.max(30), when_full: WhenFull::RefuseNewest, ..self.terms };
        Self { terms, limits, devices: 2, faults: 0, ..self }
    }

    /// W: how long after the last admission an excess may last.
    pub fn window(&self) -> u64 {
        match self.terms.ordering {
            Ordering::Eventual => self.terms.staleness + self.terms.provisional + self.terms.skew,
            Ordering::Generation | Ordering::Strict => 0,
        }
    }
}
