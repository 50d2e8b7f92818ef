//! Thirty-two blocks at once, for counter mode.
//!
//! The state is sliced by rows: a vector for every row and bit, whose 32-bit lanes are the four columns, and in a lane bit `b` is of
//! block `b`. ShiftRows then turns the lanes of a row, and MixColumns adds rows: neither moves bits within a lane.
//!
//! The state stays in memory ([`Kept`]) and rounds are a loop, so that all of it fits the caches for instructions. Of the S-boxes of two rows
//! the results are asked for in turn: the runtime computes values in the order in which stores ask for them, and so a machine
//! finds independent work near enough.
//!
//! Constant time: a circuit of XOR, AND, OR, shifts and shuffles by constants. Loads are of the state, of keys and of blocks, at places
//! that do not depend on what they hold, and there is no branch but the loops', whose counts are constants.

use super::{
    key_schedule::RoundKeys,
    planes::{KeptPlanes, Planes, get, keep, map, transpose},
    sbox::tower::sub_bytes,
    vector::{Kept, V},
    window::FirstKeys,
};

/// By row and bit.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub(super) struct State(pub(super) [KeptPlanes; 4]);

pub(super) const ZERO: State = State([[Kept::zero(); 8]; 4]);

/// The blocks' bytes.
pub(super) const BYTES: usize = 512;

/// The round keys, each 32 times.
pub(super) struct Rows {
    /// Of rounds 0 to 9.
    keys: [State; 10],
    /// Of round 10, as it is added to a block.
    last: Kept,
    /// Of the first rounds, once.
    pub(super) first: FirstKeys,
}

impl Rows {
    pub(super) fn new(keys: &RoundKeys) -> Self {
        let first = FirstKeys::new(keys);
        let mut keys = keys.with_constant();
        let planes = core::array::from_fn(|_| repeated(keys.next().unwrap_or(V::zero())));
        Self { keys: planes, last: Kept::new(keys.next().unwrap_or(V::zero())), first }
    }

    /// The first key and the first round.
    #[inline(always)]
    pub(super) fn first_round(&self, state: &mut State) {
        add(state, &self.keys[0]);
        let mut scratch = ZERO;
        sub_and_shift(state, &mut scratch);
        mix_columns(&scratch, state, &self.keys[1]);
    }

    /// The rounds from the third on, but for the last key: out of `state`, into `scratch`.
    #[inline(always)]
    pub(super) fn other_rounds(&self, state: &mut State, scratch: &mut State) {
        for key in &self.keys[3..] {
            sub_and_shift(state, scratch);
            mix_columns(scratch, state, key);
        }
        sub_and_shift(state, scratch);
    }

    /// The last key, as it is added to a block.
    pub(super) fn last(&self) -> V {
        self.last.get()
    }
}

impl Drop for Rows {
    fn drop(&mut self) {
        self.keys.iter_mut().flat_map(|key| key.0.iter_mut().flatten()).for_each(|kept| kept.set(V::zero()));
        self.last.set(V::zero());
    }
}

/// Thirty-two times the same block.
#[inline(never)]
pub(super) fn repeated(block: V) -> State {
    State(ROWS.map(|row| spread_bytes(block.lookup(V::constant(row)))))
}

/// By row, its bytes, each four times.
const ROWS: [[u8; 16]; 4] = {
    let mut rows = [[0; 16]; 4];
    let mut at = 0;
    while at < 64 {
        let (row, lane) = (at / 16, at % 16 / 4);
        rows[row][at % 16] = (4 * lane + row) as u8;
        at += 1;
    }
    rows
};

/// Planes of bytes that all blocks have: each lane four times the same byte.
#[inline(always)]
pub(super) fn spread_bytes(bytes: V) -> KeptPlanes {
    core::array::from_fn(|bit| {
        let bit = V::splat(1 << bit);
        Kept::new((bytes & bit).equal(bit))
    })
}

/// The lowest bit, 32 times.
pub(super) fn spread(bit: u8) -> u32 {
    0u32.wrapping_sub(u32::from(bit & 1))
}

/// Adds one state to another.
#[inline(always)]
pub(super) fn add(state: &mut State, other: &State) {
    for (plane, with) in state.0.iter_mut().flatten().zip(other.0.iter().flatten()) {
        plane.set(plane.get() ^ with.get());
    }
}

/// Turns planes back into blocks, in place, and hands over each with its number.
#[inline(always)]
pub(super) fn into_blocks(state: &mut State, mut to: impl FnMut(usize, V)) {
    transpose_rows(state);
    for j in 0..8 {
        let blocks = exchange(core::array::from_fn(|row| state.0[row][j].get()));
        for (g, block) in blocks.into_iter().enumerate() {
            to(8 * g + j, block);
        }
    }
}

#[inline(always)]
fn transpose_rows(state: &mut State) {
    for planes in &mut state.0 {
        keep(planes, transpose(get(planes)));
    }
}

