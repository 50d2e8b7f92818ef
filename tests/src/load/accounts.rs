use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, PoisonError},
};

use crate::runtime::Clock;

/// What an account's live sessions may come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bound {
    /// The limit, always.
    Limit,
    /// The limit, and as many more as were admitted in the last `window` seconds.
    LimitAndAdmissions { window: u64 },
}

/// What was seen of the account that came closest to its bound or went furthest past it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Worst {
    /// The most sessions that one account had at a time.
    pub live: u64,
    /// What was the bound then.
    pub bound: u64,
}

/// What every account's devices were told, on the edge's own clock.
///
/// A session lives from the answer that gives it a right to the end of that right, or to the moment at which its device asks for its end
/// (by ending it, or by returning): from then on nobody can tell. So what is counted is alive for certain, at one time.
pub(super) struct Accounts {
    limit: u32,
    bound: Bound,
    clock: Clock,
    accounts: Vec<Mutex<Account>>,
    worst: Mutex<Worst>,
}

#[derive(Default)]
struct Account {
    /// When the session's right ends, by session.
    rights: HashMap<String, u64>,
    admissions: VecDeque<u64>,
}

impl Accounts {
    pub(super) fn new(count: usize, limit: u32, bound: Bound, clock: Clock) -> Self {
        let accounts = (0..count).map(|_| Mutex::default()).collect();
        Self { limit, bound, clock, accounts, worst: Mutex::default() }
    }

    /// A new session.
    pub(super) fn admitted(&self, account: usize, session: &str, expires: u64) {
        let now = self.clock.unix();
        self.with(account, |account| account.admissions.push_back(now));
        self.entitled(account, session, expires);
    }

    /// A session that goes on: renewed.
    pub(super) fn entitled(&self, account: usize, session: &str, expires: u64) {
        self.with(account, |account| {
            account.rights.insert(session.to_owned(), expires);
            self.judge(account);
        });
    }

    /// A session that is over, or whose end is about to be asked for.
    pub(super) fn over(&self, account: usize, session: &str) {
        self.with(account, |account| account.rights.remove(session));
    }

    pub(super) fn worst(&self) -> Worst {
        *self.worst.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn judge(&self, account: &mut Account) {
        let now = self.clock.unix();
        account.rights.retain(|_, expires| now < *expires);
        let live = account.rights.len() as u64;
        let mut bound = u64::from(self.limit);
        if let Bound::LimitAndAdmissions { window } = self.bound {
            while account.admissions.front().is_some_and(|at| at.saturating_add(window) < now) {
                account.admissions.pop_front();
            }
            bound += account.admissions.len() as u64;
        }
        let mut worst = self.worst.lock().unwrap_or_else(PoisonError::into_inner);
        let excess = |worst: &Worst| (worst.live.saturating_sub(worst.bound), worst.live);
        let seen = Worst { live, bound };
        if excess(&seen) > excess(&worst) {
            *worst = seen;
        }
    }

    fn with<T>(&self, account: usize, change: impl FnOnce(&mut Account) -> T) -> T {
        change(&mut self.accounts[account].lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_lives_is_counted_and_nothing_else() {
        let clock = Clock::standing();
        let now = clock.unix();
        let accounts = Accounts::new(2, 2, Bound::Limit, clock.clone());
        for (session, account) in [("a", 0), ("b", 0), ("x", 1)] {
            accounts.admitted(account, session, now + 10);
        }
        assert_eq!(accounts.worst(), Worst { live: 2, bound: 2 });
        accounts.over(0, "a");
        accounts.admitted(0, "c", now + 20);
        assert_eq!(accounts.worst(), Worst { live: 2, bound: 2 }, "one was over");
        clock.advance(Duration::from_secs(10));
        accounts.admitted(0, "d", now + 20);
        assert_eq!(accounts.worst(), Worst { live: 2, bound: 2 }, "one had run out");
        accounts.entitled(0, "b", now + 20);
        assert_eq!(accounts.worst(), Worst { live: 3, bound: 2 }, "it was renewed");
    }

    #[test]
    fn admissions_of_late_count_where_the_last_writer_wins() {
        let clock = Clock::standing();
        let now = clock.unix();
        let accounts = Accounts::new(1, 1, Bound::LimitAndAdmissions { window: 5 }, clock.clone());
        for session in ["a", "b"] {
            accounts.admitted(0, session, now + 60);
        }
        assert_eq!(accounts.worst(), Worst { live: 2, bound: 3 });
        clock.advance(Duration::from_secs(6));
        accounts.entitled(0, "a", now + 90);
        assert_eq!(accounts.worst(), Worst { live: 2, bound: 1 }, "the excess lasts too long");
    }
}
