//! Counter mode, thirty-two blocks at once.
//!
//! The state is sliced by rows: a vector for every row and bit, whose 32-bit lanes are the four columns, and in a lane bit `b` is of
//! block `b`. ShiftRows then turns the lanes of a row, and MixColumns adds rows: neither moves bits within a lane.
//!
//! **The first round is shared.** Within a window of 256 blocks only the last byte of the counter differs, the one of row 3 and column 3,
//! which ShiftRows takes to column 0. What the first round makes of the window's first counter is kept, and what another last byte
//! changes of that: 32 bits per row and bit, in lane 0 alone. Differences of consecutive counters are consecutive bits, so that those
//! for any 32 blocks from a multiple of eight on are a word at that byte.
//!
//! Constant time: a circuit of XOR, AND, shifts and shuffles by constants. Loads are of the state, of keys, of the message, and of the
//! differences at a place that the counter says, which is public; so is every branch.

use super::{
    key_schedule::RoundKeys,
    sbox::{sub_bytes, transpose},
    vector::{Kept, V},
};

/// By row and bit.
type State = [[Kept; 8]; 4];

const ZERO: State = [[Kept::zero(); 8]; 4];

/// Bytes of 32 blocks.
pub(super) const BATCH: usize = 512;

pub(super) struct CounterMode {
    keys: [State; 10],
    /// Of round 10, as it is added to blocks.
    last: Kept,
    /// What the last counter byte changes of the first round's output: bit `n` of a row's and bit's string is of byte `n`.
    differences: [[[u8; 32]; 8]; 4],
}

/// The first round's output for the first counter of a window of 256 blocks.
pub(super) struct Window(State);

impl CounterMode {
    pub(super) fn new(keys: &RoundKeys) -> Self {
        let mut keys = keys.with_constant();
        let planes = core::array::from_fn(|_| {
            let mut key = [0; 16];
            keys.next().unwrap_or(V::zero()).store(&mut key);
            repeated(&key)
        });
        let last = Kept::new(keys.next().unwrap_or(V::zero()));
        let mut this = Self { keys: planes, last, differences: [[[0; 32]; 8]; 4] };
        let Window(base) = this.window(&[0; 16]);
        for batch in 0..8u8 {
            let mut state = ZERO;
            for (bit, plane) in state[3].iter_mut().enumerate() {
                plane.set(V::from_words([0, 0, 0, counter_bits(batch, bit)]));
            }
            let Window(state) = this.first_round(&state);
            for ((differences, state), base) in this.differences.iter_mut().zip(&state).zip(&base) {
                for ((differences, plane), base) in differences.iter_mut().zip(state).zip(base) {
                    let word = (plane.get() ^ base.get()).first_word().to_le_bytes();
                    if let Some(place) = differences.as_chunks_mut().0.get_mut(usize::from(batch)) {
                        *place = word;
                    }
                }
            }
        }
        this
    }

    /// `first`: the counter block that the window begins with; its last byte is 0.
    pub(super) fn window(&self, first: &[u8; 16]) -> Window {
        self.first_round(&repeated(first))
    }

    #[inline(never)]
    fn first_round(&self, counters: &State) -> Window {
        let [first, second, ..] = &self.keys;
        let (mut state, mut scratch) = (*counters, ZERO);
        for (planes, key) in state.iter_mut().flatten().zip(first.iter().flatten()) {
            planes.set(planes.get() ^ key.get());
        }
        sub_and_shift(&state, &mut scratch);
        mix_columns(&scratch, &mut state, second);
        Window(state)
    }

    /// Adds the keystream of 32 blocks. `from`: the last byte of the first one's counter, a multiple of 8 and at most 224.
    #[inline(never)]
    pub(super) fn apply(&self, window: &Window, from: u8, message: &mut [u8; BATCH]) {
        let (mut state, mut scratch) = (ZERO, ZERO);
        let at = usize::from(from / 8);
        for (row, (planes, base)) in state.iter_mut().zip(&window.0).enumerate() {
            for (bit, (plane, base)) in planes.iter_mut().zip(base).enumerate() {
                let word = self.differences[row][bit].get(at..).and_then(<[u8]>::first_chunk);
                let difference = V::from_words([u32::from_le_bytes(*word.unwrap_or(&[0; 4])), 0, 0, 0]);
                plane.set(base.get() ^ difference);
            }
        }
        for key in &self.keys[2..] {
            sub_and_shift(&state, &mut scratch);
            mix_columns(&scratch, &mut state, key);
        }
        sub_and_shift(&state, &mut scratch);
        add_to_blocks(&mut scratch, self.last.get(), message);
    }

