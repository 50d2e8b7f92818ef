//! `cargo verify [SUITE…]`: runs every check, or the suites named. See `sluice_tests::verify`.

use std::process::ExitCode;

use sluice_tests::{
    options::{Options, UsageError},
    verify::{Suite, run},
};

fn main() -> ExitCode {
    match suites(Options::from_env()) {
        Ok(named) => run(&named),
        Err(error) => {
            eprintln!("verify: {error}\nsuites: {}", Suite::ALL.map(Suite::as_str).join(" "));
            ExitCode::from(2)
        }
    }
}

fn suites(options: Options) -> Result<Vec<Suite>, UsageError> {
    let parse = |word: String| Suite::parse(&word).ok_or_else(|| UsageError(format!("there is no suite '{word}'")));
    options.operands()?.into_iter().map(parse).collect()
}
