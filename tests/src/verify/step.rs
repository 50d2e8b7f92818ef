use std::{
    fmt,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
};

use crate::toolchain::cargo;

/// How many checks passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Passed.
    pub passed: u64,
    /// Failed, or could not run.
    pub failed: u64,
}

impl Count {
    /// One check that passed.
    pub const PASSED: Self = Self { passed: 1, failed: 0 };
    /// One check that failed.
    pub const FAILED: Self = Self { passed: 0, failed: 1 };

    /// Adds another count.
    pub fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

/// Runs a command whose exit status is one check.
pub(super) fn check(command: &mut Command) -> Count {
    announce(command);
    match command.stdin(Stdio::null()).status() {
        Ok(status) if status.success() => Count::PASSED,
        Ok(_) => Count::FAILED,
        Err(error) => cannot_start(command, &error),
    }
}

/// Runs `cargo test …` and counts the tests, streaming what it prints.
pub(super) fn cargo_test(arguments: &[&str]) -> Count {
    let mut command = cargo();
    command.arg("test").args(arguments);
    announce(&command);
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(error) => return cannot_start(&command, &error),
    };
    let mut count = Count::default();
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            println!("{line}");
            count.add(result_line(&line).unwrap_or_default());
        }
    }
    let succeeded = child.wait().is_ok_and(|status| status.success());
    // It did not build, a test binary died, or nothing ran at all.
    if (!succeeded && count.failed == 0) || count == Count::default() {
        count.failed += 1;
    }
    count
}

fn announce(command: &Command) {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy().into_owned();
    let words = command.get_args().map(|argument| argument.to_string_lossy().into_owned());
    println!("-- {}", std::iter::once(program).chain(words).collect::<Vec<_>>().join(" "));
}

fn cannot_start(command: &Command, error: &std::io::Error) -> Count {
    println!("cannot run {}: {error}", command.get_program().to_string_lossy());
    Count::FAILED
}

/// The counts of libtest's last line, `test result: ok. 3 passed; 0 failed; …`.
fn result_line(line: &str) -> Option<Count> {
    let counts = line.trim().strip_prefix("test result: ")?.split_once(". ")?.1;
    let number = |word: &str| {
        let entry = counts.split(';').map(str::trim).find(|entry| entry.ends_with(word))?;
        entry.split(' ').next()?.parse().ok()
    };
    Some(Count { passed: number(" passed")?, failed: number(" failed")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libtests_last_line_is_counted() {
        let counted = |line| result_line(line).map(|count| (count.passed, count.failed));
        let line = "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.02s";
        assert_eq!(counted(line), Some((12, 0)));
        assert_eq!(counted("test result: FAILED. 3 passed; 2 failed; 0 ignored"), Some((3, 2)));
        for other in ["test a ... ok", "test result: ok.", "running 3 tests", ""] {
            assert_eq!(counted(other), None, "{other}");
        }
    }

    #[test]
    fn a_child_that_counts_nothing_has_failed() {
        assert_eq!(cargo_test(&["--help"]), Count::FAILED);
        assert_eq!(cargo_test(&["--no-such-option"]), Count::FAILED);
        assert_eq!(check(&mut Command::new("true")), Count::PASSED);
        assert_eq!(check(&mut Command::new("false")), Count::FAILED);
        assert_eq!(check(&mut Command::new("/nonexistent/program")), Count::FAILED);
    }
}
