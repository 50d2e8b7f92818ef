//! Builds the edge modules.

use std::{path::PathBuf, process::Stdio};

use anyhow::{Context, Result, bail};

use crate::toolchain::{add_target, cargo};

/// Builds the Spin component, adding the compiler's target where it is missing. Returns its path.
///
/// # Errors
/// Where the target cannot be added or the build fails; cargo has said why on stderr.
pub fn spin() -> Result<PathBuf> {
    build("sluice-edge-spin", "wasm32-wasip2")
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

fn build(package: &str, target: &str) -> Result<PathBuf> {
    add_target(target)?;
    let mut command = cargo();
    command
        .args(["build", "--release", "--package", package, "--target", target])
        .args(["--message-format", "json-render-diagnostics"])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit());
    let output = command.output().context("running cargo")?;
    if !output.status.success() {
        bail!("{package} did not build");
    }
    artifact(&String::from_utf8_lossy(&output.stdout)).with_context(|| format!("cargo named no .wasm of {package}"))
}

/// The `.wasm` that cargo's messages name.
fn artifact(messages: &str) -> Option<PathBuf> {
    messages.lines().rev().find_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        let names = message.get("filenames")?.as_array()?;
        names.iter().filter_map(|name| name.as_str()).find(|name| name.ends_with(".wasm")).map(PathBuf::from)
    })
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
