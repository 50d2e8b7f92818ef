//! Hosts for the edge modules, in process: the product's own WASM, under the engine its platform uses.
//!
//! [`EdgeHost`] is the list of hosts. A conformance test takes one and an [`EdgeSpec`], and so runs on all of them.

mod clock;
mod guest_log;
mod kv;
pub mod spin;

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, sync::LazyLock};

use anyhow::{Result, anyhow};

pub use clock::Clock;
pub use guest_log::GuestLog;
pub use kv::{Kv, KvError, KvStore, KvUrl};

/// A platform that the edge runs on, as far as it can be run on one machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EdgeHost {
    /// The Spin component (WASI 0.2) in wasmtime, with key-value and variables hosts of our own.
    Spin,
}

impl EdgeHost {
    /// Every host there is.
    pub const ALL: [Self; 1] = [Self::Spin];

    /// The word of `--host`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Spin => "spin",
        }
    }

    /// Parses the word of `--host`.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|host| host.as_str() == word)
    }

    /// Builds the host's module, once per process, with cargo's progress on stderr. Returns its path.
    ///
    /// # Errors
    /// Where a target cannot be added or the build fails.
    pub fn build(self) -> Result<PathBuf> {
        static SPIN: LazyLock<Result<PathBuf>> = LazyLock::new(crate::wasm_build::spin);
        let built = match self {
            Self::Spin => &*SPIN,
        };
        built.as_ref().cloned().map_err(|error| anyhow!("{error:#}"))
    }

    /// Starts the module at `spec.module`.
    ///
    /// # Errors
    /// Where the module does not compile or link, or the address cannot be listened on.
    pub async fn start(self, spec: EdgeSpec) -> Result<Edge> {
        match self {
            Self::Spin => {
                let mut variables = spec.secrets;
                variables.insert("sluice_config".to_owned(), spec.config);
                let running = spin::SpinRuntime::start(spin::SpinOptions {
                    component: spin::ComponentSource::File(spec.module),
                    variables,
                    kv: spec.kv,
                    listen: spec.listen,
                    clock: spec.clock,
                    memory_limit: spec.memory_limit,
                    echo_guest_output: spec.echo_guest_output,
                })
                .await?;
                Ok(Edge::Spin(running))
            }
        }
    }
}

/// What an edge is started with, whatever the host.
pub struct EdgeSpec {
    /// The built module.
    pub module: PathBuf,
    /// The edge's configuration document, JSON.
    pub config: String,
    /// Secrets by name.
    pub secrets: BTreeMap<String, String>,
    /// The key-value store `default`. Outlives the edge, so that another one may go on with it.
    pub kv: Kv,
    /// Port 0 takes a free one.
    pub listen: SocketAddr,
    /// The guest's wall clock.
    pub clock: Clock,
    /// Bytes of linear memory that one instance may have.
    pub memory_limit: usize,
    /// Whether what the guest prints goes to stderr as well as to the log.
    pub echo_guest_output: bool,
}

impl EdgeSpec {
    /// A spec with an in-memory store, a free loopback port, the true time and 128 MiB per instance, as Fastly and Akamai give.
    pub fn new(module: PathBuf, config: String, secrets: BTreeMap<String, String>) -> Self {
        Self {
            module,
            config,
            secrets,
            kv: Kv::memory(),
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            clock: Clock::default(),
            memory_limit: spin::DEFAULT_MEMORY_LIMIT,
            echo_guest_output: false,
        }
    }
}

/// An edge that is running. Stops when dropped.
pub enum Edge {
    /// In wasmtime.
    Spin(spin::Running),
}

impl Edge {
    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        match self {
            Self::Spin(running) => running.addr(),
        }
    }

    /// What went wrong inside the guest so far: traps, and requests that it ended without an answer. A healthy edge has none,
    /// whatever it is sent.
    pub fn traps(&self) -> Vec<String> {
        match self {
            Self::Spin(running) => running.traps(),
        }
    }

    /// What the guest printed.
    pub fn log(&self) -> &GuestLog {
        match self {
            Self::Spin(running) => running.log(),
        }
    }

    /// Stops listening, ends open connections and the guests that serve them.
    pub async fn shutdown(self) {
        match self {
            Self::Spin(running) => running.shutdown().await,
        }
    }
}
