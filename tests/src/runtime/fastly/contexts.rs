use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
};

use anyhow::{Context, Result};
use tokio::sync::OnceCell;
use viceroy_lib::{ExecuteCtx, ProfilingConfig, WasmFeatures, config::UnknownImportBehavior};

use super::{FastlyOptions, log::Capture, manifest, memory};

/// The service with its KV store, and without: Viceroy cannot take one away from a service that runs. Each is made when it is needed.
///
/// They share nothing. A service that lost its store has an empty cache, too.
pub(super) struct Contexts {
    options: FastlyOptions,
    capture: Arc<Mutex<Capture>>,
    whole: OnceCell<Arc<ExecuteCtx>>,
    without_store: OnceCell<Arc<ExecuteCtx>>,
}

impl Contexts {
    pub(super) fn new(options: FastlyOptions, capture: Capture) -> Self {
        let capture = Arc::new(Mutex::new(capture));
        Self { options, capture, whole: OnceCell::new(), without_store: OnceCell::new() }
    }

    /// The one that serves now.
    ///
    /// # Errors
    /// Where the program does not compile, or wants what this host is not.
    pub(super) async fn current(&self) -> Result<Arc<ExecuteCtx>> {
        let with_store = !self.options.store_switch.is_down();
        let cell = if with_store { &self.whole } else { &self.without_store };
        cell.get_or_try_init(|| self.make(with_store)).await.cloned()
    }

    /// Those that have served.
    pub(super) fn made(&self) -> impl Iterator<Item = &Arc<ExecuteCtx>> {
        self.whole.get().into_iter().chain(self.without_store.get())
    }

    async fn make(&self, with_store: bool) -> Result<Arc<ExecuteCtx>> {
        let service = manifest::service(&self.options, with_store)?;
        let (module, memory_limit) = (self.options.module.clone(), self.options.memory_limit);
        let capture = self.capture.clone();
        tokio::task::spawn_blocking(move || -> Result<Arc<ExecuteCtx>> {
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
        .await?
    }
}
