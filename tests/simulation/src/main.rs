//! `cargo run --release -p sluice-simulation -- --schedules 1000000`, or `--seed N [--mode MODE] [--rule NAME]` to see one of them, with a
//! rule taken away where one is named.

use std::{
    process::ExitCode,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Instant,
};

use sluice_gate::session::{Ordering, Sound};
use sluice_simulation::{Report, mutants, run};

/// Seeds that a thread takes at a time.
const CHUNK: u64 = 500;
const MODES: [Ordering; 3] = [Ordering::Strict, Ordering::Generation, Ordering::Eventual];

/// The mode that a seed is played under: each third.
fn mode_of(seed: u64) -> Ordering {
    MODES[(seed % 3) as usize]
}

fn main() -> ExitCode {
    match options() {
        Some(Options { seed: Some(seed), mode, rule, .. }) => {
            replay(seed, mode.unwrap_or(mode_of(seed)), rule.as_deref())
        }
        Some(Options { schedules, from, .. }) => sweep(from, schedules),
        None => {
            eprintln!(
                "usage: sluice-simulation [--schedules N] [--from SEED] | --seed N [--mode strict|generation|eventual] [--rule NAME]"
            );
            ExitCode::from(2)
        }
    }
}

struct Options {
    schedules: u64,
    from: u64,
    seed: Option<u64>,
    mode: Option<Ordering>,
    rule: Option<String>,
}

fn options() -> Option<Options> {
    let mut options = Options { schedules: 100_000, from: 0, seed: None, mode: None, rule: None };
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--");
    while let Some(argument) = arguments.next() {
        let value = arguments.next()?;
        match argument.as_str() {
            "--schedules" => options.schedules = value.parse().ok()?,
            "--from" => options.from = value.parse().ok()?,
            "--seed" => options.seed = Some(value.parse().ok()?),
            "--mode" => options.mode = Some(serde_json::from_value(value.into()).ok()?),
            "--rule" => options.rule = Some(value),
            _ => return None,
        }
    }
    Some(options)
}

fn replay(seed: u64, mode: Ordering, rule: Option<&str>) -> ExitCode {
    let play = match rule {
        None => run::<Sound>,
        Some(rule) => match mutants().into_iter().find(|mutant| mutant.rule == rule) {
            Some(mutant) => mutant.run,
            None => {
                eprintln!("no such rule: {rule}");
                return ExitCode::from(2);
            }
        },
    };
    let report = play(mode, seed, Some(&mut |line| println!("{line}")));
    match report.violation {
        Some(violation) => {
            println!("{violation}");
            ExitCode::FAILURE
        }
        None => ExitCode::SUCCESS,
    }
}

#[derive(Default)]
struct Tally {
    schedules: u64,
    admitted: u64,
    extended: u64,
    excess: usize,
}

fn sweep(from: u64, schedules: u64) -> ExitCode {
    let started = Instant::now();
    let (next, failed) = (AtomicU64::new(0), AtomicBool::new(false));
    let tallies = Mutex::new([Tally::default(), Tally::default(), Tally::default()]);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let first = next.fetch_add(CHUNK, Relaxed);
                    if first >= schedules || failed.load(Relaxed) {
                        return;
                    }
                    for seed in from + first..from + schedules.min(first + CHUNK) {
                        let report = run::<Sound>(mode_of(seed), seed, None);
                        if let Some(violation) = &report.violation {
                            println!("{:?}, --seed {seed}: {violation}", mode_of(seed));
                            failed.store(true, Relaxed);
                        }
                        if let Ok(mut tallies) = tallies.lock() {
                            count(&mut tallies[(seed % 3) as usize], &report);
                        }
                    }
                }
            });
        }
    });
    println!("mode        schedules   admitted    renewed  worst excess");
    if let Ok(tallies) = tallies.lock() {
        for (mode, tally) in MODES.iter().zip(tallies.iter()) {
            let Tally { schedules, admitted, extended, excess } = tally;
            println!("{:<10} {schedules:>10} {admitted:>10} {extended:>10} {excess:>13}", format!("{mode:?}"));
        }
    }
    println!("{threads} threads, {:.1} s", started.elapsed().as_secs_f64());
    if failed.load(Relaxed) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn count(tally: &mut Tally, report: &Report) {
    tally.schedules += 1;
    tally.admitted += report.admitted;
    tally.extended += report.extended;
    tally.excess = tally.excess.max(report.excess);
}
