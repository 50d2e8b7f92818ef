use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use redis::{Client, Connection, FromRedisValue, RedisError, RedisResult, ToRedisArgs, cmd};

use super::{KvError, KvStore};

/// How long a command may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// Keys as Spin's Redis provider has them (`crates/key-value-redis`): bare, whatever the store is called, strings that never expire.
/// Another application's keys in the same database are this one's too.
pub(super) struct Redis {
    client: Client,
    idle: Mutex<Vec<Connection>>,
}

impl From<RedisError> for KvError {
    fn from(error: RedisError) -> Self {
        Self::new(error.to_string())
    }
}

impl Redis {
    /// Whether the text is a URL of a Redis.
    pub(super) fn knows(url: &str) -> bool {
        url.starts_with("redis://") && Client::open(url).is_ok()
    }

    /// Connects.
    pub(super) fn open(url: &str) -> Result<Self, KvError> {
        let redis = Self { client: Client::open(url)?, idle: Mutex::default() };
        redis.with(|connection| cmd("PING").exec(connection))?;
        Ok(redis)
    }

    /// Runs commands on a connection of their own. One that failed is not used again, nor are those that were idle meanwhile.
    fn with<T>(&self, commands: impl FnOnce(&mut Connection) -> RedisResult<T>) -> Result<T, KvError> {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = idle().pop();
        let mut connection = match kept {
            Some(connection) => connection,
            None => {
                let connection = self.client.get_connection_with_timeout(PATIENCE)?;
                connection.set_read_timeout(Some(PATIENCE))?;
                connection.set_write_timeout(Some(PATIENCE))?;
                connection
            }
        };
        let outcome = commands(&mut connection);
        match &outcome {
            Ok(_) => idle().push(connection),
            Err(_) => idle().clear(),
        }
        Ok(outcome?)
    }

    fn ask<T: FromRedisValue>(&self, command: &str, arguments: impl ToRedisArgs) -> Result<T, KvError> {
        self.with(|connection| cmd(command).arg(arguments).query(connection))
    }
}

impl KvStore for Redis {
    fn get(&self, _: &str, key: &str) -> Result<Option<Vec<u8>>, KvError> {
        self.ask("GET", key)
    }

    fn set(&self, _: &str, key: &str, value: &[u8]) -> Result<(), KvError> {
        self.ask("SET", (key, value))
    }

    fn delete(&self, _: &str, key: &str) -> Result<(), KvError> {
        self.ask("DEL", key)
    }

    fn keys(&self, _: &str) -> Result<Vec<String>, KvError> {
        let mut keys: Vec<String> = self.ask("KEYS", "*")?;
        keys.sort();
        Ok(keys)
    }

    /// As Spin's: the key is watched while it is compared and written, and then the swap is said to have failed in any case. Its `UNWATCH`
    /// carries the key, which Redis refuses, and the refusal is taken for the swap's.
    fn swap(&self, _: &str, key: &str, seen: Option<&[u8]>, value: &[u8]) -> Result<bool, KvError> {
        self.with(|connection| {
            cmd("WATCH").arg(key).exec(connection)?;
            let stands: Option<Vec<u8>> = cmd("GET").arg(key).query(connection)?;
            if stands.as_deref() == seen {
                // Nothing where somebody wrote in between.
                let _: Option<()> = redis::pipe().atomic().cmd("SET").arg(key).arg(value).ignore().query(connection)?;
            } else {
                cmd("UNWATCH").exec(connection)?;
            }
            Ok(false)
        })
    }

    /// As Spin's: a decimal number.
    fn increment(&self, _: &str, key: &str, by: i64) -> Result<i64, KvError> {
        self.ask("INCRBY", (key, by))
    }
}
