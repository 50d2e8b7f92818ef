//! What an observer of everything learns from writes and answers.

use sluice_gate::{
    SessionId, TitleTag,
    lease::Lease,
    session::{Ordering, SessionRecord, Slot, WhenFull},
};

use crate::{
    check::{self, Session},
    requests::{ACCOUNT, Done},
    task::clock,
    world::World,
};

impl World<'_> {
    /// What a write means to those who see everything.
    pub(crate) fn wrote(&mut self, key: &str, before: Option<&[u8]>, value: &[u8], mints: bool) {
        let now = self.now.get();
        if let Some(family) = ["s/", "t/"].iter().position(|family| key.starts_with(family)) {
            let Ok(slot) = serde_json::from_slice::<Slot>(value) else { return };
            let before = before.and_then(|before| serde_json::from_slice::<Slot>(before).ok());
            if before.as_ref().is_none_or(|before| before.fence != slot.fence || before.session != slot.session)
                && let Some(session) = self.session(&slot.session)
            {
                session.admitted = now;
            }
            if slot.until > 0
                && let Some(session) = self.session(&slot.session)
            {
                session.displaced[family] = false;
            }
            let displaces = self.scenario.terms.when_full == WhenFull::EndOldest;
            if let Some(before) = before.filter(|before| before.session != slot.session)
                && mints
                && (displaces || before.device == slot.device)
                && let Some(session) = self.session(&before.session)
            {
                session.displaced[family] = true;
            }
        } else if key.starts_with("sess/") {
            let Ok(record) = serde_json::from_slice::<SessionRecord>(value) else { return };
            if record.ended.is_some()
                && let Some(session) = self.session(&record.session)
            {
                session.ended.get_or_insert(now);
            }
        }
    }

    fn session(&mut self, id: &SessionId) -> Option<&mut Session> {
        self.sessions.iter_mut().find(|session| session.id == *id)
    }

    pub(crate) fn done(&mut self, pop: usize, done: Done) {
        let clock = clock(self.now.get(), self.scenario.fast[pop]);
        let half = self.scenario.terms.life / 2;
        match done {
            Done::Minted(record) => {
                self.report.admitted += 1;
                self.say(|_| format!("pop {pop}: {} is admitted to {}", record.session, record.expires));
                if let Some(session) = self.session(&record.session) {
                    session.right = session.right.max(record.expires);
                    session.lease = Some(first_lease(&record));
                }
            }
            Done::Leased { session: id, lease, extended } => {
                self.report.extended += u64::from(extended);
                self.say(|_| format!("pop {pop}: {id} has a lease to {}", lease.expires));
                if let Some(session) = self.session(&id) {
                    session.right = session.right.max(lease.expires);
                    if session.lease.is_some_and(|last| last.expires < lease.expires) {
                        session.lease = Some(lease);
                    }
                }
            }
            Done::Confirmed { session: id, expires, extended, from_cache } => {
                self.report.extended += u64::from(extended);
                self.say(|_| format!("pop {pop}: {id} is confirmed to {expires}; from the cache: {from_cache}"));
                if let Some(session) = self.session(&id) {
                    session.right = session.right.max(expires);
                }
                if !from_cache {
                    self.kept.insert((pop, id), (clock + half, expires));
                }
            }
            Done::Nothing => self.say(|_| format!("pop {pop}: nothing")),
        }
    }

    pub(crate) fn wrong(&mut self) -> Option<String> {
        let excess = check::excess(&self.sessions, self.now.get(), &self.scenario);
        self.report.excess = self.report.excess.max(excess.any);
        if excess.lasting > 0 {
            let what = match self.scenario.terms.ordering {
                Ordering::Eventual => "of those admitted before the window, more live than the limit allows",
                Ordering::Generation | Ordering::Strict => "more live than the limit allows",
            };
            return Some(format!("{what}, by {}", excess.lasting));
        }
        let going_on = self.sessions.iter().find(|session| !check::stops(session, &self.scenario))?;
        Some(format!("{} was ended and has a right to {}", going_on.id, going_on.right))
    }
}

fn first_lease(record: &SessionRecord) -> Lease {
    Lease {
        account: ACCOUNT,
        session: record.session,
        slot: record.slot,
        title: TitleTag::of(&record.title),
        max_height: None,
        deliveries: 0,
        flags: 0,
        net: sluice_gate::Net::None,
        issued: record.started,
        expires: record.expires,
        ends: record.ends,
    }
}
