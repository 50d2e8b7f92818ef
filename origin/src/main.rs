//! `sluice`, the operator's program.

use std::process::ExitCode;

fn main() -> ExitCode {
    sluice_origin::cli::main(std::env::args_os())
}
