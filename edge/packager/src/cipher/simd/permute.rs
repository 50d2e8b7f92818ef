//! One block at a time, for a chain that has no others beside it: AES by vector permutation.
//!
//! A byte is kept as two nibbles over a subfield ([`super::tables`]), and all of a block's bytes are looked up at once, in
//! registers. ShiftRows is left out ([`super::layout`]). What bounds it is latency: each look-up waits for the one before it.
//!
//! Constant time: every load is of a key, a table or the message, at a place that does not depend on what they hold, and there is no
//! branch. The tables' indices are secret, but are those of `i8x16.swizzle`, whose table is a register.

use super::{
    key_schedule::RoundKeys,
    layout::{above, after_rounds, below, ordered},
    tables::TABLES,
    vector::{Kept, V},
    walk::{Chain, Stride},
};
use crate::cipher::SpanError;

/// The round keys in nibbles.
pub(super) struct Permuted {
    first: Kept,
    /// Of rounds 1 to 9, each in its layout.
    rounds: [Kept; 9],
    /// Of round 10, as ordinary bytes.
    last: Kept,
    /// The same in nibbles and with the first key: from a block's end to the next block's beginning.
    link: Kept,
}

impl Permuted {
    pub(super) fn new(keys: &RoundKeys) -> Self {
        let mut keys = keys.with_constant();
        let first = to_nibbles(keys.next().unwrap_or(V::zero()));
        let rounds = core::array::from_fn(|index| {
            let key = to_nibbles(keys.next().unwrap_or(V::zero()));
            Kept::new(after_rounds(key, index + 1))
        });
        let last = keys.next().unwrap_or(V::zero());
        let link = to_nibbles(last) ^ first;
        Self { first: Kept::new(first), rounds, last: Kept::new(last), link: Kept::new(link) }
    }

    /// Encrypts what is left of a chain. `previous`: the block before, or the IV.
    ///
    /// # Errors
    /// [`SpanError`]
    pub(super) fn encrypt(
        &self,
        buffer: &mut [u8],
        mut chain: Chain,
        stride: &Stride,
        previous: &[u8; 16],
    ) -> Result<(), SpanError> {
        let mut state = to_nibbles(V::load(previous)) ^ self.first.get();
        for _ in 0..chain.blocks {
            let block = chain.block(buffer)?;
            state = self.block(state ^ to_nibbles(V::load(block)), block);
            chain.advance(stride);
        }
        Ok(())
    }

    /// One block, `state` being what goes into the first round; returns what goes into the next block's, but for its message.
    #[inline(always)]
    fn block(&self, mut state: V, out: &mut [u8; 16]) -> V {
        let [one, two, three, four, five, six, seven, eight, nine] = &self.rounds;
        state = round::<1>(state, one);
        state = round::<2>(state, two);
        state = round::<3>(state, three);
        state = round::<0>(state, four);
        state = round::<1>(state, five);
        state = round::<2>(state, six);
        state = round::<3>(state, seven);
        state = round::<0>(state, eight);
        state = round::<1>(state, nine);
        let inverse = inverse(state);
        (ordered(combine(&TABLES.plain, inverse)) ^ self.last.get()).store(out);
        ordered(combine(&TABLES.once, inverse)) ^ self.link.get()
    }
}

impl Drop for Permuted {
    fn drop(&mut self) {
        for kept in self.rounds.iter_mut().chain([&mut self.first, &mut self.last, &mut self.link]) {
            kept.set(V::zero());
        }
    }
}

/// SubBytes and MixColumns, whose output is in `LAYOUT`, and the round key.
///
/// MixColumns: `2·s + 3·below(s) + below(below(s)) + above(s)`, of which `x = 2·s + below(s)` and `below(x)` are the first three.
#[inline(always)]
fn round<const LAYOUT: usize>(state: V, key: &Kept) -> V {
    let inverse = inverse(state);
    let once = combine(&TABLES.once, inverse);
    let x = combine(&TABLES.doubled, inverse) ^ below::<LAYOUT>(once);
    (above::<LAYOUT>(once) ^ key.get()) ^ x ^ below::<LAYOUT>(x)
}

/// `p` and `q` of the inverse, from nibbles.
#[inline(always)]
fn inverse(state: V) -> (V, V) {
    let (i, k) = halves(state);
    let j = i ^ k;
    let a_over_k = V::constant(TABLES.inverse_a).lookup(k);
    let inverse = V::constant(TABLES.inverse);
    let p = inverse.lookup(inverse.lookup(i) ^ a_over_k) ^ j;
    let q = inverse.lookup(inverse.lookup(j) ^ a_over_k) ^ i;
    (p, q)
}

#[inline(always)]
fn combine(tables: &[[u8; 16]; 2], (p, q): (V, V)) -> V {
    V::constant(tables[0]).lookup(p) ^ V::constant(tables[1]).lookup(q)
}

#[inline(always)]
fn to_nibbles(bytes: V) -> V {
    let (upper, lower) = halves(bytes);
    V::constant(TABLES.lower).lookup(lower) ^ V::constant(TABLES.upper).lookup(upper)
}

/// The upper and the lower half of every byte.
#[inline(always)]
fn halves(bytes: V) -> (V, V) {
    let mask = V::splat(0x0f);
    (bytes.shr::<4>() & mask, bytes & mask)
}

/// The S-box on every byte.
pub(super) fn sub_bytes(bytes: V) -> V {
    combine(&TABLES.plain, inverse(to_nibbles(bytes))) ^ V::splat(0x63)
}

/// The S-box on every byte, but for its constant, once and doubled.
#[inline(always)]
pub(super) fn substituted(bytes: V) -> [V; 2] {
    let inverse = inverse(to_nibbles(bytes));
    [combine(&TABLES.plain, inverse), combine(&TABLES.plain_doubled, inverse)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cipher::simd::field;

    #[test]
    fn every_byte_goes_where_the_standard_says() {
        for first in (0..=255u8).step_by(16) {
            let bytes: [u8; 16] = core::array::from_fn(|at| first + at as u8);
            let mut out = [0; 16];
            sub_bytes(V::load(&bytes)).store(&mut out);
            assert_eq!(out, bytes.map(field::sub_byte));
        }
    }
}
