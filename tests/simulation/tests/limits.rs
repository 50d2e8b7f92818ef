//! The limit holds in every schedule; and without any one of the rules there is one in which it does not.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use sluice_gate::session::{Ordering, Sound};
use sluice_simulation::{mutants, run};

const MODES: [Ordering; 3] = [Ordering::Strict, Ordering::Generation, Ordering::Eventual];
/// Schedules of each mode; `cargo run --release -p sluice-simulation` plays as many as it is told.
const SCHEDULES: u64 = 3_000;
/// Schedules among which a missing rule is to be noticed.
const SEARCHED: u64 = 100_000;

#[test]
fn the_limit_holds() {
    for mode in MODES {
        let (mut admitted, mut extended, mut excess) = (0, 0, 0);
        for seed in 0..SCHEDULES {
            let report = run::<Sound>(mode, seed, None);
            assert_eq!(report.violation, None, "{mode:?}, seed {seed}");
            admitted += report.admitted;
            extended += report.extended;
            excess = excess.max(report.excess);
        }
        assert!(admitted > SCHEDULES && extended > SCHEDULES / 4, "{mode:?}: {admitted} admitted, {extended} renewed");
        assert_eq!(excess > 0, mode == Ordering::Eventual, "{mode:?}: {excess} over the limit for a while");
    }
}

#[test]
fn every_rule_is_needed() {
    let cases: Vec<_> =
        mutants().into_iter().flat_map(|mutant| mutant.modes.iter().map(move |mode| (mutant, *mode))).collect();
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some((mutant, mode)) = cases.get(next.fetch_add(1, Relaxed)) {
                    let seeds = mutant.from..mutant.from + SEARCHED;
                    let found = { seeds }.find(|seed| (mutant.run)(*mode, *seed, None).violation.is_some());
                    println!("{mode:?} without {}: seed {found:?}", mutant.rule);
                    assert!(found.is_some(), "{mode:?} holds without {}", mutant.rule);
                }
            });
        }
    });
}

#[test]
fn a_seed_is_a_schedule() {
    let trace = |seed| {
        let mut lines = Vec::new();
        run::<Sound>(Ordering::Eventual, seed, Some(&mut |line| lines.push(line)));
        lines
    };
    assert_eq!(trace(7), trace(7));
    assert_ne!(trace(7), trace(8));
}
