//! What a client has in hand of an answer that may break off.

use std::collections::HashSet;

use anyhow::{Context, Result, ensure};
use sluice_packager::cenc::read::Reader;
use sluice_tests::fixture::Stack;

/// Longer than the clear stretch of a `cbcs` pattern (9 blocks) and a block more: no such run of protected media is clear.
const RUN: usize = 256;

/// An answer, as far as it came.
pub(super) struct Received {
    pub(super) status: u16,
    /// The `code` of a problem document.
    pub(super) code: String,
    pub(super) body: Vec<u8>,
    /// Whether the body came to its proper end.
    pub(super) whole: bool,
}

pub(super) async fn receive(stack: &Stack, url: &str) -> Result<Received> {
    let mut response = stack.client().get(url).send().await?;
    let status = response.status().as_u16();
    let mut body = Vec::new();
    let whole = loop {
        match response.chunk().await {
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => break true,
            Err(_) => break false,
        }
    };
    let problem: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
    let code = problem["code"].as_str().unwrap_or_default().to_owned();
    Ok(Received { status, code, body, whole })
}

/// Runs of clear bytes that protected media never shows.
pub(super) struct ClearRuns(HashSet<Vec<u8>>);

impl ClearRuns {
    /// From the ends of a clear segment's longer samples: they begin with parameter sets and messages, which stay clear.
    pub(super) fn of(init: &[u8], segment: &[u8]) -> Result<Self> {
        let samples = Reader::new(init)?.clear_samples(segment, None)?;
        let long = samples.iter().filter(|sample| sample.len() >= 4 * RUN);
        let runs: HashSet<_> = long.map(|sample| sample[sample.len() - RUN..].to_vec()).collect();
        ensure!(!runs.is_empty(), "the segment has no sample that is long enough to be known again");
        Ok(Self(runs))
    }

    /// Fails where `body` shows one of them.
    pub(super) fn absent_from(&self, body: &[u8]) -> Result<()> {
        match body.windows(RUN).position(|window| self.0.contains(window)) {
            None => Ok(()),
            Some(at) => Err(anyhow::anyhow!("clear media at byte {at}")).context("what came is not protected"),
        }
    }
}
