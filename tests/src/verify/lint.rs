use super::step::{Count, check};
use crate::toolchain::cargo;

/// Crates that build for the machine at hand.
const NATIVE: [&str; 8] = [
    "sluice-app",
    "sluice-cipher",
    "sluice-document",
    "sluice-gate",
    "sluice-packager",
    "sluice",
    "sluice-simulation",
    "sluice-tests",
];

/// What is built for WASM alone, each with its target.
const ADAPTERS: [(&str, &str); 4] = [
    ("sluice-edge-component", "wasm32-wasip2"),
    ("sluice-edge-fastly", "wasm32-wasip1"),
    ("sluice-edge-spin", "wasm32-wasip2"),
    ("sluice-perf-guest", "wasm32-wasip2"),
];

/// Format, clippy on every crate, licences, sources and banned crates.
pub(super) fn run() -> Count {
    let mut count = Count::default();
    count.add(check(cargo().args(["fmt", "--all", "--check"])));

    let mut native = cargo();
    native.arg("clippy");
    for package in NATIVE {
        native.args(["--package", package]);
    }
    count.add(check(native.args(["--all-targets", "--features", "sluice-tests/fastly", "--", "-D", "warnings"])));
    for (package, target) in ADAPTERS {
        let mut adapter = cargo();
        adapter.args(["clippy", "--package", package, "--target", target, "--", "-D", "warnings"]);
        count.add(check(&mut adapter));
    }

    count.add(check(cargo().args(["deny", "check", "bans", "licenses", "sources"])));
    count
}
