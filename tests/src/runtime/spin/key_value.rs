use wasmtime::component::Resource;

use super::{
    engine::bindings::fermyon::spin::key_value::{Error, Host, HostStore, Store},
    state::State,
};
use crate::runtime::{KvError, kv::Operation};

/// The one store that the component may open, as `key_value_stores = ["default"]` in `spin.toml`.
pub(in crate::runtime) const LABEL: &str = "default";

/// Handles that a guest may have open at a time. Spin's own default.
const MAX_OPEN: usize = 256;

impl From<KvError> for Error {
    fn from(error: KvError) -> Self {
        Self::Other(error.to_string())
    }
}

impl State {
    /// A handle of the one store, so that it carries nothing; `None` where the guest has too many.
    pub(super) fn open_store<T: 'static>(&mut self) -> Option<Resource<T>> {
        if self.open_stores == MAX_OPEN {
            return None;
        }
        self.open_stores += 1;
        Some(Resource::new_own(1))
    }

    pub(super) fn close_store(&mut self) {
        self.open_stores = self.open_stores.saturating_sub(1);
    }
}

impl Host for State {}

impl HostStore for State {
    async fn open(&mut self, label: String) -> Result<Resource<Store>, Error> {
        if label != LABEL {
            return Err(Error::AccessDenied);
        }
        self.open_store().ok_or(Error::StoreTableFull)
    }

    async fn get(&mut self, _: Resource<Store>, key: String) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.kv.run(Operation::Read, move |kv| kv.get(LABEL, &key)).await?)
    }

    async fn set(&mut self, _: Resource<Store>, key: String, value: Vec<u8>) -> Result<(), Error> {
        Ok(self.kv.run(Operation::Write, move |kv| kv.set(LABEL, &key, &value)).await?)
    }

    async fn delete(&mut self, _: Resource<Store>, key: String) -> Result<(), Error> {
        Ok(self.kv.run(Operation::Write, move |kv| kv.delete(LABEL, &key)).await?)
    }

    async fn exists(&mut self, _: Resource<Store>, key: String) -> Result<bool, Error> {
        Ok(self.kv.run(Operation::Read, move |kv| kv.get(LABEL, &key)).await?.is_some())
    }

    async fn get_keys(&mut self, _: Resource<Store>) -> Result<Vec<String>, Error> {
        Ok(self.kv.run(Operation::Read, |kv| kv.keys(LABEL)).await?)
    }

    async fn drop(&mut self, _: Resource<Store>) -> wasmtime::Result<()> {
        self.close_store();
        Ok(())
    }
}
