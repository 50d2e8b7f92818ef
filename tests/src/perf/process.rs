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
    use super::*;

    #[test]
    fn time_spent_is_counted() {
        let before = cpu_time(std::process::id()).expect("this process");
        let spent = (0..10_000_000_u64).fold(0, |sum, next| std::hint::black_box(sum ^ next));
        let after = cpu_time(std::process::id()).expect("this process");
        assert!(after > before, "{spent}");
        assert!(cpu_time(u32::MAX).is_err());
    }
}
