mod memory;
mod redis;
mod sqlite;
mod url;

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

pub use url::KvUrl;

use memory::Memory;

/// The store said no. The guest sees it as Spin's `error::other`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("key-value store: {0}")]
pub struct KvError(String);

impl KvError {
    /// With the store's own words.
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

/// What a store does: Spin's key-value interfaces, keys within a named store. Tests put stores in between that fail.
pub trait KvStore: Send + Sync {
    /// The value, where there is one.
    ///
    /// # Errors
    /// Where the store cannot tell.
    fn get(&self, store: &str, key: &str) -> Result<Option<Vec<u8>>, KvError>;
    /// Creates or replaces.
    ///
    /// # Errors
    /// Where the store did not take it.
    fn set(&self, store: &str, key: &str, value: &[u8]) -> Result<(), KvError>;
    /// Deletes; no error where there is nothing.
    ///
    /// # Errors
    /// Where the store did not do it.
    fn delete(&self, store: &str, key: &str) -> Result<(), KvError>;
    /// All keys of a store, in order.
    ///
    /// # Errors
    /// Where the store cannot tell.
    fn keys(&self, store: &str) -> Result<Vec<String>, KvError>;
    /// Replaces what was `seen` (`None`: nothing) by `value` in one step, and says whether it did. Providers differ in how far they keep
    /// this, and each store does as Spin's provider for it does.
    ///
    /// # Errors
    /// Where the store did not do it.
    fn swap(&self, store: &str, key: &str, seen: Option<&[u8]>, value: &[u8]) -> Result<bool, KvError>;
    /// Adds to a number in one step, and gives the sum; what is absent counts as nought.
    ///
    /// # Errors
    /// Where the store did not do it, or the value is no number.
    fn increment(&self, store: &str, key: &str, by: i64) -> Result<i64, KvError>;
}

/// A store, shared by runtimes and tests. Clones are the same store.
#[derive(Clone)]
pub struct Kv {
    store: Arc<dyn KvStore>,
    blocking: bool,
    gauge: Arc<Gauge>,
}

#[derive(Default)]
struct Gauge {
    down: AtomicBool,
    reads: AtomicU64,
    writes: AtomicU64,
}

/// How often a store was asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KvOperations {
    /// For a value, or for keys.
    pub reads: u64,
    /// To set, delete, swap or add.
    pub writes: u64,
}

/// What an operation does, to be counted.
#[derive(Clone, Copy)]
pub(super) enum Operation {
    Read,
    Write,
}

impl Kv {
    fn new(store: Arc<dyn KvStore>, blocking: bool) -> Self {
        Self { store, blocking, gauge: Arc::default() }
    }

    /// A new, empty store in memory.
    pub fn memory() -> Self {
        Self::new(Arc::new(Memory::default()), false)
    }

    /// A store that is down: every operation fails.
    pub fn down() -> Self {
        let kv = Self::memory();
        kv.take_down();
        kv
    }

    /// A store of the caller's own, which must not block for long.
    pub fn custom(store: Arc<dyn KvStore>) -> Self {
        Self::new(store, false)
    }

    fn blocking(store: impl KvStore + 'static) -> Self {
        Self::new(Arc::new(store), true)
    }

    /// The store itself, to look at what the edge wrote.
    pub fn store(&self) -> &dyn KvStore {
        &*self.store
    }

