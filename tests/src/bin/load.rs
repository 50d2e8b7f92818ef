//! The race against the stream limit, on every store. See `sluice_tests::load`.

use std::process::ExitCode;

use sluice_tests::{load, options::Options};

fn main() -> ExitCode {
    load::main(Options::from_env())
}
