//! CBC chains. A chain cannot be hurried: each of its blocks waits for the one before it. But eight of them take a step together in the time
//! of one ([`super::eight`]): every subsample of a fragment is a chain, so that there mostly are enough.
//!
//! Constant time: which chain is in which lane, and which block is next, follows from the spans' lengths and the pattern alone. Blocks go to the
//! kernels and back unseen; a lane's IV is put in by a mask.

use super::{
    Simd,
    eight::EightBlocks,
    planes::{KeptPlanes, add, get, keep, transpose},
    vector::{Kept, V},
    walk::{Chain, Stride},
};
use crate::cipher::{Pattern, Span, SpanError};

const LANES: usize = 8;

/// With fewer chains than this in the lanes, one after the other is faster.
const WORTH: usize = 4;

/// Encrypts all chains. Longest first: a lane whose chain has ended takes the next, and what is left at the end, when lanes would
/// run empty, are the longest ones' remainders, which go on by themselves.
///
/// # Errors
/// [`SpanError`]
pub(super) fn encrypt(
    simd: &Simd,
    buffer: &mut [u8],
    spans: &[Span],
    iv: &[u8; 16],
    pattern: Pattern,
) -> Result<(), SpanError> {
    let stride = Stride::new(pattern);
    let mut chains =
        spans.iter().map(|span| Chain::new(*span, &stride, buffer.len())).collect::<Result<Vec<_>, _>>()?;
    if chains.len() >= WORTH {
        chains.sort_unstable_by_key(|chain| core::cmp::Reverse(chain.blocks));
        chains = Lockstep::new(simd.eight_blocks(), &stride, iv).run(buffer, chains)?;
    }
    for chain in chains {
        let previous = *chain.previous(buffer, &stride).unwrap_or(iv);
        simd.permuted().encrypt(buffer, chain, &stride, &previous)?;
    }
    Ok(())
}

struct Lockstep<'k> {
    eight: &'k EightBlocks,
    stride: &'k Stride,
    iv: KeptPlanes,
    lanes: [Chain; LANES],
    /// Every lane's last block.
    previous: KeptPlanes,
}

impl<'k> Lockstep<'k> {
    fn new(eight: &'k EightBlocks, stride: &'k Stride, iv: &[u8; 16]) -> Self {
        let mut planes = [Kept::zero(); 8];
        keep(&mut planes, transpose([V::load(iv); 8]));
        Self { eight, stride, iv: planes, lanes: [Chain::default(); LANES], previous: planes }
    }

    /// Runs chains while enough of them are left; those that are.
    fn run(mut self, buffer: &mut [u8], chains: Vec<Chain>) -> Result<Vec<Chain>, SpanError> {
        let mut waiting = chains.into_iter();
        loop {
            self.refill(&mut waiting);
            let left = || self.lanes.iter().filter(|chain| chain.blocks > 0);
            let steps = match left().map(|chain| chain.blocks).min() {
                Some(steps) if left().count() >= WORTH => steps,
                _ => return Ok(left().copied().collect()),
            };
            for _ in 0..steps {
                self.step(buffer)?;
            }
            for chain in &mut self.lanes {
                chain.blocks = chain.blocks.saturating_sub(steps);
                chain.begun = true;
            }
        }
    }

    /// Gives the next chains to lanes that have none.
    fn refill(&mut self, waiting: &mut impl Iterator<Item = Chain>) {
        let mut begun = 0u8;
        for (lane, chain) in self.lanes.iter_mut().enumerate().filter(|(_, chain)| chain.blocks == 0) {
            if let Some(next) = waiting.next() {
                *chain = next;
                begun |= 1 << lane;
            }
        }
        let begun = V::splat(begun);
        for (kept, iv) in self.previous.iter_mut().zip(&self.iv) {
            let previous = kept.get();
            kept.set(previous ^ ((previous ^ iv.get()).opaque() & begun));
        }
    }

    /// One block of every lane.
    #[inline(always)]
    fn step(&mut self, buffer: &mut [u8]) -> Result<(), SpanError> {
        let mut blocks = [V::zero(); LANES];
        for (block, chain) in blocks.iter_mut().zip(&self.lanes) {
            if chain.blocks > 0 {
                *block = V::load(chain.block(buffer)?);
            }
        }
        let sum = add(transpose(blocks), get(&self.previous));
        keep(&mut self.previous, sum);
        self.eight.encrypt(&mut self.previous);
        for (block, chain) in transpose(get(&self.previous)).into_iter().zip(&mut self.lanes) {
            if chain.blocks > 0 {
                block.store(chain.block(buffer)?);
                chain.advance(self.stride);
            }
        }
        Ok(())
    }
}
