use std::{cell::RefCell, collections::BTreeMap};

use anyhow::Result;
use sluice_app::host::{
    Admission, ByteStream, Client, Fetch, FetchError, Fetched, Host, Ordering, StoreError, Stored, Unavailable,
};
use zeroize::Zeroizing;

/// A platform that costs as little as one can: what the app does on it is the app's own work.
#[derive(Default)]
pub(crate) struct MemoryHost {
    /// The configuration document.
    pub(crate) config: String,
    pub(crate) secrets: BTreeMap<&'static str, String>,
    /// What the origin has, by path.
    pub(crate) objects: BTreeMap<String, Vec<u8>>,
    pub(crate) now: u64,
    pub(crate) kv: RefCell<BTreeMap<String, Vec<u8>>>,
}

/// The host part of the origin's URL.
pub(crate) const ORIGIN: &str = "http://origin";

pub(crate) struct MemoryBody(Option<Vec<u8>>);

impl ByteStream for MemoryBody {
    async fn next(&mut self) -> Result<Option<Vec<u8>>, FetchError> {
        Ok(self.0.take().filter(|bytes| !bytes.is_empty()))
    }

    fn reject(&mut self) {}
}

impl Host for MemoryHost {
    type Body = MemoryBody;

    fn now(&self) -> u64 {
        self.now
    }

    fn random(&self, out: &mut [u8]) {
        out.fill(0x11);
    }

    fn client(&self) -> Client {
        Client::default()
    }

    async fn config(&self) -> Result<Option<String>, Unavailable> {
        Ok(Some(self.config.clone()))
    }

    async fn secret(&self, name: &str) -> Result<Option<Zeroizing<String>>, Unavailable> {
        Ok(self.secrets.get(name).cloned().map(Zeroizing::new))
    }

    async fn fetch(&self, fetch: &Fetch) -> Result<Fetched<MemoryBody>, FetchError> {
        let path = fetch.url.strip_prefix(ORIGIN).ok_or(FetchError::Unreachable)?;
        let body = self.objects.get(path).cloned();
        let status = if body.is_some() { 200 } else { 404 };
        let body = body.unwrap_or_default();
        Ok(Fetched { status, length: Some(body.len() as u64), content_type: None, body: MemoryBody(Some(body)) })
    }

    async fn cache_get(&self, _: &str) -> Option<Vec<u8>> {
        None
    }

    async fn cache_put(&self, _: &str, _: &[u8], _: u64) {}

    fn ordering(&self) -> Ordering {
        Ordering::Eventual
    }

    async fn kv_get(&self, key: &str) -> Result<Option<Stored>, StoreError> {
        Ok(self.kv.borrow().get(key).map(|value| Stored { value: value.clone(), generation: None }))
    }

    async fn kv_put(&self, key: &str, value: &[u8], _: u64) -> Result<(), StoreError> {
        self.kv.borrow_mut().insert(key.to_owned(), value.to_vec());
        Ok(())
    }

    async fn kv_put_if(&self, _: &str, _: &[u8], _: Option<u64>, _: u64) -> Result<(), StoreError> {
        Err(StoreError::Unsupported)
    }

    async fn kv_delete(&self, key: &str) -> Result<(), StoreError> {
        self.kv.borrow_mut().remove(key);
        Ok(())
    }

    async fn admit(&self, _: &str, _: u32) -> Admission {
        Admission::Unsupported
    }

    fn log(&self, _: &str) {}
}
