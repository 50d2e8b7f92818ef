use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use super::{KvError, KvStore};

/// Keeps its word: what SQLite and Redis do otherwise under Spin is theirs.
#[derive(Default)]
pub(super) struct Memory {
    entries: Mutex<BTreeMap<(String, String), Vec<u8>>>,
}

impl Memory {
    fn with<T>(&self, operation: impl FnOnce(&mut BTreeMap<(String, String), Vec<u8>>) -> T) -> T {
        operation(&mut self.entries.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl KvStore for Memory {
    fn get(&self, store: &str, key: &str) -> Result<Option<Vec<u8>>, KvError> {
        Ok(self.with(|entries| entries.get(&(store.to_owned(), key.to_owned())).cloned()))
    }

    fn set(&self, store: &str, key: &str, value: &[u8]) -> Result<(), KvError> {
        self.with(|entries| entries.insert((store.to_owned(), key.to_owned()), value.to_owned()));
        Ok(())
    }

    fn delete(&self, store: &str, key: &str) -> Result<(), KvError> {
        self.with(|entries| entries.remove(&(store.to_owned(), key.to_owned())));
        Ok(())
    }

    fn keys(&self, store: &str) -> Result<Vec<String>, KvError> {
        Ok(self
            .with(|entries| entries.keys().filter(|(owner, _)| owner == store).map(|(_, key)| key.clone()).collect()))
    }

    fn swap(&self, store: &str, key: &str, seen: Option<&[u8]>, value: &[u8]) -> Result<bool, KvError> {
        self.with(|entries| {
            let key = (store.to_owned(), key.to_owned());
            let same = entries.get(&key).map(Vec::as_slice) == seen;
            if same {
                entries.insert(key, value.to_owned());
            }
            Ok(same)
        })
    }

    fn increment(&self, store: &str, key: &str, by: i64) -> Result<i64, KvError> {
        self.with(|entries| {
            let value = entries.entry((store.to_owned(), key.to_owned())).or_insert_with(|| 0i64.to_le_bytes().into());
            let number = <[u8; 8]>::try_from(value.as_slice()).map_err(|_| KvError::new("not a number"))?;
            let sum = i64::from_le_bytes(number).saturating_add(by);
            *value = sum.to_le_bytes().into();
            Ok(sum)
        })
    }
}
