//! `cargo perf`: the benchmarks, as ratios measured in one run. See `sluice_tests::perf`.

use std::process::ExitCode;

use sluice_tests::{options::Options, perf};

fn main() -> ExitCode {
    perf::main(Options::from_env())
}
