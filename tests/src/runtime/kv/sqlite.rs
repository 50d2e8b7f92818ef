use std::{
    path::Path,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use rusqlite::{Connection, OptionalExtension, params};

use super::{KvError, KvStore};

/// The table and the statements are those of Spin's SQLite provider (`crates/key-value-spin`), so that a file made by the one
/// is read by the other.
pub(super) struct Sqlite {
    connection: Mutex<Connection>,
}

impl From<rusqlite::Error> for KvError {
    fn from(error: rusqlite::Error) -> Self {
        Self::new(error.to_string())
    }
}

impl Sqlite {
    pub(super) fn open(path: &Path) -> Result<Self, KvError> {
        let connection =
            Connection::open(path).map_err(|error| KvError::new(format!("{}: {error}", path.display())))?;
        connection.busy_timeout(Duration::from_secs(5))?;
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

    fn with<T, E: Into<KvError>>(&self, operation: impl FnOnce(&mut Connection) -> Result<T, E>) -> Result<T, KvError> {
        operation(&mut self.connection.lock().unwrap_or_else(PoisonError::into_inner)).map_err(Into::into)
    }
}

fn get(connection: &Connection, store: &str, key: &str) -> rusqlite::Result<Option<Vec<u8>>> {
    connection
        .prepare_cached("SELECT value FROM spin_key_value WHERE store=?1 AND key=?2")?
        .query_row([store, key], |row| row.get(0))
        .optional()
}

fn set(connection: &Connection, store: &str, key: &str, value: &[u8]) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO spin_key_value (store, key, value) VALUES (?1, ?2, ?3)
             ON CONFLICT(store, key) DO UPDATE SET value=?3",
        )?
        .execute(params![store, key, value])
        .map(drop)
}

impl KvStore for Sqlite {
    fn get(&self, store: &str, key: &str) -> Result<Option<Vec<u8>>, KvError> {
        self.with(|connection| get(connection, store, key))
    }

    fn set(&self, store: &str, key: &str, value: &[u8]) -> Result<(), KvError> {
        self.with(|connection| set(connection, store, key, value))
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
                .collect::<rusqlite::Result<_>>()
        })
    }

    /// As Spin's: what was seen is compared, and nothing is where nothing was seen.
    fn swap(&self, store: &str, key: &str, seen: Option<&[u8]>, value: &[u8]) -> Result<bool, KvError> {
        let Some(seen) = seen else { return self.set(store, key, value).map(|()| true) };
        self.with(|connection| {
            connection
                .prepare_cached("UPDATE spin_key_value SET value=?4 WHERE store=?1 AND key=?2 AND value=?3")?
                .execute(params![store, key, seen, value])
                .map(|rows| rows == 1)
        })
    }

    /// As Spin's: eight bytes, the least significant first.
    fn increment(&self, store: &str, key: &str, by: i64) -> Result<i64, KvError> {
        self.with(|connection| {
            let transaction = connection.transaction()?;
            let number = match get(&transaction, store, key)? {
                Some(value) => {
                    let bytes = <[u8; 8]>::try_from(value).map_err(|_| KvError::new("not a number"))?;
                    i64::from_le_bytes(bytes)
                }
                None => 0,
            };
            let sum = number.saturating_add(by);
            set(&transaction, store, key, &sum.to_le_bytes())?;
            transaction.commit()?;
            Ok::<_, KvError>(sum)
        })
    }
}
