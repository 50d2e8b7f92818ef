//! `cargo verify`: every check there is, counted.
//!
//! A suite is `lint`, `unit`, what other people's tools judge (`packager`, `delivery`), a part of `unit` by name (`gate`, `origin`, …), or a
//! file of integration tests: `tests/tests/NAME.rs` (or `NAME/main.rs`) is the suite `NAME`. A suite that has nothing says so instead of
//! passing; a run of everything counts no test twice.

mod lint;
mod machine;
mod step;
mod suite;

use std::process::ExitCode;

pub use step::Count;
pub use suite::Suite;

/// Runs the suites named, or all that have checks where none is, and prints the counts. Fails where a check failed.
pub fn run(named: &[Suite]) -> ExitCode {
    let root = crate::toolchain::workspace();
    let strays = suite::strays(&root);
    let chosen: Vec<Suite> = match named {
        [] => Suite::ALL.into_iter().filter(|suite| suite.by_default(&root)).collect(),
        named => named.to_vec(),
    };
    let mut results = Vec::new();
    for suite in chosen {
        if !suite.has_checks(&root) {
            println!("{suite}: no checks yet");
            continue;
        }
        println!("== {suite}");
        let count = suite.run(&root);
        println!("{suite}: {count}");
        results.push((suite, count));
    }
    let mut total = Count::default();
    if results.len() > 1 {
        println!();
    }
    for (suite, count) in &results {
        if results.len() > 1 {
            println!("{suite}: {count}");
        }
        total.add(*count);
    }
    for stray in strays {
        println!("tests/tests/{stray} belongs to no suite, so that nothing runs it");
        total.failed += 1;
    }
    println!("{total}");
    ExitCode::from(u8::from(total.failed > 0))
}
