//! A Fastly Compute program under viceroy-lib, Fastly's own local runtime: core cache, KV with generations, config and secret stores, geography
//! by address, named log endpoints, streaming both ways, sandboxes that are used again.
//!
//! What differs from the platform is Viceroy's: it rate-limits nobody, has one clock (the machine's), and keeps stores and cache in the
//! memory of the process. The service is the one of `infra/fastly/fastly.toml`, with the values of the day put in.

mod body;
mod log;
mod manifest;
mod memory;
mod server;

use std::{
    collections::{BTreeMap, HashSet},
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context, Result};
use tokio::net::TcpListener;
use viceroy_lib::{ExecuteCtx, ProfilingConfig, WasmFeatures, config::UnknownImportBehavior};

use super::GuestLog;
use crate::server::Server;
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
    /// Whether the service has its KV store.
    pub store: bool,
    /// Port 0 takes a free one.
    pub listen: SocketAddr,
    /// Whether guest output goes to stderr as well.
    pub echo_guest_output: bool,
}

/// A program that is being served. Stops when dropped.
pub struct Running {
    addr: SocketAddr,
    context: Arc<ExecuteCtx>,
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
    let service = manifest::service(&options)?;
    let capture = Arc::new(Mutex::new(Capture::new(log.clone(), failures.clone())));
    let (module, memory_limit) = (options.module, options.memory_limit);
    let context = tokio::task::spawn_blocking(move || -> Result<Arc<ExecuteCtx>> {
        let limited = memory::limited(&module, memory_limit).with_context(|| module.display().to_string())?;
        let builder = ExecuteCtx::build(
            &limited,
            ProfilingConfig::None,
            HashSet::new(),
            UnknownImportBehavior::LinkError,
            false,
            WasmFeatures::default(),
        )?;
        let builder = builder
            .with_backends(service.backends().clone())
            .with_dictionaries(service.dictionaries().clone())
            .with_object_stores(service.object_stores().clone())
            .with_secret_stores(service.secret_stores().clone())
            .with_geolocation(service.geolocation().clone())
            .with_capture_logs(capture)
            .with_log_stdout(true)
            .with_log_stderr(true);
        builder.finish().with_context(|| module.display().to_string())
    })
    .await??;
    let listener =
        TcpListener::bind(options.listen).await.with_context(|| format!("listening on {}", options.listen))?;
    let addr = listener.local_addr()?;
    let server = server::start(listener, addr, context.clone(), failures.clone());
    Ok(Running { addr, context, log, failures, server })
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
        if let Ok(key) = surrogate_key.parse() {
            self.context.cache().purge(key, false);
        }
    }

    /// Stops listening and ends open connections. Guests that wait for another request end by themselves.
    pub async fn shutdown(self) {
        self.server.shutdown().await;
    }
}
