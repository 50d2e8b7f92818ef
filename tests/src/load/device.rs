use std::{
    hash::{BuildHasher, RandomState},
    sync::Arc,
    time::Duration,
};

use anyhow::Result;
use http::Method;
use serde_json::json;

use super::{accounts::Accounts, pace::Pace};
use crate::fixture::{Answer, Session, Stack};

/// How long a device that was refused waits: all of them would otherwise do little else than ask.
const PAUSE: Duration = Duration::from_millis(20);
/// The same without a store, where everybody is refused.
const LONG_PAUSE: Duration = Duration::from_millis(500);

/// What devices did and were told.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// New sessions, returns included.
    pub created: u64,
    /// Refused by the stream limit.
    pub refused: u64,
    /// Refused while there was a store, because others wrote without end.
    pub unavailable: u64,
    /// Renewals.
    pub renewed: u64,
    /// Sessions that others had taken the place of, or ended, when they were to be renewed or ended.
    pub lost: u64,
    /// The same of leases that had run out.
    pub expired: u64,
    /// Sessions ended by their devices.
    pub ended: u64,
    /// What must not be, a line each.
    wrong: Vec<String>,
}

impl Counts {
    fn went(&mut self, status: u16) {
        *(if status == 401 { &mut self.expired } else { &mut self.lost }) += 1;
    }

    pub(super) fn add(&mut self, other: &Self, problems: &mut Vec<String>) {
        self.created += other.created;
        self.refused += other.refused;
        self.unavailable += other.unavailable;
        self.renewed += other.renewed;
        self.lost += other.lost;
        self.expired += other.expired;
        self.ended += other.ended;
        problems.extend(other.wrong.iter().cloned());
    }
}

/// A device of an account, with at most one session.
pub(super) struct Device {
    stack: Arc<Stack>,
    accounts: Arc<Accounts>,
    pace: Arc<Pace>,
    account: usize,
    name: String,
    token: String,
    held: Option<Session>,
    counts: Counts,
}

impl Device {
    pub(super) fn new(
        stack: Arc<Stack>,
        accounts: Arc<Accounts>,
        pace: Arc<Pace>,
        account: usize,
        device: usize,
        token: String,
    ) -> Self {
        let (name, token) = (format!("device-{device}"), format!("Bearer {token}"));
        Self { stack, accounts, pace, account, name, token, held: None, counts: Counts::default() }
    }

    /// Does one thing after the other until the race is over.
    pub(super) async fn race(mut self) -> Result<Counts> {
        let dice = RandomState::new();
        let mut throw = 0u64;
        while !self.pace.is_over() {
            throw += 1;
            let cut = self.pace.is_cut();
            let was_served = match (self.held.take(), dice.hash_one(throw) % 8) {
                (None, _) => self.create(None, cut).await?,
                (Some(held), 0) => self.create(Some(held), cut).await?,
                (Some(held), 1) => self.end(held).await?,
                (Some(held), _) => self.renew(held).await?,
            };
            self.pace.deed();
            if !was_served {
                tokio::time::sleep(if cut { LONG_PAUSE } else { PAUSE }).await;
            }
        }
        Ok(self.counts)
    }

    /// Asks for a session, as a device that had one before, where `earlier` is given. After the store was `cut` nobody may be admitted.
    async fn create(&mut self, earlier: Option<Session>, cut: bool) -> Result<bool> {
        if let Some(earlier) = &earlier {
            self.accounts.over(self.account, &earlier.session);
        }
        let wanted = json!({ "title": self.stack.title(), "device": self.name });
        let headers = [("authorization", self.token.as_str())];
        let answer = self.stack.send(Method::POST, "/v1/sessions", &headers, Some(&wanted)).await?;
        if cut && answer.problem() != (503, "store_unavailable".to_owned()) {
            self.wrong("a new session without a store", &answer);
        }
        match answer.status.as_u16() {
            201 => {
                let session = answer.session()?;
                self.accounts.admitted(self.account, &session.session, session.expires);
                self.counts.created += 1;
                self.held = Some(session);
                return Ok(true);
            }
            409 => {
                self.counts.refused += 1;
                // It may be there yet; what it is worth, its next renewal tells.
                self.held = earlier;
            }
            503 => {
                self.counts.unavailable += u64::from(!self.pace.is_ending());
                self.held = earlier;
            }
            _ => self.wrong("a new session", &answer),
        }
        Ok(false)
    }

    async fn renew(&mut self, held: Session) -> Result<bool> {
        let lease = format!("Bearer {}", held.lease);
        let path = format!("/v1/sessions/{}/renew", held.session);
        let answer = self.stack.send(Method::POST, &path, &[("authorization", &lease)], None).await?;
        match answer.status.as_u16() {
            200 => {
                let session = answer.session()?;
                self.accounts.entitled(self.account, &session.session, session.expires);
                self.counts.renewed += 1;
                self.held = Some(session);
                return Ok(true);
            }
            status @ (401 | 409 | 410) => {
                self.accounts.over(self.account, &held.session);
                self.counts.went(status);
            }
            // The right that it has stays.
            503 => {
                self.counts.unavailable += u64::from(!self.pace.is_ending());
                self.held = Some(held);
            }
            _ => self.wrong("a renewal", &answer),
        }
        Ok(false)
    }

    async fn end(&mut self, held: Session) -> Result<bool> {
        self.accounts.over(self.account, &held.session);
        let lease = format!("Bearer {}", held.lease);
        let path = format!("/v1/sessions/{}", held.session);
        let answer = self.stack.send(Method::DELETE, &path, &[("authorization", &lease)], None).await?;
        match answer.status.as_u16() {
            204 => self.counts.ended += 1,
            status @ (401 | 409 | 410) => self.counts.went(status),
            503 => self.counts.unavailable += u64::from(!self.pace.is_ending()),
            _ => self.wrong("an end", &answer),
        }
        Ok(answer.status.is_success())
    }

    fn wrong(&mut self, what: &str, answer: &Answer) {
        let (status, code) = answer.problem();
        // The first few say it all.
        if self.counts.wrong.len() < 3 {
            self.counts.wrong.push(format!("{what}, account {}, {}: {status} {code}", self.account, self.name));
        }
    }
}
