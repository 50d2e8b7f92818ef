//! `cargo perf`: what the edge costs, as ratios of figures that were taken in turn within one run.
//!
//! A ratio of two figures from one run holds on another machine, roughly; microseconds and megabytes per second are this machine's. Nothing here
//! passes or fails: a figure that misses what it should be is printed as missed.
//!
//! # How to read the rows
//!
//! **Kernels** (`ctr_*`, `chains_*`, `pattern_*`, `single_*`). WASM under the Spin host's engine, one thread, in place, 64 KiB at a time over a buffer
//! of 1 MiB; names that end in `_64k` are of 64 KiB over and over, which stay in the nearest cache. `…_vs_crate` is how many times as fast as
//! the `aes`, `ctr` and `cbc` crates the edge's cipher is. `chains` encrypts every block of sixteen chains, `pattern` one of ten as `cbcs` has it
//! for video (its MB/s count all bytes), `single` one chain alone. `chains_vs_gathered` compares with the best that is to be had of the crates by
//! hand: four chains side by side in each call. 1.0 throughout means that the crates *are* the edge's cipher in this build.
//!
//! **Segments** (`segment_*`). Four seconds of H.264 in fragments of one second, through the packager: boxes read, subsamples found, encrypted,
//! `senc` written. 1080p where no other size is named. Each run begins with the caches emptied, for an edge sees a segment once: out of the caches the
//! packager costs little more, and a copy, which is all memory, up to three times as much; `…_hot…` are figures with all of it in the caches. `…_vs_memcpy` is how many times as long as copying the bytes once it takes; `…_vs_crates`
//! how many times as fast as with the crates' ciphers; `…_vs_native` how many times as long as the same program, compiled for the machine itself
//! and with its AES instructions, takes. `segment_cenc_vs_kernel` is what the packager adds to the counter mode that it cannot do
//! without: the kernel on as many bytes in one piece per fragment; `…_vs_spans` the same with the kernel on the segment's own ranges. `…_chunks`
//! hands the bytes over in pieces of 64 KiB, as they come from a network; `…_one_fragment` is a segment that is one fragment.
//!
//! **Gate** (`gate_*`, `session_*`). `gate_us` is what every segment request with a lease in a cookie pays: keys derived from the root, the
//! lease found, verified and compared. `gate_lease_us` is the lease's verification alone. `gate_request_us` is a whole request that is refused right
//! behind the gate, so configuration, routing and an error's body too. `session_*_us` is a whole `POST /v1/sessions` by kind of grant, on a
//! platform whose stores cost nothing.
//!
//! **Manifests** (`manifest_*`). A protected title of two hours, ten tracks and segments of two seconds. `manifest_descriptor_us` is what each of
//! the others pays first.
//!
//! **Modules** (`module_*`). Bytes of the release builds.
//!
//! **Instances** (`instance_*`). What a request pays that finds no instance: on Spin to make one, which every request does; on Fastly, whose
//! sandboxes serve many requests, by how much the first answer to a health check comes later than the next ones. `instance_health_*` is how long
//! the whole health check takes, from a client's view.
//!
//! **Servers** (`request_*`, `server_*`). Whole 1080p segments over four kept connections on loopback: user and system time of the serving
//! process alone, which does nothing else; origin and client are in another one. Spin fetches from the origin each time, Fastly's runtime
//! answers from its cache. `request_…_vs_clear` compares a protected segment with the same host, in the same module, handing the same bytes through
//! in the clear, as it does for an unprotected title. `server_…_vs_nginx_static` compares CPU time per byte with nginx on the same file, `sendfile` on
//! or off, whichever is better. Most of both is the host's own HTTP and copying. Of the rounds the middle one counts, not the best: how requests
//! fall together errs to both sides. nginx alone moves by a tenth or two; `server_clear_…` stands beside and moves along.
//!
//! Everything else has several runs, taken in turn with those that it is compared with, and its best counts; within a run, bodies are cut into pieces, and
//! each piece's best counts. So a machine that does other things beside disturbs little. Figures marked `~` still move by some tenths: they hang on
//! memory bandwidth, on the kernel or on latency.

mod catalogue;
mod figure;
mod guest;
mod instances;
mod load;
mod machine;
mod measures;
mod media;
mod modules;
mod nginx;
mod process;
mod report;
mod serve;
mod servers;
mod stage;

use std::{fs::File, io::Write, process::ExitCode};

use anyhow::{Context, Result};

use crate::options::{Options, UsageError};
use catalogue::FIGURES;
use figure::{Figure, Group};
use measures::{Lack, Measures};
pub use media::{LONG, long_title};
use report::Report;

const USAGE: &str = "usage: cargo perf [ROW-PREFIX …] [--json FILE] [--runs N] [--list]";

/// Runs of every body, unless told otherwise.
const RUNS: usize = 40;

/// What `--json` takes for standard output, which then has no table.
const STDOUT: &str = "-";

/// What the command line asks for.
#[derive(Debug, PartialEq)]
struct Wanted {
    figures: Vec<&'static Figure>,
    json: Option<String>,
    runs: usize,
    list: bool,
}

