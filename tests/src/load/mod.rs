//! The race: more devices than an account may play on at once create, renew, return and end their sessions against the real edge module
//! and a real store, and what each was told is held against the stream limit. Then the store dies.

mod accounts;
mod cut;
mod device;
mod pace;
mod stores;

use std::{
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use futures::future::try_join_all;

pub use accounts::Worst;
pub use device::Counts;
pub use stores::{Contest, Store};

use crate::{
    fixture::{Stack, StackOptions, altered},
    options::{Options, UsageError},
    runtime::Clock,
    table::{Align, Table},
};
use accounts::Accounts;
use device::Device;
use pace::Pace;

/// Accounts that race.
const ACCOUNTS: usize = 50;
/// Devices of each, a session at a time.
const DEVICES: usize = 4;
/// Sessions that an account may have at a time.
const LIMIT: u32 = 2;
/// Devices of all accounts.
const DEVICES_IN_ALL: u32 = (ACCOUNTS * DEVICES) as u32;
/// A lease's life where the clock is ours, seconds.
const LEASE: u64 = 20;
/// The same where the clock is the machine's.
const TRUE_LEASE: u64 = 6;
/// What devices do at least, however slow the machine: some leases' lives.
const LEAST: u64 = 10 * DEVICES_IN_ALL as u64;
/// How much longer than usual viewers' tokens are good for: a clock that devices move goes fast. Seconds.
const DAY: u64 = 24 * 3600;
/// How often the race is looked at.
const TICK: Duration = Duration::from_millis(50);

/// How a race went.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What devices did and were told.
    pub counts: Counts,
    /// The account that came closest to its bound or went furthest past it.
    pub worst: Worst,
    /// What must not be, a line each.
    pub problems: Vec<String>,
}

/// Races for that long, then ends the store while the devices go on.
///
/// # Errors
/// Where the stack does not start, or the edge does not answer at all.
pub async fn race(contest: Contest, time: Duration) -> Result<Outcome> {
    let host = contest.host;
    let (store, kv) = tokio::task::spawn_blocking(move || contest.store.open()).await??;
    let module = tokio::task::spawn_blocking(move || host.build()).await??;
    let title = altered([("rights", toml::Table::from_iter([("stream_limit".to_owned(), LIMIT.into())]))])?;
    let mut options = StackOptions::new(host, module);
    let hurried = host.has_virtual_clock();
    let lease = if hurried { LEASE } else { TRUE_LEASE };
    options.title = title.path().to_owned();
    options.config = contest.config(lease);
    options.kv = kv.clone();
    if hurried {
        options.clock = Clock::standing();
    }
    let clock = options.clock.clone();
    let stack = Arc::new(Stack::start(options).await?);
    if !hurried {
        // A runtime that keeps its own store makes the service without one before the race, so that nobody waits for it then.
        kv.take_down();
        stack.get("/healthz", &[]).await?;
        kv.bring_back();
    }

    let bound = contest.bound(lease);
    let accounts = Arc::new(Accounts::new(ACCOUNTS, LIMIT, bound, clock.clone()));
    let pace = Arc::new(Pace::new(hurried.then_some(clock), lease));
    let mut devices = Vec::new();
    for account in 0..ACCOUNTS {
        let mut claims = stack.claims(&format!("account-{account}"));
        claims.exp += DAY;
        let token = stack.token(&claims)?;
        for device in 0..DEVICES {
            let device = Device::new(stack.clone(), accounts.clone(), pace.clone(), account, device, token.clone());
            devices.push(tokio::spawn(device.race()));
        }
    }
    let start = Instant::now();
    while (start.elapsed() < time || pace.deeds() < LEAST) && devices.iter().all(|device| !device.is_finished()) {
        tokio::time::sleep(TICK).await;
    }

    pace.begin_end();
    let watched = cut::begin(&stack).await?;
    // Who asked before it is gone may still be served.
    store.kill(&kv).await?;
    pace.cut();
    let mut problems = cut::watch(&stack, watched).await?;
    pace.end();

    let mut counts = Counts::default();
    for raced in try_join_all(devices).await? {
        counts.add(&raced.context("a device")?, &mut problems);
    }
    let worst = accounts.worst();
    if worst.live > worst.bound {
        problems.push(format!("{} live sessions of one account where {} is the bound", worst.live, worst.bound));
    }
    problems.extend(stack.edge.traps());
    if let Ok(stack) = Arc::try_unwrap(stack).map_err(|_| "still in use") {
        stack.shutdown().await;
    }
    ensure!(counts.created > 0 && counts.refused > 0 && counts.renewed > 0 && counts.ended > 0, "no race: {counts:?}");
    Ok(Outcome { counts, worst, problems })
}

const USAGE: &str = "usage: load [--seconds N]";

/// Runs the command: every contest for so many seconds (60), and a table. Exit status 0: every bound held; 1: one did not, or a part
/// failed; 2: wrong usage.
pub fn main(options: Options) -> ExitCode {
    let seconds = match parse(options) {
        Ok(seconds) => seconds,
        Err(error) => {
            eprintln!("load: {error}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let outcome = tokio::runtime::Runtime::new()
        .context("starting the runtime")
        .and_then(|runtime| runtime.block_on(every_contest(Duration::from_secs(seconds))));
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("load: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn parse(mut options: Options) -> Result<u64, UsageError> {
    let seconds = options.value("--seconds")?.unwrap_or_else(|| "60".to_owned());
    let seconds = seconds.parse().ok().filter(|seconds| (1..=600).contains(seconds));
    let seconds = seconds.ok_or_else(|| UsageError("--seconds wants a number from 1 to 600".to_owned()))?;
    options.nothing_more()?;
    Ok(seconds)
}

/// Whether all went well.
async fn every_contest(time: Duration) -> Result<bool> {
    let right = Align::Right;
    let mut table = Table::new([
        ("edge", Align::Left),
        ("store", Align::Left),
        ("mode", Align::Left),
        ("seconds", right),
        ("created", right),
        ("refused", right),
        ("unavailable", right),
        ("renewed", right),
        ("lost", right),
        ("expired", right),
        ("ended", right),
        ("max live", right),
        ("limit", right),
        ("bound", right),
    ]);
    let mut good = true;
    for contest in Contest::ALL {
        eprintln!("{contest}: {} s", time.as_secs());
        let Outcome { counts, worst, problems } = race(*contest, time).await?;
        table.row([
            contest.host.as_str().to_owned(),
            contest.store.to_string(),
            contest.mode().to_owned(),
            time.as_secs().to_string(),
            counts.created.to_string(),
            counts.refused.to_string(),
            counts.unavailable.to_string(),
            counts.renewed.to_string(),
            counts.lost.to_string(),
            counts.expired.to_string(),
            counts.ended.to_string(),
            worst.live.to_string(),
            LIMIT.to_string(),
            worst.bound.to_string(),
        ]);
        for problem in &problems {
            eprintln!("{contest}: {problem}");
        }
        good &= problems.is_empty();
    }
    print!("{table}");
    Ok(good)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line() {
        let parsed = |arguments: &[&str]| parse(Options::new(arguments.iter().map(|&argument| argument.to_owned())));
        assert_eq!(parsed(&["--"]), Ok(60));
        assert_eq!(parsed(&["--seconds", "3"]), Ok(3));
        for bad in [&["--seconds", "0"][..], &["--seconds", "x"], &["--second=1"], &["1"]] {
            assert!(parsed(bad).is_err(), "{bad:?}");
        }
    }
}
