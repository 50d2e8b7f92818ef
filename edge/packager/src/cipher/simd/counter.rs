//! Counter mode, thirty-two blocks at once ([`super::rows`]).
//!
//! **The first round is shared.** Within a window of 256 blocks only the last byte of the counter differs, the one of row 3 and column 3,
//! which ShiftRows takes to column 0. What the first round makes of the window's first counter is kept, and what another last byte
//! changes of that: 32 bits per row and bit, in lane 0 alone. Differences of consecutive counters are consecutive bits, so that those
//! for any 32 blocks from a multiple of eight on are a word at that byte.
//!
//! Constant time: as the rows; the differences are read at a place that the counter says, which is public. They are what alone leaves vectors for
//! integers, and is only stored.

use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{
    rows::{self, BYTES, Rows, State},
    vector::V,
};

/// What the last counter byte changes of the first round's output: bit `n` of a row's and bit's string is of byte `n`.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(super) struct Differences([[[u8; 32]; 8]; 4]);

impl Differences {
    pub(super) fn new(rows: &Rows) -> Self {
        let mut base = rows::ZERO;
        rows.first_round(&mut base);
        let mut differences = [[[0; 32]; 8]; 4];
        for batch in 0..8u8 {
            let mut state = rows::ZERO;
            for (bit, plane) in state.0[3].iter_mut().enumerate() {
                plane.set(V::from_words([0, 0, 0, counter_bits(batch, bit)]));
            }
            rows.first_round(&mut state);
            rows::add(&mut state, &base);
            for (string, plane) in differences.iter_mut().flatten().zip(state.0.iter().flatten()) {
                if let Some(place) = string.as_chunks_mut().0.get_mut(usize::from(batch)) {
                    *place = plane.get().first_word().to_le_bytes();
                }
            }
        }
        Self(differences)
    }
}

/// The first round's output for the first counter of a window of 256 blocks.
pub(super) struct Window(State);

#[derive(Clone, Copy)]
pub(super) struct CounterMode<'k> {
    pub(super) rows: &'k Rows,
    pub(super) differences: &'k Differences,
}

impl CounterMode<'_> {
    /// `first`: the counter block that the window begins with; its last byte is 0.
    #[inline(never)]
    pub(super) fn window(self, first: &[u8; 16]) -> Window {
        let mut state = rows::repeated(first);
        self.rows.first_round(&mut state);
        Window(state)
    }

    /// Adds the keystream of 32 blocks. `from`: the last byte of the first one's counter, a multiple of 8 and at most 224.
    #[inline(never)]
    pub(super) fn apply(self, window: &Window, from: u8, message: &mut [u8; BYTES]) {
        let mut state = window.0;
        let at = usize::from(from / 8);
        for (plane, string) in state.0.iter_mut().flatten().zip(self.differences.0.iter().flatten()) {
            let word = string.get(at..).and_then(<[u8]>::first_chunk).copied().unwrap_or_default();
            plane.set(plane.get() ^ V::from_words([u32::from_le_bytes(word), 0, 0, 0]));
        }
        let mut scratch = rows::ZERO;
        self.rows.other_rounds(&mut state, &mut scratch);
        let (blocks, last) = (message.as_chunks_mut::<16>().0, self.rows.last());
        rows::into_blocks(&mut scratch, |number, keystream| {
            let block = &mut blocks[number];
            (V::load(block) ^ last ^ keystream).store(block);
        });
    }
}

/// Bit `bit` of the counters `32·batch` to `32·batch + 31`.
fn counter_bits(batch: u8, bit: usize) -> u32 {
    const LOW: [u32; 5] = [0xaaaa_aaaa, 0xcccc_cccc, 0xf0f0_f0f0, 0xff00_ff00, 0xffff_0000];
    LOW.get(bit).copied().unwrap_or_else(|| rows::spread(batch >> (bit - LOW.len())))
}
