use std::{path::PathBuf, str::FromStr};

use super::{Kv, KvError, redis::Redis, sqlite::Sqlite};

/// Which store `--kv` names.
#[derive(Clone, PartialEq, Eq)]
pub enum KvUrl {
    /// `memory`: ends with the process.
    Memory,
    /// `sqlite:PATH`: a file, with the table that Spin's own provider makes.
    Sqlite(PathBuf),
    /// `redis://[user:password@]host[:port][/number]`: with the keys that Spin's own provider uses, bare.
    Redis(String),
}

/// The password in a URL is nobody's to read.
impl std::fmt::Debug for KvUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Memory => f.write_str("memory"),
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Redis(url) => write!(f, "redis://{}", url.rsplit(['@', '/']).next().unwrap_or_default()),
        }
    }
}

/// A text that names no store.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("--kv names no key-value store: give memory, sqlite:PATH or redis://host:port")]
pub struct KvUrlError;

impl FromStr for KvUrl {
    type Err = KvUrlError;

    fn from_str(text: &str) -> Result<Self, KvUrlError> {
        match text.split_once(':') {
            None if text == "memory" => Ok(Self::Memory),
            Some(("sqlite", path)) if !path.is_empty() => Ok(Self::Sqlite(path.into())),
            Some(("redis", _)) if Redis::knows(text) => Ok(Self::Redis(text.to_owned())),
            _ => Err(KvUrlError),
        }
    }
}

impl KvUrl {
    /// Parses `memory`, `sqlite:PATH` or `redis://host:port`.
    ///
    /// # Errors
    /// [`KvUrlError`] for anything else.
    pub fn parse(text: &str) -> Result<Self, KvUrlError> {
        text.parse()
    }

    /// Opens the store, creating the file and the table where they are missing.
    ///
    /// # Errors
    /// Where the file cannot be opened as a database, or nobody answers at the address.
    pub fn open(&self) -> Result<Kv, KvError> {
        match self {
            Self::Memory => Ok(Kv::memory()),
            Self::Sqlite(path) => Ok(Kv::blocking(Sqlite::open(path)?)),
            Self::Redis(url) => Ok(Kv::blocking(Redis::open(url)?)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn store_urls() {
        assert_eq!(KvUrl::parse("memory"), Ok(KvUrl::Memory));
        assert_eq!(KvUrl::parse("sqlite:a/b:c.db"), Ok(KvUrl::Sqlite("a/b:c.db".into())));
        for good in ["redis://127.0.0.1:6379", "redis://kv.internal", "redis://:secret@kv.internal:1/2"] {
            assert_eq!(KvUrl::parse(good), Ok(KvUrl::Redis(good.to_owned())));
        }
        for bad in ["", "sqlite", "sqlite:", "memory:", "file:x", "mysql://x", "redis:", "redis:x", "redis://x/nine"] {
            assert!(KvUrl::parse(bad).is_err(), "{bad}");
        }
        assert!(KvUrl::Sqlite("/nonexistent/folder/kv.db".into()).open().is_err());
    }

    #[test]
    fn a_password_is_not_shown() {
        let url = KvUrl::parse("redis://user:secret@kv.internal:1").expect("good");
        assert_eq!(format!("{url:?}"), "redis://kv.internal:1");
    }
}
