//! The `sluice` program: its commands, its exit status, its errors.

use std::{ffi::OsString, future::Future, path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand, error::ErrorKind};
use tracing_subscriber::EnvFilter;

use crate::{
    audit, check,
    config::{self, KeyserverConfig, OriginConfig},
    index, inspect, keyserver, mint, protect, revoke,
    running::{Running, StartError},
    serve,
    usage::UsageError,
};

#[derive(Parser)]
#[command(name = "sluice", version, about = "Protected video from the CDN's edge: the operator's program")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serves renditions, descriptors and wrapped keys to edges
    Origin(ConfigArgs),
    /// A development DRM key provider: SPEKE v2 / CPIX over HTTP
    Keyserver(ConfigArgs),
    /// Makes a new title version of CMAF that another tool wrote
    Index(index::IndexArgs),
    /// The edge's packager, offline
    Protect(protect::ProtectArgs),
    /// Explains media, a playlist, an MPD, a token, or a document that indexing wrote; never prints a key
    Inspect(inspect::InspectArgs),
    /// Checks configurations of an edge, an origin or a key server, and descriptors; explains the first error
    Check(check::CheckArgs),
    /// Tokens, for operations and tests
    #[command(subcommand)]
    Mint(mint::MintCommand),
    /// Ends a session, or everything of an account, through the edge's route for administrators
    Revoke(revoke::RevokeArgs),
    /// Verifies a decision log, or scores sessions that take more than a viewer would
    Audit(audit::AuditArgs),
}

#[derive(clap::Args)]
struct ConfigArgs {
    /// The configuration, TOML
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

/// Runs the program: 0 done, 1 the work failed, 2 wrong usage.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    match run(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            match error.downcast_ref::<index::Problems>() {
                Some(problems) => problems.lines().for_each(|line| eprintln!("sluice: {line}")),
                None => eprintln!("sluice: {}", one_line(&error)),
            }
            if error.is::<UsageError>() { ExitCode::from(2) } else { ExitCode::FAILURE }
        }
    }
}

fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Origin(args) => {
            let config: OriginConfig = config::load(&args.config)?;
            serve_until_stopped("origin", serve::start(config))
        }
        Command::Keyserver(args) => {
            let config: KeyserverConfig = config::load(&args.config)?;
            serve_until_stopped("key server", keyserver::start(config))
        }
        Command::Index(args) => index::run(args),
        Command::Protect(args) => protect::run(args),
        Command::Inspect(args) => inspect::run(args),
        Command::Check(args) => check::run(&args),
        Command::Mint(command) => mint::run(&command),
        Command::Revoke(args) => revoke::run(&args),
        Command::Audit(args) => audit::run(&args),
    }
}

/// Serves until SIGINT or SIGTERM. Logs go to stderr, as `SLUICE_LOG` filters them (`info` by default).
fn serve_until_stopped(
    name: &'static str,
    start: impl Future<Output = Result<Running, StartError>>,
) -> anyhow::Result<()> {
    let filter = EnvFilter::try_from_env("SLUICE_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false).init();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        // Taken over first, so that a signal during the start is not lost.
        let stop = stopped()?;
        let running = start.await?;
        tracing::info!(address = %running.addr, metrics = ?running.metrics, "{name} listens");
        running.until(stop).await?;
        tracing::info!("{name} has stopped");
        Ok(())
    })
}

/// Ready when the program is told to stop.
fn stopped() -> std::io::Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    let mut terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    Ok(async move {
        #[cfg(unix)]
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminated.recv() => {}
        }
        #[cfg(not(unix))]
        drop(tokio::signal::ctrl_c().await);
    })
}

fn usage(error: &clap::Error) -> ExitCode {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        print!("{error}");
        return ExitCode::SUCCESS;
    }
    let text = error.to_string();
    let end = ["\n\nUsage:", "\n\nFor more information"].iter().filter_map(|after| text.find(after)).min();
    let cause = &text[..end.unwrap_or(text.len())];
    let cause: Vec<_> = cause.trim_start_matches("error: ").split_whitespace().collect();
    match error.kind() {
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => eprintln!("sluice: a command is missing (try --help)"),
        _ => eprintln!("sluice: {} (try --help)", cause.join(" ")),
    }
    ExitCode::from(2)
}

