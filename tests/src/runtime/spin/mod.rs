//! A Spin HTTP component in wasmtime, as `spin up` would run it: a fresh instance per request, streaming both ways, outbound
//! HTTP with the guest's timeouts, `fermyon:spin/key-value@2.0.0`, `wasi:keyvalue@0.2.0-draft2` (store and atomics) and
//! `fermyon:spin/variables@2.0.0`.
//!
//! What differs from Spin: no HTTPS to or from the guest, no manifest (every outbound host is allowed, the one component takes
//! every route, the only store is `default`), writes reach the store at once where Spin may buffer them within a request.

mod body;
mod engine;
mod key_value;
mod outgoing;
mod pool;
mod server;
mod state;
mod variables;
mod wasi_key_value;

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Context, Result};
use tokio::net::TcpListener;
use wasmtime_wasi_http::p2::bindings::ProxyPre;

pub(super) use key_value::LABEL as STORE_LABEL;

use super::{Clock, GuestLog, Kv};
use crate::server::Server;
use state::State;

/// The engine that components run in, for other programs that are to run as they do.
///
/// # Errors
/// Where the machine cannot have it.
pub(crate) fn engine() -> Result<wasmtime::Engine> {
    engine::engine()
}

/// Bytes of linear memory per instance, where nothing else is said: what Fastly and Akamai give.
pub const DEFAULT_MEMORY_LIMIT: usize = 128 << 20;

/// Where a component comes from.
#[derive(Clone, Debug)]
pub enum ComponentSource {
    /// A `.wasm` file.
    File(PathBuf),
    /// Its bytes.
    Bytes(Vec<u8>),
}

/// What a component is started with.
pub struct SpinOptions {
    /// The component.
    pub component: ComponentSource,
    /// Application variables; names as in `spin.toml` (`[a-z][a-z0-9_]*`).
    pub variables: BTreeMap<String, String>,
    /// The store `default`.
    pub kv: Kv,
    /// Port 0 takes a free one.
    pub listen: SocketAddr,
    /// The guest's wall clock.
    pub clock: Clock,
    /// Bytes of linear memory that one instance may have; more than 1 GiB is not to be had.
    pub memory_limit: usize,
    /// Whether guest output goes to stderr as well.
    pub echo_guest_output: bool,
}

impl SpinOptions {
    /// Options for a component: no variables, a store in memory, a free loopback port, the true time, 128 MiB.
    pub fn new(component: ComponentSource) -> Self {
        Self {
            component,
            variables: BTreeMap::new(),
            kv: Kv::memory(),
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            clock: Clock::default(),
            memory_limit: DEFAULT_MEMORY_LIMIT,
            echo_guest_output: false,
        }
    }
}

/// Starts components.
pub struct SpinRuntime;

impl SpinRuntime {
    /// Compiles (or takes from the cache on disk), links and serves a component.
    ///
    /// # Errors
    /// Where it does not compile, imports what this host lacks, exports no `wasi:http/incoming-handler`, or the address cannot
    /// be listened on.
    pub async fn start(options: SpinOptions) -> Result<Running> {
        let component = options.component;
        let pre = tokio::task::spawn_blocking(move || engine::prepare(&component)).await??;
        let listener =
            TcpListener::bind(options.listen).await.with_context(|| format!("listening on {}", options.listen))?;
        let addr = listener.local_addr()?;
        let app = Arc::new(App {
            pre,
            variables: Arc::new(options.variables),
            kv: options.kv,
            clock: options.clock,
            memory_limit: options.memory_limit,
            log: GuestLog::new(options.echo_guest_output),
            outgoing: outgoing::Outgoing::default(),
            traps: Mutex::default(),
        });
        let server = server::start(listener, app.clone());
        Ok(Running { addr, app, server })
    }
}

/// A component that is being served. Stops when dropped.
pub struct Running {
    addr: SocketAddr,
    app: Arc<App>,
    server: Server,
}

impl Running {
    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Guest failures so far, a message each: traps, and requests ended without an answer. Guests that were stopped because
    /// their client went away do not count.
    pub fn traps(&self) -> Vec<String> {
        self.app.traps.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What guests printed.
    pub fn log(&self) -> &GuestLog {
        &self.app.log
    }

    /// Makes an instance, as every request does, and gives the time that it took.
    ///
    /// # Errors
    /// Where there is none to be had.
    pub async fn instantiate(&self) -> Result<Duration> {
        server::instantiate(&self.app).await
    }

    /// Stops listening, ends open connections and the guests that serve them.
    pub async fn shutdown(self) {
        self.server.shutdown().await;
    }
}

/// One started component: what its instances share.
struct App {
    pre: ProxyPre<State>,
    variables: Arc<BTreeMap<String, String>>,
    kv: Kv,
    clock: Clock,
    memory_limit: usize,
    log: GuestLog,
    outgoing: outgoing::Outgoing,
    traps: Mutex<Vec<String>>,
}

impl App {
    fn record_trap(&self, message: String) {
        self.traps.lock().unwrap_or_else(PoisonError::into_inner).push(message);
    }
}
