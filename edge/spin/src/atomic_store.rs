//! `wasi:keyvalue@0.2.0-draft2`: writers are told when somebody else was first.
//!
//! The interface has no generations. [`Stored::generation`] is therefore the index of what was read among all that this request has
//! read, and a conditional write compares the value itself, inside the store's own compare-and-swap. The `cas` handle is made for the
//! write and not for the read before it: on Redis each is a connection of its own, which reads should not pay for.
//!
//! Spin's providers keep less than the interface promises, which is made up for here. The one for SQLite writes over whatever stands
//! there by now if nothing did when it looked: who creates a key first draws a ticket. The one for Redis says of every swap that it
//! failed: what stands there afterwards tells.

use core::cell::{OnceCell, RefCell};

use sluice_app::host::{StoreError, Stored};
use spin_sdk::wit::wasi::keyvalue::{
    atomics::{self, Cas, CasError},
    store::{self, Bucket, Error},
};

/// How many in a row may find that somebody else holds the ticket before he is taken for one who never came back.
const PATIENCE: i64 = 64;

/// The store `default`, opened when it is first asked, for the length of one request.
#[derive(Default)]
pub(crate) struct KeyValue {
    bucket: OnceCell<Bucket>,
    /// What was read, by generation.
    seen: RefCell<Vec<Vec<u8>>>,
}

impl KeyValue {
    fn bucket(&self) -> Result<&Bucket, StoreError> {
        if self.bucket.get().is_none() {
            let bucket = store::open("default").map_err(|error| told(&error))?;
            let _ = self.bucket.set(bucket);
        }
        self.bucket.get().ok_or(StoreError::Unavailable)
    }

    pub(crate) fn get(&self, key: &str) -> Result<Option<Stored>, StoreError> {
        let Some(value) = self.bucket()?.get(key).map_err(|error| told(&error))? else { return Ok(None) };
        let mut seen = self.seen.borrow_mut();
        let generation = Some(seen.len() as u64);
        seen.push(value.clone());
        Ok(Some(Stored { value, generation }))
    }

    pub(crate) fn put(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.bucket()?.set(key, value).map_err(|error| told(&error))
    }

    /// Writes if the key still has the value that was read as `generation`, or is absent where that is `None`.
    pub(crate) fn put_if(&self, key: &str, value: &[u8], generation: Option<u64>) -> Result<(), StoreError> {
        match generation {
            Some(index) => {
                let seen = self.seen.borrow();
                let expected = usize::try_from(index).ok().and_then(|at| seen.get(at)).ok_or(StoreError::Conflict)?;
                self.swap(key, Some(expected), value)
            }
            None => self.create(key, value),
        }
    }

    /// Writes a key that is absent. One at a time: the ticket's counter gives each number once.
    fn create(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        let ticket = ["new/", key].concat();
        let number = atomics::increment(self.bucket()?, &ticket, 1).map_err(|error| told(&error))?;
        let written = if number == 1 { self.swap(key, None, value) } else { Err(StoreError::Conflict) };
        if number == 1 || number > PATIENCE {
            self.delete(&ticket)?;
        }
        written
    }

    fn swap(&self, key: &str, expected: Option<&Vec<u8>>, value: &[u8]) -> Result<(), StoreError> {
        let cas = Cas::new(self.bucket()?, key).map_err(|error| told(&error))?;
        if current(&cas)?.as_ref() != expected {
            return Err(StoreError::Conflict);
        }
        match atomics::swap(cas, value) {
            Ok(()) => Ok(()),
            Err(CasError::StoreError(error)) => Err(told(&error)),
            // A value names its writer, so that ours can only be ours.
            Err(CasError::CasFailed(fresh)) if current(&fresh)?.as_deref() == Some(value) => Ok(()),
            Err(CasError::CasFailed(_)) => Err(StoreError::Conflict),
        }
    }

    pub(crate) fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.bucket()?.delete(key).map_err(|error| told(&error))
    }
}

fn current(cas: &Cas) -> Result<Option<Vec<u8>>, StoreError> {
    cas.current().map_err(|error| told(&error))
}

fn told(error: &Error) -> StoreError {
    match error {
        Error::Other(text) if crate::asks_for_less(text) => StoreError::Throttled,
        _ => StoreError::Unavailable,
    }
}
