use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use serde_json::json;

use super::measures::{Measure, Measures};
use crate::runtime::{Edge, EdgeHost, EdgeSpec};

/// How many of a body's runs make one here, where each waits for a sandbox to end.
const RUNS_A_WAIT: usize = 10;
/// Longer than Fastly's sandboxes wait for another request (`edge/fastly/src/main.rs`).
#[cfg(feature = "fastly")]
const SANDBOX_ENDS: Duration = Duration::from_millis(2_500);

/// Measures what a request pays that finds no instance.
pub(super) async fn measure(runs: usize, into: &mut Measures) -> Result<()> {
    for &host in EdgeHost::ALL {
        let module = tokio::task::spawn_blocking(move || host.build()).await??;
        let edge = host.start(EdgeSpec::new(module, configuration(), BTreeMap::new())).await?;
        let time = match &edge {
            Edge::Spin(running) => {
                let mut best = Duration::MAX;
                for _ in 0..runs {
                    best = best.min(running.instantiate().await?);
                }
                best
            }
            #[cfg(feature = "fastly")]
            Edge::Fastly(_) => first_over_next(&edge, runs).await?,
        };
        edge.shutdown().await;
        into.add(format!("instance_{}", host.as_str()), Measure { seconds: time.as_secs_f64(), bytes: 0 });
    }
    Ok(())
}

/// By how much the first answer comes later than the next ones.
#[cfg(feature = "fastly")]
async fn first_over_next(edge: &Edge, runs: usize) -> Result<Duration> {
    let client = crate::client::http_client();
    let url = format!("http://{}/healthz", edge.addr());
    let health = async || -> Result<Duration> {
        let start = Instant::now();
        client.get(&url).send().await?.error_for_status().context("a health check")?.bytes().await?;
        Ok(start.elapsed())
    };
    let (mut first, mut next) = (Duration::MAX, Duration::MAX);
    health().await?;
    for _ in 0..runs.div_ceil(RUNS_A_WAIT) {
        tokio::time::sleep(SANDBOX_ENDS).await;
        first = first.min(health().await?);
        for _ in 0..runs {
            next = next.min(health().await?);
        }
    }
    Ok(first.saturating_sub(next))
}

/// Enough for a health check.
fn configuration() -> String {
    json!({
        "v": 1,
        "name": "perf",
        "origin": { "url": "http://127.0.0.1:9" },
        "viewer": { "keys": [] },
    })
    .to_string()
}
