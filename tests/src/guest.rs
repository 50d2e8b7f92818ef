//! Commands in WASM (`wasi:cli`), under the engine of the Spin host.

use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use wasmtime::{
    Store,
    component::{Component, Linker, ResourceTable},
};
use wasmtime_wasi::{
    FsPerms, WasiCtx, WasiCtxView, WasiView,
    p2::{bindings, pipe::MemoryOutputPipe},
};

use crate::runtime::spin;

/// The most that a command may print.
const PRINTED: usize = 1 << 20;

/// What a command holds.
struct State {
    wasi: WasiCtx,
    table: ResourceTable,
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

/// Runs a command on this thread, and gives what it printed. `folder`: what it may read, and where it finds it.
///
/// # Errors
/// Where it traps or says that it failed, with all that it printed.
pub fn run(module: &Path, arguments: &[&str], folder: Option<(&Path, &str)>) -> Result<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("starting a runtime")?;
    runtime.block_on(command(module, arguments, folder)).with_context(|| format!("{} in WASM", arguments.join(" ")))
}

async fn command(module: &Path, arguments: &[&str], folder: Option<(&Path, &str)>) -> Result<String> {
    let engine = spin::engine()?;
    let component =
        Component::from_file(&engine, module).map_err(|error| anyhow!("{}: {error:#}", module.display()))?;
    let mut linker = Linker::<State>::new(&engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;

    let (stdout, stderr) = (MemoryOutputPipe::new(PRINTED), MemoryOutputPipe::new(PRINTED));
    let mut wasi = WasiCtx::builder();
    wasi.arg("guest").args(arguments).stdout(stdout.clone()).stderr(stderr.clone());
    if let Some((folder, name)) = folder {
        wasi.preopened_dir(folder, name, FsPerms::ReadOnly)
            .map_err(|error| anyhow!("{}: {error:#}", folder.display()))?;
    }
    let mut store = Store::new(&engine, State { wasi: wasi.build(), table: ResourceTable::new() });
    store.set_epoch_deadline(1);
    store.epoch_deadline_async_yield_and_update(1);
    let command = bindings::Command::instantiate_async(&mut store, &component, &linker).await?;
    let outcome = command.wasi_cli_run().call_run(&mut store).await;
    let text = |pipe: &MemoryOutputPipe| String::from_utf8_lossy(&pipe.contents()).trim().to_owned();
    match outcome {
        Ok(Ok(())) => Ok(String::from_utf8_lossy(&stdout.contents()).into_owned()),
        Ok(Err(())) => bail!("{}\n{}", text(&stderr), text(&stdout)),
        Err(trap) => bail!("{trap:#}\n{}\n{}", text(&stderr), text(&stdout)),
    }
}
