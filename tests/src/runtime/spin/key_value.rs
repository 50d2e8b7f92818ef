use wasmtime::component::Resource;

use super::{
    engine::bindings::fermyon::spin::key_value::{Error, Host, HostStore, Store},
    state::State,
};
use crate::runtime::KvError;

/// The one store that the component may open, as `key_value_stores = ["default"]` in `spin.toml`.
const LABEL: &str = "default";

/// Handles that a guest may have open at a time. Spin's own default.
const MAX_OPEN: usize = 256;

impl From<KvError> for Error {
    fn from(error: KvError) -> Self {
        Self::Other(error.to_string())
    }
}

impl Host for State {}

impl HostStore for State {
    async fn open(&mut self, label: String) -> Result<Resource<Store>, Error> {
        if label != LABEL {
            return Err(Error::AccessDenied);
        }
        if self.open_stores == MAX_OPEN {
            return Err(Error::StoreTableFull);
        }
        self.open_stores += 1;
        // There is one store, so a handle carries nothing.
        Ok(Resource::new_own(1))
    }

    async fn get(&mut self, _: Resource<Store>, key: String) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.kv.run(move |kv| kv.get(LABEL, &key)).await?)
    }

    async fn set(&mut self, _: Resource<Store>, key: String, value: Vec<u8>) -> Result<(), Error> {
        Ok(self.kv.run(move |kv| kv.set(LABEL, &key, &value)).await?)
    }

    async fn delete(&mut self, _: Resource<Store>, key: String) -> Result<(), Error> {
        Ok(self.kv.run(move |kv| kv.delete(LABEL, &key)).await?)
    }

    async fn exists(&mut self, _: Resource<Store>, key: String) -> Result<bool, Error> {
        Ok(self.kv.run(move |kv| kv.get(LABEL, &key)).await?.is_some())
    }

    async fn get_keys(&mut self, _: Resource<Store>) -> Result<Vec<String>, Error> {
        Ok(self.kv.run(|kv| kv.keys(LABEL)).await?)
    }

    async fn drop(&mut self, _: Resource<Store>) -> wasmtime::Result<()> {
        self.open_stores = self.open_stores.saturating_sub(1);
        Ok(())
    }
}
