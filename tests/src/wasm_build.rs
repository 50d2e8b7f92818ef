//! Builds the edge modules, and what else runs in WASM.

use std::{path::PathBuf, process::Stdio};

use anyhow::{Context, Result, bail};

use crate::toolchain::{add_target, cargo, target_dir};

/// Builds the Spin component, adding the compiler's target where it is missing. Returns its path.
///
/// # Errors
/// Where the target cannot be added or the build fails; cargo has said why on stderr.
pub fn spin() -> Result<PathBuf> {
    build("sluice-edge-spin", "wasm32-wasip2")
}

/// Builds the Spin component that asks its store by `wasi:keyvalue`. Returns its path.
///
/// In a target directory of its own: cargo gives both components one name, and would build either of them again for the other.
///
/// # Errors
/// As [`spin`].
pub fn spin_cas() -> Result<PathBuf> {
    let folder = target_dir().join("wasi-keyvalue");
    let folder = folder.to_str().context("the target directory's name is no text")?;
    build_with("sluice-edge-spin", "wasm32-wasip2", &["--features", "wasi-keyvalue", "--target-dir", folder])
}

/// Builds the Fastly Compute program, adding the compiler's target where it is missing. Returns its path.
///
/// # Errors
/// As [`spin`].
#[cfg(feature = "fastly")]
pub fn fastly() -> Result<PathBuf> {
    build("sluice-edge-fastly", "wasm32-wasip1")
}

/// Builds the packager as a component, adding the compiler's target where it is missing. Returns its path.
///
/// # Errors
/// As [`spin`].
pub fn component() -> Result<PathBuf> {
    build("sluice-edge-component", "wasm32-wasip2")
}

/// Builds what `cargo perf` measures in WASM, adding the compiler's target where it is missing. Returns its path.
///
/// # Errors
/// As [`spin`].
pub fn perf_guest() -> Result<PathBuf> {
    build(PERF_GUEST, "wasm32-wasip2")
}

/// Builds the same for the machine at hand. Returns its path.
///
/// # Errors
/// As [`spin`].
pub fn native_perf_guest() -> Result<PathBuf> {
    let messages = cargo_messages("build", PERF_GUEST, &["--release"])?;
    let program = last(&messages, |message| message.get("executable")?.as_str().map(PathBuf::from));
    program.with_context(|| format!("cargo named no program of {PERF_GUEST}"))
}

/// Builds the ciphers' unit tests, as the edge modules are built. Returns the program's path.
///
/// # Errors
/// As [`spin`].
pub fn cipher_tests() -> Result<PathBuf> {
    const TARGET: &str = "wasm32-wasip2";
    add_target(TARGET)?;
    let package = "sluice-cipher";
    let messages = cargo_messages("test", package, &["--no-run", "--profile", "edge", "--target", TARGET])?;
    let program = last(&messages, |message| message.get("executable")?.as_str().map(PathBuf::from));
    program.with_context(|| format!("cargo named no tests of {package}"))
}

const PERF_GUEST: &str = "sluice-perf-guest";

fn build(package: &str, target: &str) -> Result<PathBuf> {
    build_with(package, target, &[])
}

fn build_with(package: &str, target: &str, options: &[&str]) -> Result<PathBuf> {
    add_target(target)?;
    let options = [&["--profile", "edge", "--target", target], options].concat();
    artifact(&cargo_messages("build", package, &options)?).with_context(|| format!("cargo named no .wasm of {package}"))
}

/// Has cargo build or test a package; its messages.
fn cargo_messages(word: &str, package: &str, options: &[&str]) -> Result<String> {
    let mut command = cargo();
    command
        .args([word, "--package", package, "--message-format", "json-render-diagnostics"])
        .args(options)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit());
    let output = command.output().context("running cargo")?;
    if !output.status.success() {
        bail!("{package} did not build");
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The `.wasm` that cargo's messages name.
fn artifact(messages: &str) -> Option<PathBuf> {
    last(messages, |message| {
        let names = message.get("filenames")?.as_array()?;
        names.iter().filter_map(|name| name.as_str()).find(|name| name.ends_with(".wasm")).map(PathBuf::from)
    })
}

/// What the last of cargo's messages says that says such a thing.
fn last(messages: &str, say: impl Fn(&serde_json::Value) -> Option<PathBuf>) -> Option<PathBuf> {
    messages.lines().rev().find_map(|line| say(&serde_json::from_str(line).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_module_is_the_last_wasm_that_cargo_names() {
        let messages = r#"{"reason":"compiler-artifact","filenames":["/t/libdep.rlib"]}
not json
{"reason":"compiler-artifact","filenames":["/t/a.d","/t/edge.wasm"]}
{"reason":"build-finished","success":true}"#;
        assert_eq!(artifact(messages), Some(PathBuf::from("/t/edge.wasm")));
        assert_eq!(artifact("{}"), None);
    }
}
