//! Hosts for the edge modules, in process: the product's own WASM, under the engine its platform uses.
//!
//! [`EdgeHost`] is the list of hosts. A conformance test takes one and an [`EdgeSpec`], and so runs on all of them.

mod clock;
#[cfg(feature = "fastly")]
pub mod fastly;
mod guest_log;
mod kv;
pub mod spin;

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    sync::LazyLock,
};

use anyhow::{Result, anyhow};

pub use clock::Clock;
pub use guest_log::GuestLog;
pub use kv::{Kv, KvError, KvOperations, KvStore, KvUrl};

/// A platform that the edge runs on, as far as it can be run on one machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EdgeHost {
    /// The Spin component (WASI 0.2) in wasmtime, with key-value and variables hosts of our own.
    Spin,
    /// The same, built to ask its store by `wasi:keyvalue`, with compare-and-swap.
    SpinCas,
    /// The Fastly Compute program under viceroy-lib.
    #[cfg(feature = "fastly")]
    Fastly,
}

impl EdgeHost {
    /// Every platform there is in this build, by the component that it is given without more being said.
    pub const ALL: &[Self] = &[
        Self::Spin,
        #[cfg(feature = "fastly")]
        Self::Fastly,
    ];

    /// The word of `--host`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Spin => "spin",
            Self::SpinCas => "spin-cas",
            #[cfg(feature = "fastly")]
            Self::Fastly => "fastly",
        }
    }

    /// Parses the word of `--host`.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().chain([Self::SpinCas]).find(|host| host.as_str() == word)
    }

    /// Whether the guest goes by [`EdgeSpec::clock`]. Elsewhere it has the machine's time, and time passes by waiting.
    pub fn has_virtual_clock(self) -> bool {
        match self {
            Self::Spin | Self::SpinCas => true,
            #[cfg(feature = "fastly")]
            Self::Fastly => false,
        }
    }

    /// Whether sessions are kept in [`EdgeSpec::kv`]. Elsewhere the runtime has a store of its own.
    pub fn takes_store(self) -> bool {
        match self {
            Self::Spin | Self::SpinCas => true,
            #[cfg(feature = "fastly")]
            Self::Fastly => false,
        }
    }

    /// Whether concurrent misses of one object make one request to the origin, without a caching proxy in between.
    pub fn collapses_misses(self) -> bool {
        match self {
            Self::Spin | Self::SpinCas => false,
            #[cfg(feature = "fastly")]
            Self::Fastly => true,
        }
    }

    /// Builds the host's module, once per process, with cargo's progress on stderr. Returns its path.
    ///
    /// # Errors
    /// Where a target cannot be added or the build fails.
    pub fn build(self) -> Result<PathBuf> {
        static SPIN: LazyLock<Result<PathBuf>> = LazyLock::new(crate::wasm_build::spin);
        static SPIN_CAS: LazyLock<Result<PathBuf>> = LazyLock::new(crate::wasm_build::spin_cas);
        #[cfg(feature = "fastly")]
        static FASTLY: LazyLock<Result<PathBuf>> = LazyLock::new(crate::wasm_build::fastly);
        let built = match self {
            Self::Spin => &*SPIN,
            Self::SpinCas => &*SPIN_CAS,
            #[cfg(feature = "fastly")]
            Self::Fastly => &*FASTLY,
        };
        built.as_ref().cloned().map_err(|error| anyhow!("{error:#}"))
    }

    /// Starts the module at `spec.module`.
    ///
    /// # Errors
    /// Where the module does not compile or link, or the address cannot be listened on.
    pub async fn start(self, spec: EdgeSpec) -> Result<Edge> {
        match self {
            Self::Spin | Self::SpinCas => {
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
            #[cfg(feature = "fastly")]
            Self::Fastly => {
                let running = fastly::start(fastly::FastlyOptions {
                    module: spec.module,
                    config: spec.config,
                    secrets: spec.secrets,
                    countries: spec.countries,
                    memory_limit: spec.memory_limit,
                    store_switch: spec.kv,
                    listen: spec.listen,
                    echo_guest_output: spec.echo_guest_output,
                })
                .await?;
                Ok(Edge::Fastly(running))
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
    /// The key-value store, where the host takes one. Outlives the edge, so that another one may go on with it. A host that keeps its own
    /// goes without it where this one is down.
    pub kv: Kv,
    /// Port 0 takes a free one.
    pub listen: SocketAddr,
    /// The guest's wall clock, where the host lets us set it.
    pub clock: Clock,
    /// Where addresses are, ISO 3166-1 alpha-2, for a platform that tells.
    pub countries: BTreeMap<IpAddr, String>,
    /// Bytes of linear memory that one instance may have; at most [`spin::DEFAULT_MEMORY_LIMIT`] in Viceroy.
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
            countries: BTreeMap::new(),
            memory_limit: spin::DEFAULT_MEMORY_LIMIT,
            echo_guest_output: false,
        }
    }
}

/// An edge that is running. Stops when dropped.
pub enum Edge {
    /// In wasmtime.
    Spin(spin::Running),
    /// In Viceroy.
    #[cfg(feature = "fastly")]
    Fastly(fastly::Running),
}

impl Edge {
    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        match self {
            Self::Spin(running) => running.addr(),
            #[cfg(feature = "fastly")]
            Self::Fastly(running) => running.addr(),
        }
    }

    /// What went wrong inside the guest so far: traps, and requests that it ended without an answer. A healthy edge has none,
    /// whatever it is sent.
    pub fn traps(&self) -> Vec<String> {
        match self {
            Self::Spin(running) => running.traps(),
            #[cfg(feature = "fastly")]
            Self::Fastly(running) => running.traps(),
        }
    }

    /// What the guest printed.
    pub fn log(&self) -> &GuestLog {
        match self {
            Self::Spin(running) => running.log(),
            #[cfg(feature = "fastly")]
            Self::Fastly(running) => running.log(),
        }
    }

    /// Drops what the edge's own cache keeps under a surrogate key, as operators do; nothing on a host that has none.
    #[cfg_attr(not(feature = "fastly"), expect(unused_variables, reason = "no host of this build keeps anything"))]
    pub fn purge(&self, surrogate_key: &str) {
        match self {
            Self::Spin(_) => {}
            #[cfg(feature = "fastly")]
            Self::Fastly(running) => running.purge(surrogate_key),
        }
    }

    /// What guests keep in the store: of `kv`, where the host was given it, or of the runtime's own.
    ///
    /// # Errors
    /// Where the store cannot tell.
    pub fn stored(&self, kv: &Kv) -> Result<Vec<(String, Vec<u8>)>> {
        match self {
            Self::Spin(_) => kv.all(spin::STORE_LABEL),
            #[cfg(feature = "fastly")]
            Self::Fastly(running) => running.stored(),
        }
    }

    /// Stops listening, ends open connections and the guests that serve them.
    pub async fn shutdown(self) {
        match self {
            Self::Spin(running) => running.shutdown().await,
            #[cfg(feature = "fastly")]
            Self::Fastly(running) => running.shutdown().await,
        }
    }
}
