use sluice_app::{
    Host,
    host::{Admission, Client, Fetch, FetchError, Fetched, Ordering, StoreError, Stored, Unavailable},
};
use spin_sdk::variables;
use zeroize::Zeroizing;

use crate::{
    KeyValue,
    fetch::{self, OriginBody},
};

/// Spin, for the length of one request.
pub(crate) struct SpinHost {
    client: Client,
    store: KeyValue,
}

impl SpinHost {
    pub(crate) fn new(client: Client) -> Self {
        Self { client, store: KeyValue::default() }
    }
}

impl Host for SpinHost {
    type Body = OriginBody;

    fn now(&self) -> u64 {
        wasi::clocks::wall_clock::now().seconds
    }

    fn elapsed(&self) -> u64 {
        wasi::clocks::monotonic_clock::now() / 1_000_000
    }

    fn random(&self, out: &mut [u8]) {
        out.copy_from_slice(&wasi::random::random::get_random_bytes(out.len() as u64));
    }

    fn client(&self) -> Client {
        self.client
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

    fn ordering(&self) -> Ordering {
        // What comes of a compare that a provider makes elsewhere than it writes, the adapter mends: see `atomic_store`.
        if cfg!(feature = "wasi-keyvalue") { Ordering::Generation } else { Ordering::Eventual }
    }

    async fn kv_get(&self, key: &str) -> Result<Option<Stored>, StoreError> {
        self.store.get(key)
    }

    async fn kv_put(&self, key: &str, value: &[u8], _seconds: u64) -> Result<(), StoreError> {
        self.store.put(key, value)
    }

    async fn kv_put_if(
        &self,
        key: &str,
        value: &[u8],
        generation: Option<u64>,
        _seconds: u64,
    ) -> Result<(), StoreError> {
        self.store.put_if(key, value, generation)
    }

    async fn kv_delete(&self, key: &str) -> Result<(), StoreError> {
        self.store.delete(key)
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
