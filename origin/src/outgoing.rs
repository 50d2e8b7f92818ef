//! What requests to other servers have in common.

use std::time::Duration;

/// The pause after try number `attempt`, from 1, where the one after the first is at most `first`: it doubles, and is between half of that and all of it, so
/// that those who failed together do not come back together. `random` says where.
pub(crate) fn pause(first: Duration, attempt: u32, random: u32) -> Duration {
    let half = first.saturating_mul(1 << attempt.saturating_sub(1).min(10)) / 2;
    half + half.mul_f64(f64::from(random) / f64::from(u32::MAX))
}

/// The innermost reason of an HTTP error, which says more than its outer layers and names no URL.
pub(crate) fn cause(error: &reqwest::Error) -> String {
    let mut source: &dyn std::error::Error = error;
    while let Some(inner) = source.source() {
        source = inner;
    }
    source.to_string()
}
