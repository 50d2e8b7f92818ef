use core::time::Duration;

use fastly::kv_store::{InsertMode, KVStore, KVStoreError};
use sluice_app::host::{StoreError, Stored};

use crate::names;

fn open() -> Result<KVStore, StoreError> {
    // A store that does not exist is `None` on the platform and an error locally.
    KVStore::open(names::KV_STORE).map_err(|error| told(&error))?.ok_or(StoreError::Unavailable)
}

pub(crate) fn get(key: &str) -> Result<Option<Stored>, StoreError> {
    match open()?.lookup(key) {
        Ok(mut found) => {
            let generation = Some(found.current_generation());
            Ok(Some(Stored { value: found.take_body_bytes(), generation }))
        }
        Err(KVStoreError::ItemNotFound) => Ok(None),
        Err(error) => Err(told(&error)),
    }
}

pub(crate) fn put(key: &str, value: &[u8], seconds: u64) -> Result<(), StoreError> {
    let store = open()?;
    let insertion = store.build_insert().time_to_live(Duration::from_secs(seconds));
    insertion.execute(key, value).map_err(|error| told(&error))
}

/// Writes if the key is at `generation`, or absent where that is `None`.
pub(crate) fn put_if(key: &str, value: &[u8], generation: Option<u64>, seconds: u64) -> Result<(), StoreError> {
    let store = open()?;
    let insertion = store.build_insert().time_to_live(Duration::from_secs(seconds));
    let insertion = match generation {
        Some(generation) => insertion.if_generation_match(generation),
        None => insertion.mode(InsertMode::Add),
    };
    insertion.execute(key, value).map_err(|error| told(&error))
}

pub(crate) fn delete(key: &str) -> Result<(), StoreError> {
    match open()?.delete(key) {
        Ok(()) | Err(KVStoreError::ItemNotFound) => Ok(()),
        Err(error) => Err(told(&error)),
    }
}

fn told(error: &KVStoreError) -> StoreError {
    match error {
        KVStoreError::ItemPreconditionFailed => StoreError::Conflict,
        KVStoreError::TooManyRequests => StoreError::Throttled,
        _ => StoreError::Unavailable,
    }
}
