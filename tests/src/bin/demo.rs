//! `cargo demo`: the product on one machine, with one command. See `sluice_tests::demo`.

use std::process::ExitCode;

use sluice_tests::{demo, options::Options};

fn main() -> ExitCode {
    demo::main(Options::from_env())
}
