//! `fermyon:spin/key-value`: the last writer wins.

use core::cell::OnceCell;

use sluice_app::host::{StoreError, Stored};
use spin_sdk::key_value::{Error, Store};

/// The store `default`, opened when it is first asked.
#[derive(Default)]
pub(crate) struct KeyValue(OnceCell<Store>);

impl KeyValue {
    fn store(&self) -> Result<&Store, StoreError> {
        if self.0.get().is_none() {
            let store = Store::open_default().map_err(|error| told(&error))?;
            let _ = self.0.set(store);
        }
        self.0.get().ok_or(StoreError::Unavailable)
    }

    pub(crate) fn get(&self, key: &str) -> Result<Option<Stored>, StoreError> {
        let value = self.store()?.get(key).map_err(|error| told(&error))?;
        Ok(value.map(|value| Stored { value, generation: None }))
    }

    pub(crate) fn put(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.store()?.set(key, value).map_err(|error| told(&error))
    }

    pub(crate) fn put_if(&self, _key: &str, _value: &[u8], _generation: Option<u64>) -> Result<(), StoreError> {
        Err(StoreError::Unsupported)
    }

    pub(crate) fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.store()?.delete(key).map_err(|error| told(&error))
    }
}

fn told(error: &Error) -> StoreError {
    match error {
        Error::Other(text) if crate::asks_for_less(text) => StoreError::Throttled,
        _ => StoreError::Unavailable,
    }
}
