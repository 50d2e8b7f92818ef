use std::{fs, process::Command, thread::available_parallelism};

/// The machine and what was compiled with, in a line.
pub(super) fn describe() -> String {
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or(std::env::consts::ARCH, |(_, model)| model);
    let cores = available_parallelism().map_or(1, usize::from);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let rustc = Command::new("rustc").arg("--version").output().ok();
    let rustc = rustc.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    let version = rustc.split(' ').nth(1).unwrap_or("?");
    format!("{model}, {cores} cores, Linux {}, rustc {version}, wasmtime 48", kernel.trim())
}

/// A word on what else is going on, where that is much.
pub(super) fn busy() -> Option<String> {
    let averages = fs::read_to_string("/proc/loadavg").ok()?;
    let load: f64 = averages.split(' ').next()?.parse().ok()?;
    let cores = available_parallelism().map_or(1, usize::from);
    (load > cores as f64 / 2.0).then(|| {
        format!("the machine is busy (load {load} on {cores} cores): ratios mostly hold, times and rates are worse than they could be")
    })
}