    /// Every key of a named store, with its value.
    pub(super) fn all(&self, store: &str) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
        let mut all = Vec::new();
        for key in self.store.keys(store)? {
            if let Some(value) = self.store.get(store, &key)? {
                all.push((key, value));
            }
        }
        Ok(all)
    }

    /// Has every operation of a guest fail from now on. A runtime that keeps a store of its own goes without it from now on.
    pub fn take_down(&self) {
        self.gauge.down.store(true, Ordering::SeqCst);
    }

    /// Ends what [`Self::take_down`] began.
    pub fn bring_back(&self) {
        self.gauge.down.store(false, Ordering::SeqCst);
    }

    /// Whether it was taken down.
    pub fn is_down(&self) -> bool {
        self.gauge.down.load(Ordering::SeqCst)
    }

    /// How often guests asked so far.
    pub fn operations(&self) -> KvOperations {
        KvOperations {
            reads: self.gauge.reads.load(Ordering::SeqCst),
            writes: self.gauge.writes.load(Ordering::SeqCst),
        }
    }

    /// Runs a guest's operation where it may block.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        kind: Operation,
        operation: impl FnOnce(&dyn KvStore) -> Result<T, KvError> + Send + 'static,
    ) -> Result<T, KvError> {
        let count = match kind {
            Operation::Read => &self.gauge.reads,
            Operation::Write => &self.gauge.writes,
        };
        count.fetch_add(1, Ordering::SeqCst);
        if self.is_down() {
            return Err(KvError::new("the store is down"));
        }
        if !self.blocking {
            return operation(&*self.store);
        }
        let store = self.store.clone();
        tokio::task::spawn_blocking(move || operation(&*store))
            .await
            .unwrap_or_else(|error| Err(KvError(error.to_string())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redis_server::RedisServer;

    fn behaves(kv: &Kv) {
        let store = kv.store();
        assert_eq!(store.get("default", "a"), Ok(None));
        store.set("default", "b", b"1").expect("set");
        store.set("default", "a", &[0, 255]).expect("set");
        store.set("default", "a", &[0, 254]).expect("replace");
        assert_eq!(store.get("default", "a"), Ok(Some(vec![0, 254])));
        assert_eq!(store.keys("default"), Ok(vec!["a".to_owned(), "b".to_owned()]));

        let stands = || store.get("default", "a").expect("answers");
        store.swap("default", "a", Some(&[0, 255]), b"late").expect("answers");
        store.swap("default", "absent", Some(&[0, 255]), b"late").expect("answers");
        assert_eq!((stands(), store.get("default", "absent")), (Some(vec![0, 254]), Ok(None)));
        store.swap("default", "a", Some(&[0, 254]), b"next").expect("answers");
        assert_eq!(stands(), Some(b"next".to_vec()));
        store.swap("default", "c", None, b"first").expect("answers");
        assert_eq!(store.get("default", "c"), Ok(Some(b"first".to_vec())));
        for sum in [2, 4] {
            assert_eq!(store.increment("default", "n", 2), Ok(sum));
        }
        assert!(store.increment("default", "a", 1).is_err(), "not a number");

        store.delete("default", "a").expect("delete");
        store.delete("default", "a").expect("deleting nothing is no error");
        assert_eq!(stands(), None);
    }

    fn keeps_stores_apart(kv: &Kv) {
        kv.store().set("other", "x", b"theirs").expect("set");
        assert_eq!(kv.store().get("default", "x"), Ok(None));
    }

    #[test]
    fn memory_and_sqlite_behave_alike_and_sqlite_remembers() {
        behaves(&Kv::memory());
        keeps_stores_apart(&Kv::memory());
        let folder = tempfile::tempdir().expect("a folder");
        let url = KvUrl::Sqlite(folder.path().join("kv.db"));
        behaves(&url.open().expect("opens"));
        keeps_stores_apart(&url.open().expect("opens"));
        let again = url.open().expect("opens again");
        assert_eq!(again.store().get("default", "b"), Ok(Some(b"1".to_vec())));
    }

    #[test]
    fn redis_behaves_alike_and_its_end_is_told() {
        let mut server = RedisServer::start().expect("redis-server");
        let kv = KvUrl::parse(&server.url()).expect("good").open().expect("opens");
        behaves(&kv);
        server.kill();
        assert!(kv.store().get("default", "b").is_err());
        assert!(kv.store().set("default", "b", b"2").is_err());
    }

    /// What the adapter makes up for is what these are known to do.
    #[test]
    fn swaps_are_as_reliable_as_spins() {
        let folder = tempfile::tempdir().expect("a folder");
        let sqlite = KvUrl::Sqlite(folder.path().join("kv.db")).open().expect("opens");
        let server = RedisServer::start().expect("redis-server");
        let redis = KvUrl::parse(&server.url()).expect("good").open().expect("opens");
        // Who saw nothing, where there is something by now; and who saw what is there.
        for (kv, blind, seen, stands) in [
            (Kv::memory(), false, true, &b"second"[..]),
            (sqlite, true, true, b"second"),
            (redis, false, false, b"second"),
        ] {
            let store = kv.store();
            store.set("default", "a", b"first").expect("set");
            assert_eq!(store.swap("default", "a", None, b"blind"), Ok(blind));
            let now = if blind { &b"blind"[..] } else { b"first" };
            assert_eq!(store.get("default", "a"), Ok(Some(now.to_vec())));
            assert_eq!(store.swap("default", "a", Some(now), b"second"), Ok(seen));
            assert_eq!(store.get("default", "a"), Ok(Some(stands.to_vec())));
        }
    }

    #[tokio::test]
    async fn what_guests_ask_is_counted_and_can_be_refused() {
        let kv = Kv::memory();
        kv.run(Operation::Write, |store| store.set("default", "a", b"1")).await.expect("set");
        let read = |store: &dyn KvStore| store.get("default", "a");
        assert_eq!(kv.run(Operation::Read, read).await, Ok(Some(b"1".to_vec())));
        assert_eq!(kv.operations(), KvOperations { reads: 1, writes: 1 });
        kv.take_down();
        assert!(kv.run(Operation::Read, read).await.is_err() && Kv::down().is_down());
        kv.bring_back();
        assert_eq!(kv.run(Operation::Read, read).await, Ok(Some(b"1".to_vec())));
    }
}
