use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Context, Result, anyhow};
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;
use wasmtime::{
    Cache, CacheConfig, Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig,
    component::{Component, HasSelf, Linker},
};
use wasmtime_wasi_http::p2::bindings::ProxyPre;

use super::{ComponentSource, state::State};
use crate::toolchain::target_dir;

/// Guests at a time. Each has an address range of its own in the pool.
const SLOTS: u32 = 256;

/// The most linear memory that any one guest may ask to be given.
const MAX_MEMORY: usize = 1 << 30;

/// How long a guest computes before others get a turn, and before it notices that it was cancelled. As in Spin.
const EPOCH: Duration = Duration::from_millis(10);

pub(super) mod bindings {
    wasmtime::component::bindgen!({
        path: "wit/spin",
        world: "host",
        imports: { default: async },
        with: { "wasi:keyvalue/atomics.cas": crate::runtime::spin::wasi_key_value::Cas },
        require_store_data_send: true,
    });
}

/// One engine per process: its pool reserves address space for every slot, and what it compiled serves every runtime.
struct Shared {
    engine: Engine,
    slots: Arc<Semaphore>,
    linker: Linker<State>,
    prepared: Mutex<HashMap<[u8; 32], ProxyPre<State>>>,
}

static SHARED: LazyLock<Result<Shared>> = LazyLock::new(Shared::new);

/// Compiles and links a component, or finds that done already.
pub(super) fn prepare(source: &ComponentSource) -> Result<ProxyPre<State>> {
    let shared = shared()?;
    let read;
    let bytes = match source {
        ComponentSource::Bytes(bytes) => bytes,
        ComponentSource::File(path) => {
            read = std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
            &read
        }
    };
    let digest: [u8; 32] = Sha256::digest(bytes).into();
    let mut prepared = shared.prepared.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(pre) = prepared.get(&digest) {
        return Ok(pre.clone());
    }
    let component = Component::from_binary(&shared.engine, bytes).map_err(|error| anyhow!("{error:#}"))?;
    let linked = shared.linker.instantiate_pre(&component).and_then(ProxyPre::new);
    let pre = linked.map_err(|error| anyhow!("the component wants what this host is not: {error:#}"))?;
    prepared.insert(digest, pre.clone());
    Ok(pre)
}

/// The permits to run a guest; one is held as long as the guest lives.
pub(super) fn slots() -> Result<Arc<Semaphore>> {
    Ok(shared()?.slots.clone())
}

/// The engine itself.
pub(super) fn engine() -> Result<Engine> {
    Ok(shared()?.engine.clone())
}

fn shared() -> Result<&'static Shared> {
    SHARED.as_ref().map_err(|error| anyhow!("{error:#}"))
}

impl Shared {
    fn new() -> Result<Self> {
        let mut pool = PoolingAllocationConfig::default();
        // A WASI 0.2 component is one component instance of some four core instances.
        pool.total_component_instances(SLOTS)
            .total_core_instances(SLOTS * 8)
            .total_memories(SLOTS)
            .total_tables(SLOTS * 8)
            .total_stacks(SLOTS)
            .max_memory_size(MAX_MEMORY)
            .linear_memory_keep_resident(64 << 10)
            .table_keep_resident(4 << 10);
        let mut config = Config::new();
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool)).epoch_interruption(true);
        // Compiled code, by the hash of the component: a second start takes milliseconds. Starting without it only takes longer.
        config.cache(Cache::new(cache_config()).ok());
        let engine = Engine::new(&config)?;
        tick(&engine)?;

        let mut linker = Linker::<State>::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
        wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
        bindings::Host_::add_to_linker::<_, HasSelf<State>>(&mut linker, |state| state)?;
        let slots = Arc::new(Semaphore::new(SLOTS as usize));
        Ok(Self { engine, slots, linker, prepared: Mutex::default() })
    }
}

/// Advances the engine's epoch for as long as the engine is there.
fn tick(engine: &Engine) -> std::io::Result<()> {
    let engine = engine.weak();
    std::thread::Builder::new().name("wasm-epoch".to_owned()).spawn(move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            std::thread::sleep(EPOCH);
        }
    })?;
    Ok(())
}

fn cache_config() -> CacheConfig {
    let mut config = CacheConfig::new();
    config.with_directory(target_dir().join("wasm-cache"));
    config
}
