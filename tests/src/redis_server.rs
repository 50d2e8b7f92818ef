//! A real `redis-server` for as long as something needs one.

use std::{
    net::{SocketAddr, TcpListener},
    os::unix::process::CommandExt,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

/// How long it may take to listen.
const PATIENCE: Duration = Duration::from_secs(10);

/// How many ports are tried: one that was free may be somebody else's a moment later.
const PORTS: usize = 5;

/// A `redis-server` on a loopback port of its own, which keeps nothing on disk. Ends when it is dropped.
pub struct RedisServer {
    child: Child,
    address: SocketAddr,
    _folder: TempDir,
}

impl RedisServer {
    /// Starts it.
    ///
    /// # Errors
    /// Where it is missing (Debian's package `redis-server`), or does not start.
    pub fn start() -> Result<Self> {
        let mut last = None;
        for _ in 0..PORTS {
            match Self::start_once() {
                Ok(server) => return Ok(server),
                Err(error) => last = Some(error),
            }
        }
        Err(last.context("no port was tried")?)
    }

    fn start_once() -> Result<Self> {
        let folder = tempfile::tempdir().context("a folder for redis-server")?;
        let address = TcpListener::bind(("127.0.0.1", 0)).context("a free port")?.local_addr()?;
        let mut command = Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "--port"]).arg(address.port().to_string());
        command.args(["--save", "", "--appendonly", "no", "--dir"]).arg(folder.path());
        // A group of its own, so that Ctrl-C leaves its end to us.
        command.process_group(0).stdin(Stdio::null()).stdout(Stdio::null());
        let child = command.spawn().context("running redis-server (Debian's package redis-server)")?;
        let mut server = Self { child, address, _folder: folder };
        server.wait()?;
        Ok(server)
    }

    /// Until it answers.
    fn wait(&mut self) -> Result<()> {
        let start = Instant::now();
        while crate::runtime::KvUrl::Redis(self.url()).open().is_err() {
            if self.child.try_wait()?.is_some() || start.elapsed() > PATIENCE {
                bail!("redis-server did not start on {}", self.address);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// `redis://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("redis://{}", self.address)
    }

    /// Ends it at once, as a power cut would.
    pub fn kill(&mut self) {
        // Nothing to do where it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill();
    }
}
