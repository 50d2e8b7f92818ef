//! An edge in a process of its own, so that its CPU time can be told from everything else's.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write, stdin},
    net::SocketAddr,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::runtime::{EdgeHost, EdgeSpec};

/// Threads that have ended take their CPU time with them, so that none does.
const KEPT: Duration = Duration::from_secs(24 * 3600);

/// What the process is told on its standard input.
#[derive(Serialize, Deserialize)]
pub(super) struct Spec {
    pub(super) module: PathBuf,
    pub(super) config: String,
    pub(super) secrets: BTreeMap<String, String>,
}

/// The process: serves what standard input says, says where, and ends with its input.
pub(super) fn serve(host: &str) -> Result<()> {
    let host = EdgeHost::parse(host).with_context(|| format!("there is no host {host}"))?;
    let mut line = String::new();
    stdin().read_line(&mut line).context("reading what to serve")?;
    let Spec { module, config, secrets } = serde_json::from_str(&line).context("what to serve")?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_keep_alive(KEPT).build()?;
    runtime.block_on(async {
        let edge = host.start(EdgeSpec::new(module, config, secrets)).await?;
        println!("{}", edge.addr());
        tokio::task::spawn_blocking(|| stdin().read_line(&mut String::new())).await??;
        let traps = edge.traps();
        edge.shutdown().await;
        ensure!(traps.is_empty(), "the {} edge failed while it was measured: {}", host.as_str(), traps.join("; "));
        Ok(())
    })
}

/// Such a process, from outside.
pub(super) struct EdgeProcess {
    child: Child,
    pub(super) addr: SocketAddr,
}

impl EdgeProcess {
    /// Starts it, and waits until it listens.
    pub(super) fn start(host: EdgeHost, spec: &Spec) -> Result<Self> {
        let program = std::env::current_exe().context("our own program")?;
        let mut command = Command::new(program);
        let mut child = command
            .args(["--serve", host.as_str()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("starting a process for the edge")?;
        let spec = serde_json::to_string(spec)? + "\n";
        child.stdin.as_mut().context("its input")?.write_all(spec.as_bytes())?;
        let mut said = String::new();
        BufReader::new(child.stdout.take().context("its output")?).read_line(&mut said)?;
        match said.trim().parse() {
            Ok(addr) => Ok(Self { child, addr }),
            Err(_) => {
                child.wait()?;
                anyhow::bail!("the {} edge did not start, and has said why", host.as_str())
            }
        }
    }

    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it.
    ///
    /// # Errors
    /// Where guests failed while it served; it has said how.
    pub(super) fn end(mut self) -> Result<()> {
        drop(self.child.stdin.take());
        let status = self.child.wait()?;
        ensure!(status.success(), "an edge failed while it was measured, and has said how");
        Ok(())
    }
}

impl Drop for EdgeProcess {
    fn drop(&mut self) {
        // Nothing to do where it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
