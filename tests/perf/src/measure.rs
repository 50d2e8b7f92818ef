//! Timing that a busy machine disturbs little: a body is cut into pieces, each piece's best time of all runs is kept, and these are summed.
//! What interrupts one piece in one run then costs nothing; only what is slow every time does.

use std::{hint::black_box, time::Instant};

use anyhow::{Context, Result};
use serde_json::json;

/// Something to time.
pub(crate) struct Candidate<'a> {
    name: String,
    /// What one go is for.
    bytes: usize,
    /// How many pieces make up a go, or how many goes a piece.
    cut: Cut,
    body: Box<dyn FnMut(usize) -> Result<()> + 'a>,
}

enum Cut {
    Pieces(usize),
    Repeated(usize),
}

impl<'a> Candidate<'a> {
    /// A body of so many pieces; it is called with the number of each, in order.
    pub(crate) fn pieces(
        name: impl Into<String>,
        bytes: usize,
        pieces: usize,
        body: impl FnMut(usize) -> Result<()> + 'a,
    ) -> Self {
        Self { name: name.into(), bytes, cut: Cut::Pieces(pieces), body: Box::new(body) }
    }

    /// A body too short for the clock, so many times for each look at it.
    pub(crate) fn repeated(
        name: impl Into<String>,
        bytes: usize,
        times: usize,
        mut body: impl FnMut() -> Result<()> + 'a,
    ) -> Self {
        Self { name: name.into(), bytes, cut: Cut::Repeated(times), body: Box::new(move |_| body()) }
    }
}

/// What of a candidate's bytes is near when a run begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Caches {
    /// What the runs before have left there.
    Warm,
    /// Nothing: as a request finds a segment that nobody has just asked for.
    Emptied,
}

/// More than the last cache of common servers holds for one of their cores.
const EMPTIED_BY: usize = 64 << 20;
/// Bytes of a cache's line.
const LINE: usize = 64;

/// Runs the candidates in turn, so many times, and prints what each takes.
pub(crate) fn interleaved(runs: usize, caches: Caches, mut candidates: Vec<Candidate<'_>>) -> Result<()> {
    // Written once, or all of it would be the system's one page of zeros; then only read, so that no run pays for writing it back.
    let other = vec![1_u8; if caches == Caches::Emptied { EMPTIED_BY } else { 0 }];
    let mut best: Vec<Vec<f64>> = candidates.iter().map(|candidate| vec![f64::INFINITY; candidate.clocked()]).collect();
    for _ in 0..runs.max(1) {
        for (candidate, best) in candidates.iter_mut().zip(&mut best) {
            black_box(black_box(&other).iter().step_by(LINE).fold(0, |sum, byte| sum ^ byte));
            for (piece, best) in best.iter_mut().enumerate() {
                let seconds = candidate.once(piece).with_context(|| candidate.name.clone())?;
                *best = best.min(seconds);
            }
        }
    }
    for (candidate, best) in candidates.iter().zip(best) {
        let us = best.iter().sum::<f64>() * 1e6;
        println!("{}", json!({ "name": candidate.name, "us": us, "bytes": candidate.bytes }));
    }
    Ok(())
}

impl Candidate<'_> {
    /// How many looks at the clock a run takes.
    fn clocked(&self) -> usize {
        match self.cut {
            Cut::Pieces(pieces) => pieces,
            Cut::Repeated(_) => 1,
        }
    }

    /// Seconds of a piece, or of one go of many.
    fn once(&mut self, piece: usize) -> Result<f64> {
        let times = match self.cut {
            Cut::Pieces(_) => 1,
            Cut::Repeated(times) => times.max(1),
        };
        let start = Instant::now();
        for _ in 0..times {
            (self.body)(piece)?;
        }
        Ok(start.elapsed().as_secs_f64() / times as f64)
    }
}
