use std::{
    collections::BTreeMap,
    path::PathBuf,
    str::FromStr,
    sync::{Arc, Mutex, PoisonError},
};

use rusqlite::{Connection, OptionalExtension, params};

/// Which store `--kv` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KvUrl {
    /// `memory`: ends with the process.
    Memory,
    /// `sqlite:PATH`: a file, with the table that Spin's own provider makes.
    Sqlite(PathBuf),
}

/// A text that names no store.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' names no key-value store: give memory or sqlite:PATH")]
pub struct KvUrlError(String);

impl FromStr for KvUrl {
    type Err = KvUrlError;

    fn from_str(text: &str) -> Result<Self, KvUrlError> {
        match text.split_once(':') {
            None if text == "memory" => Ok(Self::Memory),
            Some(("sqlite", path)) if !path.is_empty() => Ok(Self::Sqlite(path.into())),
            _ => Err(KvUrlError(text.to_owned())),
        }
    }
}

impl KvUrl {
    /// Parses `memory` or `sqlite:PATH`.
    ///
    /// # Errors
    /// [`KvUrlError`] for anything else.
    pub fn parse(text: &str) -> Result<Self, KvUrlError> {
        text.parse()
    }

    /// Opens the store, creating the file and the table where they are missing.
    ///
    /// # Errors
    /// Where the file cannot be opened as a database.
    pub fn open(&self) -> Result<Kv, KvError> {
        match self {
            Self::Memory => Ok(Kv::memory()),
            Self::Sqlite(path) => Ok(Kv { store: Arc::new(Sqlite::open(path)?), blocking: true }),
        }
    }
}

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

impl From<rusqlite::Error> for KvError {
    fn from(error: rusqlite::Error) -> Self {
        Self(error.to_string())
    }
}

/// What a store does: Spin's key-value interface, keys within a named store. Tests put stores in between that fail.
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
}

/// A store, shared by runtimes and tests.
#[derive(Clone)]
pub struct Kv {
    store: Arc<dyn KvStore>,
    blocking: bool,
}

impl Kv {
    /// A new, empty store in memory.
    pub fn memory() -> Self {
        Self { store: Arc::new(Memory::default()), blocking: false }
    }

    /// A store that is down: every operation fails.
    pub fn down() -> Self {
        Self { store: Arc::new(Down), blocking: false }
    }

    /// Whether there is a store at all, as far as one of ours can be taken away from a runtime that keeps its own.
    #[cfg(feature = "fastly")]
    pub(super) fn is_down(&self) -> bool {
        self.store.keys("default").is_err()
    }

    /// A store of the caller's own, which must not block for long.
    pub fn custom(store: Arc<dyn KvStore>) -> Self {
        Self { store, blocking: false }
    }

    /// The store itself, to look at what the edge wrote.
    pub fn store(&self) -> &dyn KvStore {
        &*self.store
    }

    /// Runs an operation where it may block.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        operation: impl FnOnce(&dyn KvStore) -> Result<T, KvError> + Send + 'static,
    ) -> Result<T, KvError> {
        if !self.blocking {
            return operation(&*self.store);
        }
        let store = self.store.clone();
        tokio::task::spawn_blocking(move || operation(&*store))
            .await
            .unwrap_or_else(|error| Err(KvError(error.to_string())))
    }
}

struct Down;

impl Down {
    fn said<T>() -> Result<T, KvError> {
        Err(KvError::new("the store is down"))
    }
}

impl KvStore for Down {
    fn get(&self, _: &str, _: &str) -> Result<Option<Vec<u8>>, KvError> {
        Self::said()
    }

    fn set(&self, _: &str, _: &str, _: &[u8]) -> Result<(), KvError> {
        Self::said()
    }

    fn delete(&self, _: &str, _: &str) -> Result<(), KvError> {
        Self::said()
    }

    fn keys(&self, _: &str) -> Result<Vec<String>, KvError> {
        Self::said()
    }
}

#[derive(Default)]
struct Memory {
    entries: Mutex<BTreeMap<(String, String), Vec<u8>>>,
}

