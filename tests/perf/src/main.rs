//! The bodies that `cargo perf` measures: what the edge spends its time on, in pieces. `sluice_tests::perf` runs it in WASM, under the engine
//! of the Spin host, and natively, and makes ratios of what it prints.
//!
//! `sluice-perf-guest GROUP RUNS [MEDIA]`, with GROUP one of `kernels`, `gate`, `manifests`, or `segments` of the media in that folder. A line of
//! JSON for each body: `{"name":…,"us":…,"bytes":…}`, the microseconds of one go and how many bytes it is for.
//!
//! `sluice-perf-guest equal CASES SEED` measures nothing, but holds the kernels against the crates.

#![forbid(unsafe_code)]

mod edge;
mod equal;
mod gate;
mod gathered;
mod host;
mod kernels;
mod manifests;
mod measure;
mod recorder;
mod segments;
mod tokens;

use std::path::Path;

use anyhow::{Context, Result, bail};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let number = |word: &str| word.parse::<u64>().with_context(|| format!("{word}: not a number"));
    let (group, runs, media) = match words[..] {
        ["equal", cases, seed] => return equal::check(number(cases)?, number(seed)?),
        [group, runs] => (group, runs, None),
        [group, runs, media] => (group, runs, Some(Path::new(media))),
        _ => bail!("usage: sluice-perf-guest kernels|gate|manifests|segments RUNS [MEDIA]"),
    };
    let runs = usize::try_from(number(runs)?)?;
    match (group, media) {
        ("kernels", None) => kernels::measure(runs),
        ("gate", None) => gate::measure(runs),
        ("manifests", None) => manifests::measure(runs),
        ("segments", Some(media)) => segments::measure(runs, media),
        ("segments", None) => bail!("segments wants a folder of media"),
        _ => bail!("there is no group {group}, or it takes no media"),
    }
}
