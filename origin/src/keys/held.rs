use std::sync::Arc;

use sluice_packager::keys::{ContentKey, Kid};
use subtle::ConstantTimeEq;
use tokio::time::Instant;

use crate::cpix::{Answer, KeyRequest, SystemSignalling};

/// What a provider gave for one delivery of a title version. Its keys are zeroized with the last answer that uses them.
pub(super) struct Held {
    /// Each in a place of its own, so that it is moved, and leaves traces, as seldom as can be.
    keys: Vec<(Kid, Arc<ContentKey>)>,
    signalling: Vec<SystemSignalling>,
    /// When the provider said so last.
    pub(super) at: Instant,
    /// Key ids for which it said something else, last.
    disputed: Vec<Kid>,
}

impl Held {
    /// What is held from an answer on, and the key ids for which it says something else than what is held for the first time.
    pub(super) fn after(answer: &Answer, before: Option<&Self>, at: Instant) -> (Self, Vec<Kid>) {
        let mut disputed = Vec::new();
        let mut keys = Vec::with_capacity(answer.keys.len());
        let mut signalling = Vec::with_capacity(answer.signalling.len());
        for (kid, key) in &answer.keys {
            let of_answer = || answer.signalling.iter().filter(|signalling| signalling.kid == *kid);
            match before.and_then(|before| Some((before, before.key(kid)?))) {
                Some((before, known)) => {
                    // What was never signalled is not disputed by being signalled: a policy may have come to list a system.
                    let other = |new: &SystemSignalling| before.of(new).is_some_and(|old| old != new);
                    let same_key: bool = known.expose().ct_eq(key.expose()).into();
                    if !same_key || of_answer().any(other) {
                        disputed.push(*kid);
                    }
                    keys.push((*kid, Arc::clone(known)));
                    signalling.extend(of_answer().map(|new| before.of(new).unwrap_or(new).clone()));
                }
                None => {
                    keys.push((*kid, Arc::new(key.clone())));
                    signalling.extend(of_answer().cloned());
                }
            }
        }
        let known = |kid: &Kid| before.is_some_and(|before| before.disputed.contains(kid));
        let new = disputed.iter().filter(|kid| !known(kid)).copied().collect();
        (Self { keys, signalling, at, disputed }, new)
    }

    pub(super) fn key(&self, kid: &Kid) -> Option<&Arc<ContentKey>> {
        self.keys.iter().find(|(known, _)| known == kid).map(|(_, key)| key)
    }

    pub(super) fn signalling(&self) -> &[SystemSignalling] {
        &self.signalling
    }

    /// How many of the keys of a request are here.
    pub(super) fn of_request(&self, request: &KeyRequest) -> usize {
        request.keys.iter().filter(|key| self.key(&key.kid).is_some()).count()
    }

    /// Whether all of them are.
    pub(super) fn has_all(&self, request: &KeyRequest) -> bool {
        self.of_request(request) == request.keys.len()
    }

    fn of(&self, other: &SystemSignalling) -> Option<&SystemSignalling> {
        self.signalling.iter().find(|known| known.kid == other.kid && known.system == other.system)
    }
}
