//! `cargo demo`: the whole stack on one machine, with a page to look at it (`--once`: to be walked and compared, sample by sample).

mod aes128;
mod compare;
mod listing;
pub mod stage;
mod table;
mod walk;

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, process::ExitCode, time::Instant};

use anyhow::{Context, Result};
use serde_json::json;

pub use stage::check_page;

use crate::{
    fixture::{Stack, StackOptions, demo_title},
    options::{Options, UsageError},
    runtime::{EdgeHost, KvUrl},
};
use stage::Stage;

/// Where the page is unless told otherwise.
const PORT: u16 = 3000;

const USAGE: &str = "usage: cargo demo [--once] [--host spin|spin-cas|fastly] [--port N] [--title DIR] [--kv memory|sqlite:PATH|redis://…] [--log]";

/// What the command line asks for.
#[derive(Debug)]
struct Wanted {
    once: bool,
    host: EdgeHost,
    port: u16,
    title: PathBuf,
    kv: Option<KvUrl>,
    log: bool,
}

/// Runs the command. Exit status 0: done, or ended by Ctrl-C; 1: a part failed or a sample differed; 2: wrong usage.
pub fn main(options: Options) -> ExitCode {
    #[cfg(not(feature = "fastly"))]
    if options.clone().value("--host") == Ok(Some("fastly".to_owned())) {
        return with_fastly();
    }
    let wanted = match parse(options) {
        Ok(wanted) => wanted,
        Err(error) => {
            eprintln!("demo: {error}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let outcome = tokio::runtime::Runtime::new()
        .context("starting the runtime")
        .and_then(|runtime| runtime.block_on(run(wanted)));
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("demo: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Goes on as a build that has Fastly's runtime in it, which nobody else should wait for.
#[cfg(not(feature = "fastly"))]
fn with_fastly() -> ExitCode {
    use std::os::unix::process::CommandExt;

    eprintln!("building Fastly's local runtime as well (the first time takes some minutes)");
    let mut cargo = crate::toolchain::cargo();
    cargo.arg("run").arg("--manifest-path").arg(crate::toolchain::workspace().join("Cargo.toml"));
    cargo.args(["--package", "sluice-tests", "--features", "fastly", "--bin", "demo", "--"]);
    if let Ok(here) = std::env::current_dir() {
        cargo.current_dir(here);
    }
    let error = cargo.args(std::env::args_os().skip(1)).exec();
    eprintln!("demo: running cargo: {error}");
    ExitCode::FAILURE
}

fn parse(mut options: Options) -> Result<Wanted, UsageError> {
    let once = options.flag("--once");
    let host = options.value("--host")?.unwrap_or_else(|| "spin".to_owned());
    let host = EdgeHost::parse(&host)
        .ok_or_else(|| UsageError(format!("--host {host}: there are spin, spin-cas and fastly")))?;
    // A walk needs no port that people can remember, and leaves theirs alone.
    let port = match options.value("--port")? {
        Some(port) => port.parse().map_err(|_| UsageError(format!("--port {port}: not a port")))?,
        None if once => 0,
        None => PORT,
    };
    let title = options.value("--title")?.map_or_else(demo_title, PathBuf::from);
    let kv = options.value("--kv")?.map(|url| KvUrl::parse(&url).map_err(|error| UsageError(error.to_string())));
    let kv = kv.transpose()?;
    if kv.is_some() && !host.takes_store() {
        return Err(UsageError(format!("--kv: {}'s local runtime has a store of its own, in memory", host.as_str())));
    }
    let log = options.flag("--log");
    options.nothing_more()?;
    Ok(Wanted { once, host, port, title, kv, log })
}

/// Whether all went well.
async fn run(wanted: Wanted) -> Result<bool> {
    tokio::select! {
        done = demonstrate(wanted) => done,
        interrupted = tokio::signal::ctrl_c() => {
            interrupted.context("waiting for Ctrl-C")?;
            eprintln!("\nended");
            Ok(true)
        }
    }
}

async fn demonstrate(wanted: Wanted) -> Result<bool> {
    let started = Instant::now();
    eprintln!("building the edge for {} (the first time takes a minute)", wanted.host.as_str());
    let host = wanted.host;
    let module = tokio::task::spawn_blocking(move || host.build()).await??;
    let size = std::fs::metadata(&module).with_context(|| module.display().to_string())?.len();
    eprintln!("built {} ({} KiB) after {:.1} s", module.display(), size / 1024, started.elapsed().as_secs_f64());

    // The platform's own embedded store is SQLite; so is the demonstration's.
    let scratch = tempfile::tempdir().context("a folder for the key-value store")?;
    let kv = wanted.kv.unwrap_or_else(|| KvUrl::Sqlite(scratch.path().join("kv.db")));
    let mut options = StackOptions::new(wanted.host, module);
    options.title = wanted.title;
    options.kv = tokio::task::spawn_blocking(move || kv.open().with_context(|| format!("{kv:?}"))).await??;
    options.echo_guest_output = wanted.log;
    let listen = SocketAddr::from(([127, 0, 0, 1], wanted.port));
    let up = || eprintln!("key server, origin and edge are up after {:.1} s\n", started.elapsed().as_secs_f64());
    if wanted.once {
        options.listen = listen;
        options.config = json!({ "name": "demo" });
        let stack = Stack::start(options).await?;
        up();
        let good = once(&stack, wanted.host).await?;
        stack.shutdown().await;
        return Ok(good);
    }
    options.config = json!({ "name": "demo", "lease_seconds": stage::LEASE_SECONDS });
    let stage = Stage::start(options, listen).await?;
    up();
    show(&stage).await?;
    std::future::pending().await
}

/// Prints where to look.
async fn show(stage: &Stage) -> Result<()> {
    let session = stage.session().await?;
    println!("page     {}", stage.url());
    if let Some(missing) = stage.missing() {
        println!("         {missing}");
    }
    println!("title    {} (version {})", stage.stack().title(), stage.stack().indexed.descriptor.version);
    println!("edge     {}", stage.edge_url());
    println!("session  {}\n", session.session);
    for (protocol, links) in [("HLS", &session.hls), ("DASH", &session.dash)] {
        for link in links {
            println!("{protocol:<5} {:<5} {}", link.scheme, link.url);
        }
    }
    for (system, url) in &session.license {
        println!("licence {system}: {url}");
    }
    println!("\nCtrl-C ends all.");
    Ok(())
}

/// What a walk through a whole title found.
pub struct Report {
    /// The table, for people.
    pub table: String,
    /// SHA-256 of the media as delivered, by scheme and track: the same on every host.
    pub digests: BTreeMap<(String, String), String>,
    /// Samples compared.
    pub samples: u64,
    /// Samples that differ from the clear ones.
    pub mismatches: u64,
    /// What else is wrong, a line each.
    pub problems: Vec<String>,
}

impl Report {
    /// Whether there is nothing to complain of.
    pub fn good(&self) -> bool {
        self.samples > 0 && self.mismatches == 0 && self.problems.is_empty()
    }
}

/// Creates a session, walks both manifests in every scheme that it offers, fetches every segment of every track, and compares
/// every sample with the clear one.
///
/// # Errors
/// Where a manifest, a licence or a segment cannot be had or read at all.
pub async fn walk_title(stack: &Stack, host: EdgeHost) -> Result<Report> {
    let session = stack.session("demo-viewer").await?;
    let mut rows = Vec::new();
    for link in &session.hls {
        rows.extend(walk::scheme(stack, &session, &link.scheme, host).await.with_context(|| link.scheme.clone())?);
    }
    let of_row = |row: &walk::Row| {
        let name = format!("{} {} {}", row.host, row.scheme, row.track);
        row.problems.iter().map(move |problem| format!("{name}: {problem}")).collect::<Vec<_>>()
    };
    let mut problems: Vec<String> = rows.iter().flat_map(of_row).collect();
    problems.extend(stack.edge.traps().iter().map(|trap| format!("the edge failed: {trap}")));
    let digests = rows.iter().map(|row| ((row.scheme.clone(), row.track.clone()), row.digest.clone()));
    Ok(Report {
        digests: digests.collect(),
        table: table::render(&rows),
        samples: rows.iter().map(|row| row.samples).sum(),
        mismatches: rows.iter().map(|row| row.mismatches).sum(),
        problems,
    })
}

/// Walks everything and prints the table.
async fn once(stack: &Stack, host: EdgeHost) -> Result<bool> {
    let started = Instant::now();
    let report = walk_title(stack, host).await?;
    print!("{}", report.table);
    let seconds = started.elapsed().as_secs_f64();
    println!("\n{} samples compared in {seconds:.1} s, {} mismatches", report.samples, report.mismatches);
    for problem in &report.problems {
        eprintln!("{problem}");
    }
    Ok(report.good())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(arguments: &[&str]) -> Result<Wanted, UsageError> {
        parse(Options::new(arguments.iter().map(|&argument| argument.to_owned())))
    }

    #[test]
    fn the_command_line() {
        let plain = parsed(&["--"]).expect("good");
        assert_eq!((plain.once, plain.host, plain.port, plain.kv), (false, EdgeHost::Spin, PORT, None));
        let full = parsed(&["--once", "--host", "spin", "--port=1", "--title", "x", "--kv", "memory"]).expect("good");
        assert_eq!((full.once, full.port, full.title, full.kv), (true, 1, "x".into(), Some(KvUrl::Memory)));
        for bad in
            [&["--host", "workers"][..], &["--host", "x"], &["--port", "70000"], &["--kv", "x"], &["x"], &["--y"]]
        {
            assert!(parsed(bad).is_err(), "{bad:?}");
        }
    }
}
