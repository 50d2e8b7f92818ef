use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use serde_json::json;

use super::measures::{Measure, Measures};
use crate::runtime::{Edge, EdgeHost, EdgeSpec};

/// How many of a body's runs make one here, where each waits for a sandbox to end.
#[cfg(feature = "fastly")]
const RUNS_A_WAIT: usize = 10;
/// Longer than Fastly's sandboxes wait for another request (`edge/fastly/src/main.rs`).
#[cfg(feature = "fastly")]
const SANDBOX_ENDS: Duration = Duration::from_millis(2_500);

/// Measures what a request pays that finds no instance.
pub(super) async fn measure(runs: usize, into: &mut Measures) -> Result<()> {
    for &host in EdgeHost::ALL {
        let module = tokio::task::spawn_blocking(move || host.build()).await??;
        let edge = host.start(EdgeSpec::new(module, configuration(), BTreeMap::new())).await?;
        let health = Health { client: crate::client::http_client(), url: format!("http://{}/healthz", edge.addr()) };
        let next = health.best_of(runs).await?;
        let instance = match &edge {
            Edge::Spin(running) => {
                let mut best = Duration::MAX;
                for _ in 0..runs {
                    best = best.min(running.instantiate().await?);
                }
                best
            }
            #[cfg(feature = "fastly")]
            Edge::Fastly(_) => {
                let mut first = Duration::MAX;
                for _ in 0..runs.div_ceil(RUNS_A_WAIT) {
                    tokio::time::sleep(SANDBOX_ENDS).await;
                    first = first.min(health.check().await?);
                }
                first.saturating_sub(next)
            }
        };
        edge.shutdown().await;
        for (what, time) in [("instance", instance), ("health", next)] {
            into.add(format!("{what}_{}", host.as_str()), Measure { seconds: time.as_secs_f64(), bytes: 0 });
        }
    }
    Ok(())
}

/// Health checks over a kept connection.
struct Health {
    client: reqwest::Client,
    url: String,
}

impl Health {
    /// The latency of one.
    async fn check(&self) -> Result<Duration> {
        let start = Instant::now();
        let answer = self.client.get(&self.url).send().await?.error_for_status().context("a health check")?;
        answer.bytes().await?;
        Ok(start.elapsed())
    }

    /// The best of so many, after one that finds nothing ready.
    async fn best_of(&self, runs: usize) -> Result<Duration> {
        self.check().await?;
        let mut best = Duration::MAX;
        for _ in 0..runs {
            best = best.min(self.check().await?);
        }
        Ok(best)
    }
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
