//! The guest program: built, and run under the engine of the Spin host or natively.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
};

use super::{figure::Group, measures::Measures};
use crate::{guest, wasm_build};
use anyhow::{Context, Result, anyhow, bail};

/// Where the guest finds the media.
const MEDIA: &str = "/media";
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

/// Runs the guest on this thread, and gives what it printed.
fn in_wasm(group: Group, runs: usize, media: Option<&Path>) -> Result<String> {
    static MODULE: LazyLock<Result<PathBuf>> = LazyLock::new(wasm_build::perf_guest);
    let module = MODULE.as_ref().map_err(|error| anyhow!("{error:#}"))?;
    let runs = runs.to_string();
    let mut arguments = vec![group.as_str(), &runs];
    arguments.extend(media.map(|_| MEDIA));
    guest::run(module, &arguments, media.map(|media| (media, MEDIA)))
}