/// Runs the command. Exit status 0: measured, whatever came out, or skipped for lack of a tool; 1: something failed; 2: wrong usage.
pub fn main(mut options: Options) -> ExitCode {
    let outcome = match options.value("--serve") {
        Ok(Some(host)) => serve::serve(&host).map(|()| true),
        Ok(None) => match parse(options) {
            Ok(wanted) => command(&wanted),
            Err(error) => return wrong(&error),
        },
        Err(error) => return wrong(&error),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("perf: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn wrong(error: &UsageError) -> ExitCode {
    eprintln!("perf: {error}\n{USAGE}");
    ExitCode::from(2)
}

fn parse(mut options: Options) -> Result<Wanted, UsageError> {
    let json = options.value("--json")?;
    let runs = match options.value("--runs")? {
        Some(text) => text.parse().ok().filter(|runs| *runs > 0),
        None => Some(RUNS),
    };
    let runs = runs.ok_or_else(|| UsageError("--runs wants a number above 0".to_owned()))?;
    let list = options.flag("--list");
    let prefixes = options.operands()?;
    let known = |prefix: &String| FIGURES.iter().any(|figure| figure.name.starts_with(prefix.as_str()));
    if let Some(unknown) = prefixes.iter().find(|prefix| !known(prefix)) {
        return Err(UsageError(format!("no row begins with {unknown}; --list names them all")));
    }
    let wanted = |figure: &&Figure| {
        prefixes.is_empty() || prefixes.iter().any(|prefix| figure.name.starts_with(prefix.as_str()))
    };
    Ok(Wanted { figures: FIGURES.iter().filter(wanted).collect(), json, runs, list })
}

/// Whether nothing failed.
fn command(wanted: &Wanted) -> Result<bool> {
    if wanted.list {
        print!("{}", report::list(&wanted.figures));
        return Ok(true);
    }
    // Before minutes are spent on what could not be kept.
    let mut json = match wanted.json.as_deref() {
        Some(file) if file != STDOUT => Some(File::create(file).with_context(|| format!("--json {file}"))?),
        _ => None,
    };
    if let Some(busy) = machine::busy() {
        eprintln!("{busy}");
    }
    let mut measures = Measures::default();
    let mut failed = false;
    for group in Group::ALL {
        if !wanted.figures.iter().any(|figure| figure.group == group) {
            continue;
        }
        eprintln!("{}", group.progress());
        if let Err(error) = measure(group, wanted.runs, &mut measures) {
            // Not to have a tool is no failure: the rows say what to install.
            failed |= error.downcast_ref::<Lack>().is_none();
            measures.fail(group, format!("{error:#}"));
        }
    }
    let report = Report::of(&wanted.figures, &measures);
    if wanted.json.as_deref() == Some(STDOUT) {
        println!("{}", report.json());
    } else {
        print!("{report}");
    }
    if let Some(file) = &mut json {
        writeln!(file, "{}", report.json()).context("writing what --json wants")?;
    }
    Ok(!failed)
}

/// Measures all of a group.
fn measure(group: Group, runs: usize, into: &mut Measures) -> Result<()> {
    match group {
        Group::Kernels | Group::Gate | Group::Manifests => guest::measure(group, runs, into),
        Group::Segments => guest::measure_segments(runs, &media::media()?, into),
        Group::Modules => modules::measure(into),
        Group::Instances => runtime()?.block_on(instances::measure(runs, into)),
        Group::Servers => runtime()?.block_on(servers::measure(runs, into)),
    }
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Runtime::new().context("starting the runtime")
}

/// Runs every body that needs no tool and no server once, in WASM, on the segments in `media`, and gives the names of the rows that came out.
///
/// # Errors
/// Where the guest does not build, or a body fails.
pub fn rehearse(media: &std::path::Path) -> Result<Vec<&'static str>> {
    let mut measures = Measures::default();
    for group in [Group::Kernels, Group::Gate, Group::Manifests] {
        guest::rehearse(group, None, &mut measures)?;
    }
    guest::rehearse(Group::Segments, Some(media), &mut measures)?;
    let figures: Vec<_> = FIGURES.iter().collect();
    Ok(Report::of(&figures, &measures).measured().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &[&str]) -> Result<Wanted, UsageError> {
        parse(Options::new(words.iter().map(|&word| word.to_owned())))
    }

    #[test]
    fn prefixes_choose_rows() {
        let all = parsed(&[]).expect("usage");
        assert_eq!((all.figures.len(), all.runs), (FIGURES.len(), RUNS));
        let some = parsed(&["--json=F", "ctr_vs", "--runs", "3", "module_"]).expect("usage");
        let names: Vec<_> = some.figures.iter().map(|figure| figure.name).collect();
        assert_eq!(names, ["ctr_vs_crate", "ctr_vs_crate_64k", "module_fastly_bytes", "module_spin_bytes"]);
        assert_eq!((some.json.as_deref(), some.runs), (Some("F"), 3));
        assert!(parsed(&["nothing"]).is_err());
        assert!(parsed(&["--runs", "0"]).is_err());
    }
}