impl Memory {
    fn with<T>(&self, operation: impl FnOnce(&mut BTreeMap<(String, String), Vec<u8>>) -> T) -> T {
        operation(&mut self.entries.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl KvStore for Memory {
    fn get(&self, store: &str, key: &str) -> Result<Option<Vec<u8>>, KvError> {
        Ok(self.with(|entries| entries.get(&(store.to_owned(), key.to_owned())).cloned()))
    }

    fn set(&self, store: &str, key: &str, value: &[u8]) -> Result<(), KvError> {
        self.with(|entries| entries.insert((store.to_owned(), key.to_owned()), value.to_owned()));
        Ok(())
    }

    fn delete(&self, store: &str, key: &str) -> Result<(), KvError> {
        self.with(|entries| entries.remove(&(store.to_owned(), key.to_owned())));
        Ok(())
    }

    fn keys(&self, store: &str) -> Result<Vec<String>, KvError> {
        Ok(self
            .with(|entries| entries.keys().filter(|(owner, _)| owner == store).map(|(_, key)| key.clone()).collect()))
    }
}

/// The table and the statements are those of Spin's SQLite provider (`crates/key-value-spin`), so that a file made by the one
/// is read by the other.
struct Sqlite {
    connection: Mutex<Connection>,
}

impl Sqlite {
    fn open(path: &PathBuf) -> Result<Self, KvError> {
        let connection = Connection::open(path).map_err(|error| KvError(format!("{}: {error}", path.display())))?;
        connection.busy_timeout(std::time::Duration::from_secs(5))?;
        connection.execute(
            "CREATE TABLE IF NOT EXISTS spin_key_value (
                store TEXT NOT NULL,
                key   TEXT NOT NULL,
                value BLOB NOT NULL,
                PRIMARY KEY (store, key)
            )",
            [],
        )?;
        Ok(Self { connection: Mutex::new(connection) })
    }

    fn with<T>(&self, operation: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, KvError> {
        Ok(operation(&self.connection.lock().unwrap_or_else(PoisonError::into_inner))?)
    }
}

impl KvStore for Sqlite {
    fn get(&self, store: &str, key: &str) -> Result<Option<Vec<u8>>, KvError> {
        self.with(|connection| {
            connection
                .prepare_cached("SELECT value FROM spin_key_value WHERE store=?1 AND key=?2")?
                .query_row([store, key], |row| row.get(0))
                .optional()
        })
    }

    fn set(&self, store: &str, key: &str, value: &[u8]) -> Result<(), KvError> {
        self.with(|connection| {
            connection
                .prepare_cached(
                    "INSERT INTO spin_key_value (store, key, value) VALUES (?1, ?2, ?3)
                     ON CONFLICT(store, key) DO UPDATE SET value=?3",
                )?
                .execute(params![store, key, value])
                .map(drop)
        })
    }

    fn delete(&self, store: &str, key: &str) -> Result<(), KvError> {
        self.with(|connection| {
            connection
                .prepare_cached("DELETE FROM spin_key_value WHERE store=?1 AND key=?2")?
                .execute([store, key])
                .map(drop)
        })
    }

    fn keys(&self, store: &str) -> Result<Vec<String>, KvError> {
        self.with(|connection| {
            connection
                .prepare_cached("SELECT key FROM spin_key_value WHERE store=?1 ORDER BY key")?
                .query_map([store], |row| row.get(0))?
                .collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn behaves(kv: &Kv) {
        let store = kv.store();
        assert_eq!(store.get("default", "a"), Ok(None));
        store.set("default", "b", b"1").expect("set");
        store.set("default", "a", &[0, 255]).expect("set");
        store.set("default", "a", &[0, 254]).expect("replace");
        store.set("other", "a", b"theirs").expect("set");
        assert_eq!(store.get("default", "a"), Ok(Some(vec![0, 254])));
        assert_eq!(store.keys("default"), Ok(vec!["a".to_owned(), "b".to_owned()]));
        store.delete("default", "a").expect("delete");
        store.delete("default", "a").expect("deleting nothing is no error");
        assert_eq!(store.get("default", "a"), Ok(None));
        assert_eq!(store.get("other", "a"), Ok(Some(b"theirs".to_vec())));
    }

    #[test]
    fn memory_and_sqlite_behave_alike_and_sqlite_remembers() {
        behaves(&Kv::memory());
        let folder = tempfile::tempdir().expect("a folder");
        let url = KvUrl::Sqlite(folder.path().join("kv.db"));
        behaves(&url.open().expect("opens"));
        let again = url.open().expect("opens again");
        assert_eq!(again.store().get("default", "b"), Ok(Some(b"1".to_vec())));
    }

    #[test]
    fn store_urls() {
        assert_eq!(KvUrl::parse("memory"), Ok(KvUrl::Memory));
        assert_eq!(KvUrl::parse("sqlite:a/b:c.db"), Ok(KvUrl::Sqlite("a/b:c.db".into())));
        for bad in ["", "sqlite", "sqlite:", "memory:", "file:x", "mysql://x"] {
            assert!(KvUrl::parse(bad).is_err(), "{bad}");
        }
        assert!(KvUrl::Sqlite("/nonexistent/folder/kv.db".into()).open().is_err());
    }
}
