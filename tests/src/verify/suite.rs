use std::{fmt, path::Path, process::Command};

use super::{
    lint, machine,
    step::{Count, cargo_test, check},
};

/// A group of checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suite {
    /// Format, clippy, licences, sources, banned crates.
    Lint,
    /// The tests beside the code, native.
    Unit,
    /// Published test vectors.
    Vectors,
    /// The packager against other people's tools.
    Packager,
    /// The ciphers against independent implementations.
    Ciphers,
    /// Who may watch.
    Gate,
    /// Key delivery.
    Keys,
    /// Manifests and media as delivered.
    Delivery,
    /// The origin and its commands.
    Origin,
    /// The local runtimes, and conformance on every host.
    Hosts,
    /// Players in a real browser.
    Browser,
    /// What operators deploy.
    Infra,
    /// What the documents say.
    Docs,
}

/// What runs the edge modules, all of it in one build: another choice of features would compile both wasmtimes again.
const RUNTIMES: &[&str] = &["--package", "sluice-tests", "--features", "fastly"];

impl Suite {
    /// All of them, in the order in which they run: what fails soonest and costs least comes first.
    pub const ALL: [Self; 13] = [
        Self::Lint,
        Self::Unit,
        Self::Vectors,
        Self::Packager,
        Self::Ciphers,
        Self::Gate,
        Self::Keys,
        Self::Delivery,
        Self::Origin,
        Self::Hosts,
        Self::Browser,
        Self::Infra,
        Self::Docs,
    ];

    /// The suite's word on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lint => "lint",
            Self::Unit => "unit",
            Self::Vectors => "vectors",
            Self::Packager => "packager",
            Self::Ciphers => "ciphers",
            Self::Gate => "gate",
            Self::Keys => "keys",
            Self::Delivery => "delivery",
            Self::Origin => "origin",
            Self::Hosts => "hosts",
            Self::Browser => "browser",
            Self::Infra => "infra",
            Self::Docs => "docs",
        }
    }

    /// Parses the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|suite| suite.as_str() == word)
    }

    /// Whether there is anything to run.
    pub(super) fn has_checks(self, root: &Path) -> bool {
        match self {
            Self::Lint | Self::Unit | Self::Packager | Self::Delivery => true,
            other => other.part_of_unit().is_some() || integration_test(root, other.as_str()),
        }
    }

    /// Whether a run of everything includes it by name: not what `unit` runs already.
    pub(super) fn by_default(self, root: &Path) -> bool {
        self.has_checks(root) && self.part_of_unit().is_none()
    }

    /// The native tests that a suite picks out of `unit`'s.
    fn part_of_unit(self) -> Option<&'static [&'static str]> {
        match self {
            Self::Vectors => Some(&["--package", "sluice-packager", "--package", "sluice-gate", "vectors::"]),
            Self::Ciphers => Some(&["--package", "sluice-cipher", "cipher::"]),
            Self::Gate => Some(&["--package", "sluice-gate", "--package", "sluice-app"]),
            Self::Keys => Some(&["--package", "sluice-packager", "--package", "sluice", "key"]),
            Self::Origin => Some(&["--package", "sluice"]),
            _ => None,
        }
    }

    pub(super) fn run(self, root: &Path) -> Count {
        if let Err(lack) = machine::prepare(self) {
            println!("{self} cannot run here: {lack}");
            return Count::FAILED;
        }
        let test = |arguments: &[&str]| cargo_test(&[&["--no-fail-fast"], arguments].concat());
        let with_runtimes = |arguments: &[&str]| test(&[RUNTIMES, arguments].concat());
        match self {
            Self::Lint => lint::run(),
            Self::Unit => test(&[]),
            // Other people's packagers and decryptors judge the operator's command; then its WASM is held against it, and every codec is
            // judged in every layout.
            Self::Packager => {
                let mut count = test(&["--package", "sluice", "--test", "oracles", "--", "--ignored"]);
                count.add(with_runtimes(&["--test", "packager", "--", "--include-ignored"]));
                count
            }
            // Other people's parsers read the manifests.
            Self::Delivery => check(&mut Command::new(root.join("tests/manifests/run"))),
            // The runtimes' own tests need what only this suite builds.
            Self::Hosts => with_runtimes(&["--lib", "--bins", "--test", "hosts"]),
            other => match other.part_of_unit() {
                Some(arguments) => test(arguments),
                None => with_runtimes(&["--test", other.as_str()]),
            },
        }
    }
}

impl fmt::Display for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Files in `tests/tests` that no suite runs.
pub(super) fn strays(root: &Path) -> Vec<String> {
    let Ok(entries) = root.join("tests/tests").read_dir() else { return Vec::new() };
    let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut strays: Vec<String> = names
        .filter(|name| {
            let stem = name.strip_suffix(".rs").unwrap_or(name);
            let is_test = name.ends_with(".rs") || root.join("tests/tests").join(name).join("main.rs").is_file();
            is_test && Suite::parse(stem).is_none_or(|suite| matches!(suite, Suite::Lint | Suite::Unit))
        })
        .collect();
    strays.sort();
    strays
}

fn integration_test(root: &Path, name: &str) -> bool {
    let folder = root.join("tests/tests");
    folder.join(name).with_extension("rs").is_file() || folder.join(name).join("main.rs").is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_suite_is_named_once() {
        for suite in Suite::ALL {
            assert_eq!(Suite::parse(suite.as_str()), Some(suite));
        }
        assert_eq!(Suite::parse("all"), None);
    }

    #[test]
    fn a_file_of_tests_makes_a_suite_and_no_file_is_overlooked() {
        let root = tempfile::tempdir().expect("a folder");
        let tests = root.path().join("tests/tests");
        std::fs::create_dir_all(tests.join("gate")).expect("folders");
        std::fs::create_dir_all(tests.join("common")).expect("folders");
        for file in ["gate/main.rs", "browser.rs", "unit.rs", "other.rs", "common/mod.rs"] {
            std::fs::write(tests.join(file), "").expect("a file");
        }
        let with_checks: Vec<_> = Suite::ALL.into_iter().filter(|suite| suite.by_default(root.path())).collect();
        assert_eq!(with_checks, [Suite::Lint, Suite::Unit, Suite::Packager, Suite::Delivery, Suite::Browser]);
        assert_eq!(strays(root.path()), ["other.rs", "unit.rs"]);
    }
}
