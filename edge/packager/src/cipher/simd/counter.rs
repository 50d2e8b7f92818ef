//! Counter mode, thirty-two blocks at once ([`super::rows`]).
//!
//! **The first two rounds are shared.** Within a window of 256 blocks only the last byte of the counter differs, the one of row 3 and column 3,
//! which ShiftRows takes to column 0. So after the first round the blocks differ in the four bytes of that column, and what a last byte
//! changes of them is kept for every last byte. Differences of consecutive counters are consecutive bits, so that those for any 32 blocks from a
//! multiple of eight on are a word at that byte.
//!
//! In the second round SubBytes is of those four bytes alone, the others being the window's. ShiftRows takes each of them to another column, so that
//! they fit the lanes of one row, and MixColumns adds what they give to what the others gave.
//!
//! Constant time: as the rows; the differences are read at a place that the counter says, which is public. They are what alone leaves vectors for
//! integers, and is only stored.

use zeroize::Zeroize;

use super::{
    planes::{KeptPlanes, add, get},
    rows::{self, BYTES, Rows},
    sbox::tower::sub_bytes,
    vector::{Kept, V},
    window::Window,
};

/// Places where 32 blocks may begin in a window.
const PLACES: usize = 29;
const NONE: KeptPlanes = [Kept::zero(); 8];

/// What the last counter byte changes of the first round's output, for 32 blocks from each eighth on: of row `r` in the lane to which the
/// second round's ShiftRows takes it.
pub(super) struct Differences([KeptPlanes; PLACES]);

impl Differences {
    pub(super) fn new(rows: &Rows) -> Self {
        let mut base = rows::ZERO;
        rows.first_round(&mut base);
        // Bit `n` of a row's and bit's string is of byte `n`.
        let mut strings = [[[0; 32]; 8]; 4];
        for batch in 0..8u8 {
            let mut state = rows::ZERO;
            for (bit, plane) in state.0[3].iter_mut().enumerate() {
                plane.set(V::from_words([0, 0, 0, counter_bits(batch, bit)]));
            }
            rows.first_round(&mut state);
            rows::add(&mut state, &base);
            for (string, plane) in strings.iter_mut().flatten().zip(state.0.iter().flatten()) {
                if let Some(place) = string.as_chunks_mut().0.get_mut(usize::from(batch)) {
                    *place = plane.get().first_word().to_le_bytes();
                }
            }
        }
        let mut places = [NONE; PLACES];
        for (at, planes) in places.iter_mut().enumerate() {
            for (bit, plane) in planes.iter_mut().enumerate() {
                let word = |row: usize| {
                    let word = strings[row][bit].get(at..).and_then(<[u8]>::first_chunk);
                    u32::from_le_bytes(word.copied().unwrap_or_default())
                };
                plane.set(V::from_words(rows::FIRST_COLUMN.map(word)));
            }
        }
        strings.zeroize();
        Self(places)
    }
}

impl Drop for Differences {
    fn drop(&mut self) {
        self.0.iter_mut().flatten().for_each(|kept| kept.set(V::zero()));
    }
}

#[derive(Clone, Copy)]
pub(super) struct CounterMode<'k> {
    pub(super) rows: &'k Rows,
    pub(super) differences: &'k Differences,
}

impl CounterMode<'_> {
    /// `first`: the counter block that the window begins with; its last byte is 0.
    #[inline(never)]
    pub(super) fn window(self, first: &[u8; 16]) -> Window {
        Window::new(&self.rows.first, first)
    }

    /// Adds the keystream of 32 blocks. `from`: the last byte of the first one's counter, a multiple of 8 and at most 224.
    #[inline(never)]
    pub(super) fn apply(self, window: &Window, from: u8, message: &mut [u8; BYTES]) {
        let (mut state, mut scratch) = (rows::ZERO, rows::ZERO);
        let differences = self.differences.0.get(usize::from(from / 8)).unwrap_or(&NONE);
        let column = sub_bytes(add(get(&window.column), get(differences)));
        rows::mix_first_column(column, &window.rest, &mut state);
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
