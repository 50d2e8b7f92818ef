use std::{net::SocketAddr, process::Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::json;
use tokio::process::Command;

use super::Stage;
use crate::{fixture::StackOptions, runtime::EdgeHost, toolchain::workspace};

/// Starts a stage on that host, has a browser press every button of its page (`tests/demo-page/check.mjs`), and returns what it
/// saw, a line each.
///
/// # Errors
/// What the page did otherwise, or what the machine lacks: node, `npm ci` in `tests`, chromium.
pub async fn check_page(host: EdgeHost) -> Result<String> {
    let module = tokio::task::spawn_blocking(move || host.build()).await??;
    let mut options = StackOptions::new(host, module);
    // Short, so that what is judged once per lease life is judged soon.
    options.config = json!({ "name": "page", "lease_seconds": 4 });
    let stage = Stage::start(options, SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    ensure!(stage.missing().is_none(), "{}", stage.missing().unwrap_or_default());

    let mut node = Command::new("node");
    node.arg(workspace().join("tests/demo-page/check.mjs")).arg(stage.url()).stdin(Stdio::null()).kill_on_drop(true);
    let output = node.output().await.context("running node")?;
    let (seen, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    ensure!(output.status.success(), "the page's check failed:\n{seen}{said}");
    let traps = stage.stack().edge.traps();
    ensure!(traps.is_empty(), "the edge failed: {traps:?}");
    Ok(seen.into_owned())
}