/// The innermost cause first, what was being done in brackets after it, all on one line.
pub(crate) fn one_line(error: &anyhow::Error) -> String {
    let mut layers: Vec<String> = Vec::new();
    for layer in error.chain().map(ToString::to_string) {
        // An error that repeats its source in its own text needs it no second time.
        if !layers.iter().any(|outer| outer.contains(&layer)) {
            layers.push(layer);
        }
    }
    let mut layers = layers.into_iter().rev();
    let mut line = layers.next().unwrap_or_default();
    for layer in layers {
        line.push_str(&format!(" ({layer})"));
    }
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use anyhow::{Context, anyhow};

    use super::*;

    fn parse(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(line.split_whitespace())
    }

    #[test]
    fn the_commands_are_those_of_the_contract() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
        for line in [
            "sluice origin --config origin.toml",
            "sluice keyserver --config keyserver.toml",
            "sluice index DIR --title film",
            "sluice protect --scheme cenc --kid 00112233445566778899aabbccddeeff --key 00 --iv 00 --init i.mp4 --out out 1.m4s 2.m4s",
            "sluice inspect init.mp4",
            "sluice check edge.json descriptor.json",
            "sluice mint viewer --account a --title x --title y --tier t --ttl 60 --kid k --alg EdDSA --key-file f",
            "sluice mint viewer --account a --kid k --alg HS256 --secret-env NAME --issuer i --audience e",
            "sluice mint admin --audience a --kid k --alg HS256 --secret-env NAME --role x --role y --ttl 60",
            "sluice revoke --session 00112233445566778899aabbccddeeff --url https://e --token-file f",
            "sluice revoke --account a --before 1 --url https://e --token-env NAME",
            "sluice audit log --root-file f",
            "sluice audit log --key-file f --previous-key-file g",
            "sluice audit - --abuse --json --networks 5 --lenient",
            "sluice mint cloudfront --key-id K --key-file f --resource https://h/*",
            "sluice mint cloudfront --key-id K --key-file f --url https://h/a --from 1 --address 192.0.2.0/24 --sha1",
            "sluice mint akamai --key-file f --acl /a/* --acl /b --id i --data d --address 192.0.2.1 --escape-early",
            "sluice mint akamai --key-env NAME --salt-env NAME --path /a --from 1 --ttl 60",
            "sluice mint cat --account a --title x --kid k --alg PS256 --key-file f",
            "sluice mint cat --url path:prefix:/v1/x/ --network AS64500 --kid k --alg HS256 --secret-env NAME",
        ] {
            assert!(parse(line).is_ok(), "{line}");
        }
        for line in [
            "sluice",
            "sluice origin",
            "sluice check",
            "sluice nothing",
            "sluice mint viewer --account a --kid k --alg HS256",
            "sluice mint viewer --account a --kid k --alg none --secret-env NAME",
            "sluice mint admin --kid k --alg HS256 --secret-env NAME",
            "sluice revoke --session x --url https://e --token-file f",
            "sluice revoke --account a --token-file f",
            "sluice audit",
            "sluice audit log --networks 5",
            "sluice audit log --root-file f --key-file f",
            "sluice audit log --root-file f --previous-key-file f",
            "sluice audit log --abuse --speed 0",
            "sluice mint cloudfront --key-id K --key-file f",
            "sluice mint akamai --key-file f",
            "sluice mint akamai --key-file f --acl /* --path /a",
            "sluice mint cat --kid k --alg RS256 --secret-env NAME",
        ] {
            assert_eq!(parse(line).err().map(|error| usage(&error)), Some(ExitCode::from(2)), "{line}");
        }
    }

    #[test]
    fn errors_are_one_line_with_the_cause_first() {
        let error = anyhow!("no such file\nor directory").context("film/init.mp4: cannot be read");
        assert_eq!(one_line(&error), "no such file or directory (film/init.mp4: cannot be read)");
        let error = Err::<(), _>(std::io::Error::other("disk")).context("reading: disk").expect_err("an error");
        assert_eq!(one_line(&error), "reading: disk");
    }
}
