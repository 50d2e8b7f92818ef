use std::{
    fs, io,
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use super::measures::Lack;

/// How long nginx may take to listen.
const PATIENCE: Duration = Duration::from_secs(10);

/// nginx with one worker, serving a folder twice: with `sendfile` and without. Ends when it is dropped.
pub(super) struct Nginx {
    child: Child,
    /// With `sendfile on`.
    pub(super) sendfile: SocketAddr,
    /// With `sendfile off`: read and written.
    pub(super) read: SocketAddr,
    _folder: TempDir,
}

impl Nginx {
    /// Starts it.
    ///
    /// # Errors
    /// [`Lack`] where it is missing; else where it does not start.
    pub(super) fn start(root: &Path) -> Result<Self> {
        let folder = tempfile::tempdir().context("a folder for nginx")?;
        let (sendfile, read) = (free_address()?, free_address()?);
        let config = folder.path().join("nginx.conf");
        fs::write(&config, configuration(folder.path(), root, sendfile, read))?;
        // Debian keeps it where only root looks for programs.
        let started = ["nginx", "/usr/sbin/nginx"].into_iter().find_map(|program| {
            let mut command = Command::new(program);
            command.arg("-p").arg(folder.path()).arg("-c").arg(&config).args(["-e", "stderr"]);
            command.stdin(Stdio::null()).stdout(Stdio::null());
            match command.spawn() {
                Err(error) if error.kind() == io::ErrorKind::NotFound => None,
                outcome => Some(outcome),
            }
        });
        let Some(started) = started else {
            return Err(Lack(
                "nginx, which the servers are held against, is missing: apt-get install nginx".to_owned(),
            )
            .into());
        };
        let mut nginx = Self { child: started.context("running nginx")?, sendfile, read, _folder: folder };
        nginx.wait()?;
        Ok(nginx)
    }

    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Until it listens.
    fn wait(&mut self) -> Result<()> {
        let start = Instant::now();
        while TcpStream::connect(self.read).is_err() {
            if self.child.try_wait()?.is_some() || start.elapsed() > PATIENCE {
                bail!("nginx did not start, and has said why");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Nothing to do where it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One process, so that all of its CPU time is the worker's.
fn configuration(folder: &Path, root: &Path, sendfile: SocketAddr, read: SocketAddr) -> String {
    let (folder, root) = (folder.display(), root.display());
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {folder}/{kind};\n"))
        .concat();
    format!(
        "daemon off;\nmaster_process off;\nworker_processes 1;\npid {folder}/pid;\n\
         events {{ worker_connections 64; }}\n\
         http {{\naccess_log off;\nkeepalive_requests 1000000;\ntcp_nopush on;\nroot {root};\n{temporary}\
         server {{ listen {sendfile}; sendfile on; }}\nserver {{ listen {read}; sendfile off; }}\n}}\n"
    )
}

/// A port that was free a moment ago.
fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind(("127.0.0.1", 0)).context("a free port")?.local_addr()?)
}
