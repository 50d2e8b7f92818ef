use core::cell::OnceCell;

use sluice_app::{
    Host,
    host::{Admission, Client, Fetch, FetchError, Fetched, StoreError, Stored, Unavailable},
};
use spin_sdk::{
    key_value::{Error as KvError, Store},
    variables,
};
use zeroize::Zeroizing;

use crate::fetch::{self, OriginBody};

/// Spin, for the length of one request.
pub(crate) struct SpinHost {
    client: Client,
    store: OnceCell<Store>,
}

impl SpinHost {
    pub(crate) fn new(client: Client) -> Self {
        Self { client, store: OnceCell::new() }
    }

    fn store(&self) -> Result<&Store, StoreError> {
        if self.store.get().is_none() {
            let store = Store::open_default().map_err(|error| store_error(&error))?;
            let _ = self.store.set(store);
        }
        self.store.get().ok_or(StoreError::Unavailable)
    }
}

impl Host for SpinHost {
    type Body = OriginBody;

    fn now(&self) -> u64 {
        wasi::clocks::wall_clock::now().seconds
    }

    fn random(&self, out: &mut [u8]) {
        out.copy_from_slice(&wasi::random::random::get_random_bytes(out.len() as u64));
    }

    fn client(&self) -> Client {
        self.client.clone()
    }

    async fn config(&self) -> Result<Option<String>, Unavailable> {
        Ok(variable("sluice_config")?.map(|text| text.as_str().to_owned()))
    }

    async fn secret(&self, name: &str) -> Result<Option<Zeroizing<String>>, Unavailable> {
        variable(name)
    }

    async fn fetch(&self, request: &Fetch) -> Result<Fetched<OriginBody>, FetchError> {
        fetch::fetch(request).await
    }

    fn keeps(&self) -> bool {
        false
    }

    async fn cache_get(&self, _key: &str) -> Option<Vec<u8>> {
        None
    }

    async fn cache_put(&self, _key: &str, _value: &[u8], _seconds: u64) {}

    async fn kv_get(&self, key: &str) -> Result<Option<Stored>, StoreError> {
        let value = self.store()?.get(key).map_err(|error| store_error(&error))?;
        Ok(value.map(|value| Stored { value, generation: None }))
    }

    async fn kv_put(&self, key: &str, value: &[u8], _seconds: u64) -> Result<(), StoreError> {
        self.store()?.set(key, value).map_err(|error| store_error(&error))
    }

    async fn kv_put_if(&self, _: &str, _: &[u8], _: Option<u64>, _: u64) -> Result<(), StoreError> {
        Err(StoreError::Unsupported)
    }

    async fn kv_delete(&self, key: &str) -> Result<(), StoreError> {
        self.store()?.delete(key).map_err(|error| store_error(&error))
    }

    async fn admit(&self, _bucket: &str, _per_minute: u32) -> Admission {
        Admission::Unsupported
    }

    fn log(&self, line: &str) {
        println!("{line}");
    }
}

fn variable(name: &str) -> Result<Option<Zeroizing<String>>, Unavailable> {
    match variables::get(name) {
        Ok(value) => Ok(Some(Zeroizing::new(value))),
        Err(variables::Error::Undefined(_) | variables::Error::InvalidName(_)) => Ok(None),
        Err(_) => Err(Unavailable),
    }
}

fn store_error(error: &KvError) -> StoreError {
    match error {
        KvError::Other(text) if text.to_ascii_lowercase().contains("too many") => StoreError::Throttled,
        _ => StoreError::Unavailable,
    }
}
