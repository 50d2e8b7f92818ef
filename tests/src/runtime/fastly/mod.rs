//! A Fastly Compute program under viceroy-lib, Fastly's own local runtime: core cache, KV with generations, config and secret stores, geography
//! by address, named log endpoints, streaming both ways, sandboxes that are used again.
//!
//! What differs from the platform is Viceroy's: it rate-limits nobody, has one clock (the machine's), and keeps stores and cache in the
//! memory of the process. The service is the one of `infra/fastly/fastly.toml`, with the values of the day put in.

mod body;
mod contexts;
mod log;
mod manifest;
mod memory;
mod server;
mod stored;

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context, Result};
use tokio::net::TcpListener;

use super::{GuestLog, Kv};
use crate::server::Server;
use contexts::Contexts;
use log::Capture;

/// What a program is started with.
pub struct FastlyOptions {
    /// The `.wasm` file.
    pub module: PathBuf,
    /// The item `sluice_config` of the config store. Its `origin` says where the backend is and how long the service waits for it.
    pub config: String,
    /// The secret store.
    pub secrets: BTreeMap<String, String>,
    /// Where addresses are: ISO 3166-1 alpha-2. An address that is not listed is unknown.
    pub countries: BTreeMap<std::net::IpAddr, String>,
    /// Bytes of linear memory that one instance may have. Viceroy gives 128 MiB, and no more.
    pub memory_limit: usize,
    /// While this one is down, the service has no KV store of its own either.
    pub store_switch: Kv,
    /// Port 0 takes a free one.
    pub listen: SocketAddr,
    /// Whether guest output goes to stderr as well.
    pub echo_guest_output: bool,
}

/// A program that is being served. Stops when dropped.
pub struct Running {
    addr: SocketAddr,
    contexts: Arc<Contexts>,
    log: GuestLog,
    failures: Failures,
    server: Server,
}

/// What went wrong in guests, a message each.
#[derive(Clone, Default)]
struct Failures(Arc<Mutex<Vec<String>>>);

impl Failures {
    fn record(&self, message: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(message);
    }
}

/// Compiles, links and serves a program.
///
/// # Errors
/// Where it does not compile, wants what this host is not, or the address cannot be listened on.
pub async fn start(options: FastlyOptions) -> Result<Running> {
    // Viceroy's TLS would take either of two providers, and so takes none by itself. An error means that one is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let log = GuestLog::new(options.echo_guest_output);
    let failures = Failures::default();
    let listen = options.listen;
    let contexts = Arc::new(Contexts::new(options, Capture::new(log.clone(), failures.clone())));
    contexts.current().await?;
    let listener = TcpListener::bind(listen).await.with_context(|| format!("listening on {listen}"))?;
    let addr = listener.local_addr()?;
    let server = server::start(listener, addr, contexts.clone(), failures.clone());
    Ok(Running { addr, contexts, log, failures, server })
}

impl Running {
    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Guest failures so far: traps, and whatever guests wrote to stderr, which a healthy one does not.
    pub fn traps(&self) -> Vec<String> {
        self.failures.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What guests wrote to the log endpoint.
    pub fn log(&self) -> &GuestLog {
        &self.log
    }

    /// Drops what the core cache keeps under a surrogate key.
    pub fn purge(&self, surrogate_key: &str) {
        for context in self.contexts.made() {
            if let Ok(key) = surrogate_key.parse() {
                context.cache().purge(key, false);
            }
        }
    }

    /// What is in the KV stores.
    pub fn stored(&self) -> Result<Vec<(String, Vec<u8>)>> {
        let mut all = Vec::new();
        for context in self.contexts.made() {
            all.extend(stored::values(&format!("{:?}", context.object_store()))?);
        }
        Ok(all)
    }

    /// Stops listening and ends open connections. Guests that wait for another request end by themselves.
    pub async fn shutdown(self) {
        self.server.shutdown().await;
    }
}
