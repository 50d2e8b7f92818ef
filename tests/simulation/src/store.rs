//! The store: every version of every key, and who sees it since when.

use std::{collections::HashMap, rc::Rc};

use sluice_gate::session::{Ordering, StoreError, Stored};

use crate::{POPS, SECOND, Tick, random::Random};

struct Version {
    value: Rc<[u8]>,
    generation: u64,
    /// When each point of presence sees it (`Eventual`).
    seen: [Tick; POPS],
}

/// One operation, as a request sends it.
#[derive(Clone, Debug)]
pub(crate) enum Operation {
    Get { key: String },
    Put { key: String, value: Rc<[u8]>, condition: Condition },
}

/// Under which condition a write is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    None,
    At(Option<u64>),
}

/// What the store answers.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Got(Result<Option<Stored>, StoreError>),
    Put(Result<(), StoreError>),
}

pub(crate) struct Versions {
    ordering: Ordering,
    /// In ticks.
    staleness: Tick,
    keys: HashMap<String, Vec<Version>>,
    generations: u64,
}

impl Versions {
    pub(crate) fn new(ordering: Ordering, staleness_seconds: u64) -> Self {
        Self { ordering, staleness: staleness_seconds * SECOND, keys: HashMap::new(), generations: 0 }
    }

    /// What is there in truth.
    pub(crate) fn last(&self, key: &str) -> Option<&[u8]> {
        Some(&self.keys.get(key)?.last()?.value)
    }

    /// What a point of presence reads: the truth, or under `Generation` anything that was ever there, or under `Eventual` what has reached it.
    pub(crate) fn get(&self, key: &str, pop: usize, now: Tick, random: &mut Random) -> Option<Stored> {
        let versions = self.keys.get(key)?;
        let version = match self.ordering {
            Ordering::Strict => versions.last(),
            Ordering::Generation if random.percent(25) => versions[..random.index(versions.len() + 1)].last(),
            Ordering::Generation => versions.last(),
            Ordering::Eventual => versions.iter().rev().find(|version| version.seen[pop] <= now),
        }?;
        let generation = (self.ordering != Ordering::Eventual).then_some(version.generation);
        Some(Stored { value: version.value.to_vec(), generation })
    }

    /// Makes a write that was sent at `sent`. One that took longer than δ is lost (`Eventual`).
    ///
    /// # Errors
    /// [`StoreError::Conflict`], [`StoreError::Unsupported`]; [`StoreError::Unavailable`] where it is lost.
    pub(crate) fn put(
        &mut self,
        key: &str,
        value: &Rc<[u8]>,
        condition: Condition,
        sent: Tick,
        now: Tick,
        random: &mut Random,
    ) -> Result<(), StoreError> {
        let blind = self.ordering == Ordering::Eventual;
        let versions = self.keys.entry(key.to_owned()).or_default();
        if let Condition::At(generation) = condition {
            if blind {
                return Err(StoreError::Unsupported);
            }
            if versions.last().map(|version| version.generation) != generation {
                return Err(StoreError::Conflict);
            }
        }
        let latest = sent + self.staleness;
        if blind && now > latest {
            return Err(StoreError::Unavailable);
        }
        let seen = core::array::from_fn(|_| if blind { now + random.below(latest - now + 1) } else { now });
        self.generations += 1;
        versions.push(Version { value: value.clone(), generation: self.generations, seen });
        Ok(())
    }
}