/// Byte `4·c + g` of vector `r` becomes byte `4·c + r` of vector `g`: between rows, of which a byte is eight blocks' bits, and blocks.
#[inline(always)]
fn exchange([a, b, c, d]: [V; 4]) -> [V; 4] {
    let ((ab_low, ab_high), (cd_low, cd_high)) = (a.interleave::<1>(b), c.interleave::<1>(d));
    let ((c0, c1), (c2, c3)) = (ab_low.interleave::<2>(cd_low), ab_high.interleave::<2>(cd_high));
    let ((x0, x1), (y0, y1)) = (c0.interleave::<4>(c1), c2.interleave::<4>(c3));
    let ((g0, g1), (g2, g3)) = (x0.interleave::<8>(y0), x1.interleave::<8>(y1));
    [g0, g1, g2, g3]
}

/// By row, the lane to which ShiftRows takes the byte of column 0.
pub(super) const FIRST_COLUMN: [usize; 4] = [0, 3, 2, 1];

/// By row of MixColumns' output, the lanes in which such a byte counts once (also as a part of thrice), and those in which it counts twice.
const ONCE: [V; 4] = [lanes([1, 2, 3]), lanes([0, 1, 2]), lanes([0, 1, 3]), lanes([0, 2, 3])];
const TWICE: [V; 4] = [lanes([0, 3]), lanes([3, 2]), lanes([2, 1]), lanes([1, 0])];

/// All bits of these lanes.
const fn lanes<const N: usize>(lanes: [usize; N]) -> V {
    let mut bytes = [0; 16];
    let mut at = 0;
    while at < 4 * N {
        bytes[4 * lanes[at / 4] + at % 4] = 0xff;
        at += 1;
    }
    V::constant(bytes)
}

/// Adds to `rest` what MixColumns makes of four bytes, each in a column of its own: row `r`'s in the lane `FIRST_COLUMN[r]`.
#[inline(always)]
pub(super) fn mix_first_column(bytes: Planes, rest: &State, to: &mut State) {
    let [b0, b1, b2, b3, b4, b5, b6, b7] = bytes;
    let doubled = [b7, b0 ^ b7, b1, b2 ^ b7, b3 ^ b7, b4, b5, b6];
    for bit in 0..8 {
        for row in 0..4 {
            let sum = (bytes[bit] & ONCE[row]) ^ (doubled[bit] & TWICE[row]);
            to.0[row][bit].set(rest.0[row][bit].get() ^ sum);
        }
    }
}

#[inline(always)]
fn sub_and_shift(from: &State, to: &mut State) {
    let [r0, r1, r2, r3] = &mut to.0;
    sub_two(|| row::<0>(from), || row::<1>(from), r0, r1);
    sub_two(|| row::<2>(from), || row::<3>(from), r2, r3);
}

/// A row, its lanes turned as ShiftRows has it.
#[inline(always)]
fn row<const ROW: usize>(from: &State) -> Planes {
    map(get(&from.0[ROW]), V::turn::<ROW>)
}

/// SubBytes of two rows; the second one's planes are not loaded before they are needed. Which results are asked for first was found by trying.
#[inline(always)]
fn sub_two(a: impl Fn() -> Planes, b: impl Fn() -> Planes, to_a: &mut KeptPlanes, to_b: &mut KeptPlanes) {
    let [a0, a1, a2, a3, a4, a5, a6, a7] = sub_bytes(a());
    to_a[5].set(a5);
    let [b0, b1, b2, b3, b4, b5, b6, b7] = sub_bytes(b());
    to_b[5].set(b5);
    to_a[4].set(a4);
    to_b[4].set(b4);
    to_a[6].set(a6);
    to_b[6].set(b6);
    to_a[1].set(a1);
    to_b[1].set(b1);
    to_a[3].set(a3);
    to_b[3].set(b3);
    to_a[7].set(a7);
    to_b[7].set(b7);
    to_a[0].set(a0);
    to_b[0].set(b0);
    to_a[2].set(a2);
    to_b[2].set(b2);
}

/// MixColumns and the round key. With `x[r] = s[r] + s[r+1]`, row `r` becomes `2·x[r] + s[r+1] + x[r+2]`.
#[inline(always)]
fn mix_columns(from: &State, to: &mut State, key: &State) {
    let sums = |s: [V; 4]| [s[0] ^ s[1], s[1] ^ s[2], s[2] ^ s[3], s[3] ^ s[0]];
    let rows = |bit: usize| -> [V; 4] { core::array::from_fn(|row| from.0[row][bit].get()) };
    let highest = sums(rows(7));
    // Doubling moves bits up by one, and adds the highest where the modulus has its terms.
    let mut doubled = highest;
    for bit in 0..8 {
        let s = rows(bit);
        let x = if bit == 7 { highest } else { sums(s) };
        for row in 0..4 {
            let mut sum = (doubled[row] ^ key.0[row][bit].get()) ^ (s[(row + 1) % 4] ^ x[(row + 2) % 4]);
            if matches!(bit, 1 | 3 | 4) {
                sum ^= highest[row];
            }
            to.0[row][bit].set(sum);
        }
        doubled = x;
    }
}
