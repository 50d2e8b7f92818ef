//! What 256 blocks of counter mode have in common, whose counters differ in their last byte alone.
//!
//! It is computed as of one block, by vector permutation ([`super::permute`]): thirty-two equal ones would cost as much as others.
//!
//! Constant time: as [`super::permute`].

use super::{
    key_schedule::RoundKeys,
    layout::{above, below, shift_rows},
    permute,
    planes::KeptPlanes,
    rows::{self, State},
    vector::{Kept, V},
};

/// The round keys that it takes.
pub(super) struct FirstKeys([Kept; 3]);

impl FirstKeys {
    pub(super) fn new(keys: &RoundKeys) -> Self {
        let mut keys = keys.with_constant();
        Self(core::array::from_fn(|_| Kept::new(keys.next().unwrap_or(V::zero()))))
    }
}

impl Drop for FirstKeys {
    fn drop(&mut self) {
        self.0.iter_mut().for_each(|kept| kept.set(V::zero()));
    }
}

/// The first two rounds, as far as they are the same for all blocks of the window.
pub(super) struct Window {
    /// Of the first block, what goes into the second round's SubBytes of the bytes that differ: those of column 0, that of each row in the lane to
    /// which ShiftRows takes it.
    pub(super) column: KeptPlanes,
    /// The second round's output, but for what those bytes give to it.
    pub(super) rest: State,
}

impl Window {
    /// `first`: the counter block that the window begins with.
    #[inline(always)]
    pub(super) fn new(keys: &FirstKeys, first: &[u8; 16]) -> Self {
        let [zero, one, two] = &keys.0;
        let all = V::splat(0xff);
        let input = mixed(V::load(first) ^ zero.get(), all) ^ one.get();
        let rest = mixed(input, V::constant(OTHERS)) ^ two.get();
        Self { column: rows::spread_bytes(input.lookup(V::constant(COLUMN))), rest: rows::repeated(rest) }
    }
}

/// SubBytes, ShiftRows, and MixColumns of the bytes under `mask`.
#[inline(always)]
fn mixed(bytes: V, mask: V) -> V {
    let [once, twice] = permute::substituted(bytes).map(|bytes| shift_rows(bytes) & mask);
    let x = twice ^ below::<0>(once);
    above::<0>(once) ^ x ^ below::<0>(x)
}

/// After ShiftRows, the bytes that do not come from column 0.
const OTHERS: [u8; 16] = {
    let mut mask = [0xff; 16];
    let mut row = 0;
    while row < 4 {
        mask[4 * rows::FIRST_COLUMN[row] + row] = 0;
        row += 1;
    }
    mask
};

/// Column 0, the byte of each row four times in its lane.
const COLUMN: [u8; 16] = {
    let mut index = [0; 16];
    let mut at = 0;
    while at < 16 {
        index[4 * rows::FIRST_COLUMN[at / 4] + at % 4] = (at / 4) as u8;
        at += 1;
    }
    index
};
