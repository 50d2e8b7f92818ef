use std::fmt;

use anyhow::Result;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::accounts::Bound;
use crate::{
    redis_server::RedisServer,
    runtime::{EdgeHost, Kv, KvUrl},
};

/// Where sessions and slots are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Store {
    /// A file, by Spin's statements.
    Sqlite,
    /// A `redis-server`, by Spin's commands.
    Redis,
    /// The platform's own, as its local runtime has it.
    Platform,
}

impl fmt::Display for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "SQLite",
            Self::Redis => "Redis",
            Self::Platform => "KV store",
        })
    }
}

/// Within how long every reader sees a write, seconds: at once, but the tests' clock moves meanwhile.
const STALENESS: u64 = 1;
/// By how much clocks differ, seconds: there is one.
const SKEW: u64 = 1;

/// An edge and its store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contest {
    /// The edge.
    pub host: EdgeHost,
    /// The store.
    pub store: Store,
}

impl Contest {
    /// All that there are in this build.
    pub const ALL: &[Self] = &[
        Self { host: EdgeHost::Spin, store: Store::Sqlite },
        Self { host: EdgeHost::Spin, store: Store::Redis },
        Self { host: EdgeHost::SpinCas, store: Store::Sqlite },
        Self { host: EdgeHost::SpinCas, store: Store::Redis },
        #[cfg(feature = "fastly")]
        Self { host: EdgeHost::Fastly, store: Store::Platform },
    ];

    /// What the store does with writers that overtake each other, in a word.
    pub fn mode(self) -> &'static str {
        if self.compares() { "cas" } else { "eventual" }
    }

    /// The edge's configuration for a race with leases of so many seconds. What it says of the store is what [`Self::bound`] goes by.
    pub(super) fn config(self, lease: u64) -> Value {
        let ordering = if self.compares() { "generation" } else { "eventual" };
        json!({ "name": "load", "lease_seconds": lease, "consistency": {
            "ordering": ordering, "staleness_seconds": STALENESS, "provisional_seconds": provisional(lease), "skew_seconds": SKEW,
        } })
    }

    /// What an account's live sessions may come to.
    pub(super) fn bound(self, lease: u64) -> Bound {
        if self.compares() {
            Bound::Limit
        } else {
            Bound::LimitAndAdmissions { window: STALENESS + provisional(lease) + SKEW }
        }
    }

    /// Fastly's generations count as nothing: it does not say that it orders writes where it compares them, and Viceroy does not.
    fn compares(self) -> bool {
        self.host == EdgeHost::SpinCas
    }
}

/// The first right of a session where the store does not compare, seconds: long enough for one that is watched while the store dies.
fn provisional(lease: u64) -> u64 {
    lease.max(3 * STALENESS + SKEW + 4)
}

impl fmt::Display for Contest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.host.as_str(), self.store)
    }
}

/// A store that runs, and can be ended.
pub(super) enum Running {
    Sqlite(#[expect(dead_code, reason = "the folder is there as long as this is")] TempDir),
    Redis(RedisServer),
    Platform,
}

impl Store {
    pub(super) fn open(self) -> Result<(Running, Kv)> {
        Ok(match self {
            Self::Sqlite => {
                let folder = tempfile::tempdir()?;
                let kv = KvUrl::Sqlite(folder.path().join("kv.db")).open()?;
                (Running::Sqlite(folder), kv)
            }
            Self::Redis => {
                let server = RedisServer::start()?;
                let kv = KvUrl::Redis(server.url()).open()?;
                (Running::Redis(server), kv)
            }
            Self::Platform => (Running::Platform, Kv::memory()),
        })
    }
}

impl Running {
    /// Ends the store: its process where it has one, else every answer of it.
    pub(super) async fn kill(self, kv: &Kv) -> Result<()> {
        match self {
            Self::Redis(mut server) => tokio::task::spawn_blocking(move || server.kill()).await?,
            Self::Sqlite(_) | Self::Platform => kv.take_down(),
        }
        Ok(())
    }
}
