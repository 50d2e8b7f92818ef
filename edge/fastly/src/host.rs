use std::{
    io::Write,
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use fastly::{
    ConfigStore, SecretStore,
    erl::{CounterDuration, RateCounter},
    log::Endpoint,
};
use sluice_app::{
    Host,
    host::{Admission, Client, Fetch, FetchError, Fetched, Ordering, StoreError, Stored, Unavailable},
};
use zeroize::Zeroizing;

use crate::{body::OriginBody, cache, fetch, names, store};

/// Fastly Compute, for the length of one request.
pub(crate) struct FastlyHost {
    client: Client,
    started: Instant,
}

impl FastlyHost {
    pub(crate) fn new(client: Client) -> Self {
        Self { client, started: Instant::now() }
    }
}

impl Host for FastlyHost {
    type Body = OriginBody;

    fn now(&self) -> u64 {
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
    }

    fn elapsed(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn random(&self, out: &mut [u8]) {
        getrandom::fill(out).expect("WASI's random_get does not fail");
    }

    fn client(&self) -> Client {
        self.client
    }

    fn tells_anonymizers(&self) -> bool {
        true
    }

    async fn config(&self) -> Result<Option<String>, Unavailable> {
        let store = ConfigStore::try_open(names::CONFIG_STORE).map_err(|_| Unavailable)?;
        store.try_get(names::CONFIG_ITEM).map_err(|_| Unavailable)
    }

    async fn secret(&self, name: &str) -> Result<Option<Zeroizing<String>>, Unavailable> {
        let store = SecretStore::open(names::SECRET_STORE).map_err(|_| Unavailable)?;
        let Some(secret) = store.try_get(name).map_err(|_| Unavailable)? else { return Ok(None) };
        let plaintext = secret.try_plaintext().map_err(|_| Unavailable)?;
        let text = core::str::from_utf8(&plaintext).map_err(|_| Unavailable)?;
        Ok(Some(Zeroizing::new(text.to_owned())))
    }

    async fn fetch(&self, request: &Fetch) -> Result<Fetched<OriginBody>, FetchError> {
        fetch::fetch(request)
    }

    async fn cache_get(&self, key: &str) -> Option<Vec<u8>> {
        cache::get(key)
    }

    async fn cache_put(&self, key: &str, value: &[u8], seconds: u64) {
        cache::put(key, value, seconds);
    }

    fn ordering(&self) -> Ordering {
        Ordering::Generation
    }

    async fn kv_get(&self, key: &str) -> Result<Option<Stored>, StoreError> {
        store::get(key)
    }

    async fn kv_put(&self, key: &str, value: &[u8], seconds: u64) -> Result<(), StoreError> {
        store::put(key, value, seconds)
    }

    async fn kv_put_if(
        &self,
        key: &str,
        value: &[u8],
        generation: Option<u64>,
        seconds: u64,
    ) -> Result<(), StoreError> {
        store::put_if(key, value, generation, seconds)
    }

    async fn kv_delete(&self, key: &str) -> Result<(), StoreError> {
        store::delete(key)
    }

    fn counts_events(&self) -> bool {
        true
    }

    async fn admit(&self, bucket: &str, per_minute: u32) -> Admission {
        let counter = RateCounter::open(names::RATE_COUNTER);
        let counted =
            counter.increment(bucket, 1).and_then(|()| counter.lookup_count(bucket, CounterDuration::SixtySecs));
        match counted {
            Ok(count) if count > per_minute => Admission::Limited,
            Ok(_) => Admission::Admitted,
            Err(_) => Admission::Unsupported,
        }
    }

    fn log(&self, line: &str) {
        if let Ok(mut endpoint) = Endpoint::try_from_name(names::LOG_ENDPOINT) {
            // One write is one event. A log that is down stops no viewer.
            let _ = endpoint.write_all(line.as_bytes());
        }
    }
}
