//! CBC chains. A chain cannot be hurried: each of its blocks waits for the one before it. But eight of them take a step together in the time
//! of one ([`super::eight`]): every subsample of a fragment is a chain, so that there mostly are enough.

use super::{
    eight::{EightBlocks, KeptPlanes, add, get, keep},
    permute::Permuted,
    sbox::transpose,
    vector::{Kept, V},
    walk::Chain,
};
use crate::cipher::SpanError;

const LANES: usize = 8;

/// With fewer chains than this in the lanes, one after the other is faster.
const WORTH: usize = 4;

/// Encrypts all chains. Longest first: a lane whose chain has ended takes the next, and what is left at the end, when lanes would
/// run empty, are the longest ones' remainders, which go on by themselves.
///
/// # Errors
/// [`SpanError`]
pub(super) fn encrypt(
    eight: &EightBlocks,
    permuted: &Permuted,
    buffer: &mut [u8],
    mut chains: Vec<Chain>,
    iv: &[u8; 16],
) -> Result<(), SpanError> {
    chains.sort_unstable_by(|a, b| b.blocks.cmp(&a.blocks));
    let mut waiting = chains.into_iter();
    let mut lanes = Lanes::new(iv);
    while lanes.refill(&mut waiting) >= WORTH {
        lanes.run(eight, buffer)?;
    }
    for chain in lanes.chains.into_iter().filter(|chain| chain.blocks > 0) {
        let previous = chain.walk.previous(buffer).copied().unwrap_or(*iv);
        permuted.encrypt(buffer, chain, &previous)?;
    }
    Ok(())
}

struct Lanes {
    chains: [Chain; LANES],
    /// Every lane's last block.
    previous: KeptPlanes,
    iv: KeptPlanes,
}

impl Lanes {
    fn new(iv: &[u8; 16]) -> Self {
        let mut planes = [Kept::zero(); 8];
        keep(&mut planes, transpose([V::load(iv); 8]));
        Self { chains: [Chain::default(); LANES], previous: planes, iv: planes }
    }

    /// Gives the next chains to lanes that have none; how many lanes have one.
    fn refill(&mut self, waiting: &mut impl Iterator<Item = Chain>) -> usize {
        let mut begun = 0u8;
        for (lane, chain) in self.chains.iter_mut().enumerate().filter(|(_, chain)| chain.blocks == 0) {
            if let Some(next) = waiting.next() {
                *chain = next;
                begun |= 1 << lane;
            }
        }
        let begun = V::splat(begun);
        let planes = core::array::from_fn(|i| {
            let (previous, iv) = (self.previous[i].get(), self.iv[i].get());
            previous ^ ((previous ^ iv).opaque() & begun)
        });
        keep(&mut self.previous, planes);
        self.chains.iter().filter(|chain| chain.blocks > 0).count()
    }

    /// Steps until the first chain ends.
    fn run(&mut self, eight: &EightBlocks, buffer: &mut [u8]) -> Result<(), SpanError> {
        let steps = self.chains.iter().map(|chain| chain.blocks).filter(|blocks| *blocks > 0).min().unwrap_or(0);
        for _ in 0..steps {
            let mut blocks = [V::zero(); LANES];
            for (block, chain) in blocks.iter_mut().zip(&self.chains).filter(|(_, chain)| chain.blocks > 0) {
                *block = V::load(chain.walk.block(buffer)?);
            }
            let message = add(transpose(blocks), &self.previous);
            keep(&mut self.previous, message);
            eight.encrypt(&mut self.previous);
            let blocks = transpose(get(&self.previous));
            for (block, chain) in blocks.into_iter().zip(&mut self.chains).filter(|(_, chain)| chain.blocks > 0) {
                block.store(chain.walk.block(buffer)?);
                chain.walk.advance();
            }
        }
        for chain in &mut self.chains {
            chain.blocks = chain.blocks.saturating_sub(steps);
        }
        Ok(())
    }
}
