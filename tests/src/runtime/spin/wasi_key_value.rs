//! `wasi:keyvalue@0.2.0-draft2` over the same store: what Spin's host makes of its providers.

use wasmtime::component::Resource;

use super::{
    engine::bindings::wasi::keyvalue::{
        atomics::{self, CasError},
        store::{self, Bucket, Error, KeyResponse},
    },
    key_value::LABEL,
    state::State,
};
use crate::runtime::{KvError, kv::Operation};

/// A compare-and-swap that a guest has begun.
#[expect(unreachable_pub, reason = "the bindings export it once more, and they are public")]
pub struct Cas {
    key: String,
    /// What [`atomics::HostCas::current`] told last: nothing where it was not asked, as in Spin.
    seen: Option<Vec<u8>>,
}

impl From<KvError> for Error {
    fn from(error: KvError) -> Self {
        Self::Other(error.to_string())
    }
}

fn lost(error: wasmtime::component::ResourceTableError) -> Error {
    Error::Other(error.to_string())
}

impl store::Host for State {
    async fn open(&mut self, identifier: String) -> Result<Resource<Bucket>, Error> {
        if identifier != LABEL {
            return Err(Error::AccessDenied);
        }
        self.open_store().ok_or_else(|| Error::Other("store table full".to_owned()))
    }
}

impl store::HostBucket for State {
    async fn get(&mut self, _: Resource<Bucket>, key: String) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.kv.run(Operation::Read, move |kv| kv.get(LABEL, &key)).await?)
    }

    async fn set(&mut self, _: Resource<Bucket>, key: String, value: Vec<u8>) -> Result<(), Error> {
        Ok(self.kv.run(Operation::Write, move |kv| kv.set(LABEL, &key, &value)).await?)
    }

    async fn delete(&mut self, _: Resource<Bucket>, key: String) -> Result<(), Error> {
        Ok(self.kv.run(Operation::Write, move |kv| kv.delete(LABEL, &key)).await?)
    }

    async fn exists(&mut self, bucket: Resource<Bucket>, key: String) -> Result<bool, Error> {
        Ok(store::HostBucket::get(self, bucket, key).await?.is_some())
    }

    async fn list_keys(&mut self, _: Resource<Bucket>, cursor: Option<String>) -> Result<KeyResponse, Error> {
        if cursor.is_some() {
            return Err(Error::Other("list_keys: cursor not supported".to_owned()));
        }
        let keys = self.kv.run(Operation::Read, |kv| kv.keys(LABEL)).await?;
        Ok(KeyResponse { keys, cursor: None })
    }

    async fn drop(&mut self, _: Resource<Bucket>) -> wasmtime::Result<()> {
        self.close_store();
        Ok(())
    }
}

impl atomics::HostCas for State {
    async fn new(&mut self, _: Resource<Bucket>, key: String) -> Result<Resource<Cas>, Error> {
        self.table.push(Cas { key, seen: None }).map_err(lost)
    }

    async fn current(&mut self, cas: Resource<Cas>) -> Result<Option<Vec<u8>>, Error> {
        let key = self.table.get(&cas).map_err(lost)?.key.clone();
        let value = self.kv.run(Operation::Read, move |kv| kv.get(LABEL, &key)).await?;
        self.table.get_mut(&cas).map_err(lost)?.seen.clone_from(&value);
        Ok(value)
    }

    async fn drop(&mut self, cas: Resource<Cas>) -> wasmtime::Result<()> {
        self.table.delete(cas)?;
        Ok(())
    }
}

impl atomics::Host for State {
    async fn increment(&mut self, _: Resource<Bucket>, key: String, delta: i64) -> Result<i64, Error> {
        Ok(self.kv.run(Operation::Write, move |kv| kv.increment(LABEL, &key, delta)).await?)
    }

    async fn swap(&mut self, cas: Resource<Cas>, value: Vec<u8>) -> Result<(), CasError> {
        let Cas { key, seen } = self.table.delete(cas).map_err(|error| CasError::StoreError(lost(error)))?;
        let again = key.clone();
        let swap = self.kv.run(Operation::Write, move |kv| kv.swap(LABEL, &key, seen.as_deref(), &value));
        if swap.await.map_err(|error| CasError::StoreError(error.into()))? {
            return Ok(());
        }
        // A fresh handle, which has seen what stands there now.
        let seen = self
            .kv
            .run(Operation::Read, {
                let key = again.clone();
                move |kv| kv.get(LABEL, &key)
            })
            .await;
        let seen = seen.map_err(|error| CasError::StoreError(error.into()))?;
        let fresh = self.table.push(Cas { key: again, seen });
        Err(fresh.map_or_else(|error| CasError::StoreError(lost(error)), CasError::CasFailed))
    }
}
