//! The guest program: built, and run under the engine of the Spin host or natively.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
};

use anyhow::{Context, Result, anyhow, bail};
use wasmtime::{
    Store,
    component::{Component, Linker, ResourceTable},
};
use wasmtime_wasi::{
    FsPerms, WasiCtx, WasiCtxView, WasiView,
    p2::{bindings, pipe::MemoryOutputPipe},
};

use super::{figure::Group, measures::Measures};
use crate::{runtime::spin, wasm_build};

/// Where the guest finds the media.
const MEDIA: &str = "/media";
/// The most that a guest may print.
const PRINTED: usize = 1 << 20;
/// In how many parts WASM and native take turns.
const TURNS: usize = 4;
/// What native measures are called by.
const NATIVE: &str = "native_";

/// Measures a group that needs nothing but the guest.
pub(super) fn measure(group: Group, runs: usize, into: &mut Measures) -> Result<()> {
    into.read("", &in_wasm(group, runs, None)?)
}

/// Measures segments, in WASM and natively in turn.
pub(super) fn measure_segments(runs: usize, media: &Path, into: &mut Measures) -> Result<()> {
    let native = wasm_build::native_perf_guest()?;
    for _ in 0..TURNS.min(runs) {
        let runs = runs.div_ceil(TURNS);
        into.read("", &in_wasm(Group::Segments, runs, Some(media))?)?;
        into.read(NATIVE, &natively(&native, Group::Segments, runs, media)?)?;
    }
    Ok(())
}

/// One run in WASM, to see that all of it works.
pub(super) fn rehearse(group: Group, media: Option<&Path>, into: &mut Measures) -> Result<()> {
    into.read("", &in_wasm(group, 1, media)?)
}

fn natively(program: &Path, group: Group, runs: usize, media: &Path) -> Result<String> {
    let mut command = Command::new(program);
    let output = command.args([group.as_str(), &runs.to_string()]).arg(media).output();
    let output = output.with_context(|| format!("running {}", program.display()))?;
    if !output.status.success() {
        bail!("{} failed: {}", program.display(), String::from_utf8_lossy(&output.stderr).trim());
    }
    String::from_utf8(output.stdout).context("what the guest printed")
}

/// What a guest in WASM holds.
struct State {
    wasi: WasiCtx,
    table: ResourceTable,
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

/// Runs the guest on this thread, and gives what it printed.
fn in_wasm(group: Group, runs: usize, media: Option<&Path>) -> Result<String> {
    static MODULE: LazyLock<Result<PathBuf>> = LazyLock::new(wasm_build::perf_guest);
    let module = MODULE.as_ref().map_err(|error| anyhow!("{error:#}"))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("starting a runtime")?;
    runtime.block_on(run(module, group, runs, media))
}

async fn run(module: &Path, group: Group, runs: usize, media: Option<&Path>) -> Result<String> {
    let engine = spin::engine()?;
    let component =
        Component::from_file(&engine, module).map_err(|error| anyhow!("{}: {error:#}", module.display()))?;
    let mut linker = Linker::<State>::new(&engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;

    let (stdout, stderr) = (MemoryOutputPipe::new(PRINTED), MemoryOutputPipe::new(PRINTED));
    let mut wasi = WasiCtx::builder();
    wasi.args(&["sluice-perf-guest", group.as_str(), &runs.to_string()]).stdout(stdout.clone()).stderr(stderr.clone());
    if let Some(media) = media {
        wasi.arg(MEDIA);
        wasi.preopened_dir(media, MEDIA, FsPerms::ReadOnly)
            .map_err(|error| anyhow!("{}: {error:#}", media.display()))?;
    }
    let mut store = Store::new(&engine, State { wasi: wasi.build(), table: ResourceTable::new() });
    store.set_epoch_deadline(1);
    store.epoch_deadline_async_yield_and_update(1);
    let command = bindings::Command::instantiate_async(&mut store, &component, &linker).await?;
    let outcome = command.wasi_cli_run().call_run(&mut store).await;
    let text = |pipe: MemoryOutputPipe| String::from_utf8_lossy(&pipe.contents()).into_owned();
    match outcome {
        Ok(Ok(())) => Ok(text(stdout)),
        Ok(Err(())) => bail!("measuring {} in WASM: {}", group.as_str(), text(stderr).trim()),
        Err(trap) => bail!("measuring {} in WASM: {trap:#}\n{}", group.as_str(), text(stderr).trim()),
    }
}