    pub(super) fn clear(&mut self) {
        use zeroize::Zeroize;
        self.keys.iter_mut().flatten().flatten().for_each(|kept| kept.set(V::zero()));
        self.last.set(V::zero());
        self.differences.zeroize();
    }
}

/// Bit `bit` of the counters `32·batch` to `32·batch + 31`.
fn counter_bits(batch: u8, bit: usize) -> u32 {
    const LOW: [u32; 5] = [0xaaaa_aaaa, 0xcccc_cccc, 0xf0f0_f0f0, 0xff00_ff00, 0xffff_0000];
    LOW.get(bit).copied().unwrap_or_else(|| spread(batch >> (bit - LOW.len())))
}

/// The lowest bit, 32 times. No branch: of keys, too.
fn spread(bit: u8) -> u32 {
    0u32.wrapping_sub(u32::from(bit & 1))
}

/// Thirty-two times the same block.
fn repeated(block: &[u8; 16]) -> State {
    let mut state = ZERO;
    for (row, planes) in state.iter_mut().enumerate() {
        for (bit, plane) in planes.iter_mut().enumerate() {
            plane.set(V::from_words(core::array::from_fn(|column| spread(block[4 * column + row] >> bit))));
        }
    }
    state
}

#[inline(always)]
fn sub_and_shift(from: &State, to: &mut State) {
    sub_row::<0>(from, to);
    sub_row::<1>(from, to);
    sub_row::<2>(from, to);
    sub_row::<3>(from, to);
}

#[inline(always)]
fn sub_row<const ROW: usize>(from: &State, to: &mut State) {
    let planes = sub_bytes(core::array::from_fn(|bit| from[ROW][bit].get().turn::<ROW>()));
    for (kept, plane) in to[ROW].iter_mut().zip(planes) {
        kept.set(plane);
    }
}

/// MixColumns and the round key. With `x[r] = s[r] + s[r+1]`, row `r` becomes `2·x[r] + s[r+1] + x[r+2]`.
#[inline(always)]
fn mix_columns(from: &State, to: &mut State, key: &State) {
    let sums = |s: [V; 4]| [s[0] ^ s[1], s[1] ^ s[2], s[2] ^ s[3], s[3] ^ s[0]];
    let rows = |bit: usize| -> [V; 4] { core::array::from_fn(|row| from[row][bit].get()) };
    let highest = sums(rows(7));
    // Doubling moves bits up by one, and adds the highest where the modulus has its terms.
    let mut doubled = highest;
    for bit in 0..8 {
        let s = rows(bit);
        let x = if bit == 7 { highest } else { sums(s) };
        for row in 0..4 {
            let mut sum = (doubled[row] ^ key[row][bit].get()) ^ (s[(row + 1) % 4] ^ x[(row + 2) % 4]);
            if matches!(bit, 1 | 3 | 4) {
                sum ^= highest[row];
            }
            to[row][bit].set(sum);
        }
        doubled = x;
    }
}

/// Turns the state back into blocks and adds it, and the last key, to the message.
#[inline(always)]
fn add_to_blocks(state: &mut State, last: V, message: &mut [u8; BATCH]) {
    for planes in &mut *state {
        let bytes = transpose(core::array::from_fn(|bit| planes[bit].get()));
        for (kept, bytes) in planes.iter_mut().zip(bytes) {
            kept.set(bytes);
        }
    }
    // Vector `j` of a row now has, at byte `4·column + g`, that row's byte of block `8·g + j`.
    let blocks = message.as_chunks_mut::<16>().0;
    for j in 0..8 {
        let [a, b, c, d] = core::array::from_fn(|row| state[row][j].get());
        let ((ab_low, ab_high), (cd_low, cd_high)) = (a.interleave::<1>(b), c.interleave::<1>(d));
        let ((c0, c1), (c2, c3)) = (ab_low.interleave::<2>(cd_low), ab_high.interleave::<2>(cd_high));
        let ((x0, x1), (y0, y1)) = (c0.interleave::<4>(c1), c2.interleave::<4>(c3));
        let ((g0, g1), (g2, g3)) = (x0.interleave::<8>(y0), x1.interleave::<8>(y1));
        for (g, keystream) in [g0, g1, g2, g3].into_iter().enumerate() {
            let block = &mut blocks[8 * g + j];
            (V::load(block) ^ last ^ keystream).store(block);
        }
    }
}
