//! What an administrator took back: per account, a time before which nothing counts, and single sessions.

use serde::{Serialize, de};
use sluice_document::members;

use crate::{AccountId, SessionId, Unix};

/// How long the store keeps a revocation, seconds: longer than any grant should live that was made before it.
pub const KEEP_SECONDS: u64 = 400 * 24 * 3600;
/// Revoked sessions that an account's revocation names, the latest: their records say it too.
const MAX_SESSIONS: usize = 32;

/// The store's key of an account's revocation: `rev/{account in hex}`.
pub fn revocation_key(account: &AccountId) -> String {
    format!("rev/{account}")
}

/// An account's revocation, as the store keeps it (JSON, `"v":1`). Only revoking writes it.
///
/// A session's end is in its record too. But where the last writer wins, a renewal that read the record before may write it back alive: what is named here stays
/// ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Revocation {
    /// Format: 1. Another one does not parse.
    pub v: u32,
    /// Sessions that were started, and grants that were issued, before this time do not count. 0: all do.
    pub before: Unix,
    /// Sessions that were revoked by themselves, the latest last.
    pub sessions: Vec<SessionId>,
}

members!(Revocation then format_1 { v, before = 0, sessions = Vec::new() });

impl Default for Revocation {
    fn default() -> Self {
        Self { v: 1, before: 0, sessions: Vec::new() }
    }
}

impl Revocation {
    /// Whether a session is revoked by it.
    pub fn ends(&self, session: &SessionId, started: Unix) -> bool {
        started < self.before || self.sessions.contains(session)
    }

    /// Whether a grant is. One that does not say when it was issued cannot show that it came later.
    pub fn refuses(&self, issued: Option<Unix>) -> bool {
        issued.unwrap_or(0) < self.before
    }

    /// Revokes what came before that time. It never goes back: an earlier time changes nothing.
    pub fn revoke_before(&mut self, before: Unix) {
        self.before = self.before.max(before);
    }

    /// Revokes a session.
    pub fn revoke_session(&mut self, session: SessionId) {
        if !self.sessions.contains(&session) {
            if self.sessions.len() >= MAX_SESSIONS {
                self.sessions.remove(0);
            }
            self.sessions.push(session);
        }
    }
}

fn format_1<E: de::Error>(revocation: &Revocation) -> Result<(), E> {
    match revocation.v {
        1 => Ok(()),
        other => Err(E::custom(format_args!("the revocation is of format {other} where this build reads format 1"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stored_form_is_as_written_down() {
        let mut revocation = Revocation::default();
        revocation.revoke_before(7);
        revocation.revoke_session(SessionId([1; 16]));
        let json = format!(r#"{{"v":1,"before":7,"sessions":["{}"]}}"#, "01".repeat(16));
        assert_eq!(serde_json::to_string(&revocation).expect("json"), json);
        assert_eq!(serde_json::from_str::<Revocation>(&json).expect("reads"), revocation);
        assert!(serde_json::from_str::<Revocation>(r#"{"v":2}"#).is_err());
        assert_eq!(revocation_key(&AccountId([1; 16])), format!("rev/{}", "01".repeat(16)));
    }

    #[test]
    fn a_time_parts_what_counts_from_what_does_not() {
        let none = Revocation::default();
        assert!(!none.ends(&SessionId([1; 16]), 0) && !none.refuses(None));
        let mut revocation = Revocation::default();
        revocation.revoke_before(100);
        revocation.revoke_before(50);
        assert!(revocation.ends(&SessionId([1; 16]), 99) && !revocation.ends(&SessionId([1; 16]), 100));
        assert!(revocation.refuses(Some(99)) && revocation.refuses(None) && !revocation.refuses(Some(100)));
    }

    #[test]
    fn the_latest_sessions_are_named() {
        let mut revocation = Revocation::default();
        for id in 0..40 {
            revocation.revoke_session(SessionId([id; 16]));
            revocation.revoke_session(SessionId([id; 16]));
        }
        assert_eq!(revocation.sessions.len(), MAX_SESSIONS);
        assert!(revocation.ends(&SessionId([39; 16]), 0) && !revocation.ends(&SessionId([7; 16]), 0));
    }
}
