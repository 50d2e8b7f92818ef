//! The browser, behind `tests/browser/run.mjs`.

use std::{collections::BTreeMap, process::Stdio, time::Duration};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use serde_json::json;
use sluice_tests::toolchain::workspace;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

use crate::{cases::Case, outcome::Outcome};

/// Cases at a time. Players wait for media and for time to pass, so more than one fits a small machine.
const PARALLEL: usize = 3;
/// Until the next case ends; each bounds its own steps.
const PATIENCE: Duration = Duration::from_secs(180);

/// A running `run.mjs`. Ends when dropped.
pub(crate) struct Browser {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    origin: String,
}

#[derive(Deserialize)]
struct Ready {
    origin: String,
}

#[derive(Deserialize)]
struct Ended {
    id: usize,
    outcome: Outcome,
}

impl Browser {
    /// Starts it, as far as the pages' server.
    pub(crate) async fn start() -> Result<Self> {
        let script = workspace().join("tests/browser/run.mjs");
        let mut node = Command::new("node");
        node.arg(&script).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child =
            node.spawn().context("node cannot be run: cargo verify browser installs what the suite needs")?;
        let stdout = child.stdout.take().context("node's stdout")?;
        let mut lines = BufReader::new(stdout).lines();
        let Ready { origin } = serde_json::from_str(&next(&mut lines).await?)
            .context("run.mjs did not begin with the pages' origin: npm ci in tests/ installs what it needs")?;
        Ok(Self { child, lines, origin })
    }

    /// The origin of the players' pages.
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// Runs the cases in one Chromium. Outcomes by the cases' ids.
    pub(crate) async fn run(mut self, cases: &[Case]) -> Result<BTreeMap<usize, Outcome>> {
        let mut stdin = self.child.stdin.take().context("node's stdin")?;
        stdin.write_all(format!("{}\n", json!({ "cases": cases, "parallel": PARALLEL })).as_bytes()).await?;
        let mut outcomes = BTreeMap::new();
        while outcomes.len() < cases.len() {
            let line = next(&mut self.lines).await?;
            let Ended { id, outcome } = serde_json::from_str(&line).with_context(|| line.clone())?;
            outcomes.insert(id, outcome);
        }
        drop(stdin);
        let status = self.child.wait().await?;
        ensure!(status.success(), "run.mjs ended with {status}");
        Ok(outcomes)
    }
}

async fn next(lines: &mut Lines<BufReader<ChildStdout>>) -> Result<String> {
    match tokio::time::timeout(PATIENCE, lines.next_line()).await {
        Ok(line) => line?.context("run.mjs ended early; what it says of it is on stderr"),
        Err(_) => bail!("run.mjs said nothing for {} s: a page or the browser hangs", PATIENCE.as_secs()),
    }
}
