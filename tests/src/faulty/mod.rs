//! An HTTP proxy that does what origins do on bad days: stands between an edge and its origin, counts what passes, and spoils
//! what it is told to spoil.

mod fault;
mod proxy;
mod segment;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::Result;
use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::{net::TcpListener, sync::watch};

pub use fault::Fault;
use fault::Rule;

use crate::server::Server;

/// A request that came through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// The `Range` header, where there was one.
    pub range: Option<String>,
}

/// A proxy to one server. Stops when dropped.
pub struct FaultyProxy {
    addr: SocketAddr,
    shared: Arc<Shared>,
    /// Ends with the proxy.
    _server: Server,
}

struct Shared {
    upstream: SocketAddr,
    rules: Mutex<Vec<Rule>>,
    seen: Mutex<Vec<Seen>>,
    /// Set on every request that passes.
    headers: Mutex<HeaderMap>,
    /// Stalled bodies wait for this to become true.
    released: watch::Sender<bool>,
}

impl FaultyProxy {
    /// Starts a proxy to `upstream` on a free loopback port. It passes everything on as it is until it is told otherwise.
    ///
    /// # Errors
    /// Where no port can be listened on.
    pub async fn start(upstream: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let addr = listener.local_addr()?;
        let shared = Arc::new(Shared {
            upstream,
            rules: Mutex::default(),
            seen: Mutex::default(),
            headers: Mutex::default(),
            released: watch::Sender::new(false),
        });
        let server = proxy::start(listener, shared.clone());
        Ok(Self { addr, shared, _server: server })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Spoils every answer to a path that contains `path`. The newest rule that fits applies.
    pub fn spoil(&self, path: &str, fault: Fault) {
        self.add(Rule { path: path.to_owned(), fault, times: None });
    }

    /// Spoils the next `times` answers to a path that contains `path`.
    pub fn spoil_times(&self, path: &str, fault: Fault, times: u32) {
        self.add(Rule { path: path.to_owned(), fault, times: Some(times) });
    }

    /// Sets a header on every request that passes from now on, whatever the client sent under that name: a proxy that an edge
    /// trusts tells it so where the client is.
    pub fn set_header(&self, name: HeaderName, value: HeaderValue) {
        self.shared.headers.lock().unwrap_or_else(PoisonError::into_inner).insert(name, value);
    }

    /// Forgets all faults. Bodies that are stalled stay so until [`Self::release`].
    pub fn heal(&self) {
        self.rules().clear();
    }

    /// Lets all stalled bodies go on, and those that come.
    pub fn release(&self) {
        self.shared.released.send_replace(true);
    }

    /// Every request so far, in order of arrival.
    pub fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many requests came for each path, queries left out.
    pub fn counts(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for seen in self.seen() {
            let path = seen.path.split('?').next().unwrap_or_default().to_owned();
            *counts.entry(path).or_default() += 1;
        }
        counts
    }

    fn add(&self, rule: Rule) {
        self.rules().push(rule);
    }

    fn rules(&self) -> std::sync::MutexGuard<'_, Vec<Rule>> {
        self.shared.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
