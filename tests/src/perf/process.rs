use std::{fs, time::Duration};

use anyhow::{Context, Result};

/// User and system time of all threads of a process so far, to the nanosecond.
///
/// Threads that have ended do not count: what is measured keeps its own.
pub(super) fn cpu_time(pid: u32) -> Result<Duration> {
    let tasks = format!("/proc/{pid}/task");
    let mut total = 0;
    for task in fs::read_dir(&tasks).with_context(|| tasks.clone())? {
        // One that ends between the listing and the reading has nothing to tell any more.
        let Ok(text) = fs::read_to_string(task?.path().join("schedstat")) else { continue };
        let nanoseconds = text.split(' ').next().and_then(|number| number.parse::<u64>().ok());
        total +=
            nanoseconds.context("the kernel keeps no account of CPU time per thread (/proc/PID/task/*/schedstat)")?;
    }
    Ok(Duration::from_nanos(total))
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn time_spent_is_counted() {
        // Of another process: what this one's other threads have spent is gone when they end.
        let mut busy = Command::new("yes").stdout(Stdio::null()).spawn().expect("coreutils");
        let counted = (0..1_000_000).any(|_| {
            std::thread::yield_now();
            cpu_time(busy.id()).is_ok_and(|time| !time.is_zero())
        });
        busy.kill().and_then(|()| busy.wait()).expect("ends");
        assert!(counted);
        assert!(cpu_time(u32::MAX).is_err());
    }
}
