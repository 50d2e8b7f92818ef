//! Where bytes lie when ShiftRows is left out.
//!
//! ShiftRows moves whole bytes, and so does nothing that later steps could not make up for: it is left out, and after `k` rounds the byte
//! of row `r` and column `c` lies at row `r`, column `c + k·r`: layout `k`, of which there are four. ("Fixslicing", Adomnicai and Peyrin, 2020.)

use super::vector::{Kept, V};

type Index = [u8; 16];

/// A permutation of a vector's bytes.
///
/// Read from memory for every use: of a constant one, the runtime may make a slower instruction, of two inputs.
pub(super) struct Permutation(Kept);

impl Permutation {
    const fn new(index: Index) -> Self {
        Self(Kept::new(V::constant(index)))
    }

    #[inline(always)]
    pub(super) fn of(&self, vector: V) -> V {
        vector.lookup(self.0.get())
    }
}

/// Where a byte of the state lies in a layout. AES numbers a block's bytes column by column.
pub(super) const fn place(layout: usize, row: usize, column: usize) -> usize {
    4 * ((column + layout * row) % 4) + row
}

/// By layout: every byte becomes the one below it in its column, and two below it.
pub(super) static BELOW: [[Permutation; 2]; 4] = [below(0), below(1), below(2), below(3)];

const fn below(layout: usize) -> [Permutation; 2] {
    [Permutation::new(moved(layout, 1, layout)), Permutation::new(moved(layout, 2, layout))]
}

/// Three below it.
pub(super) static ABOVE: [Permutation; 4] = [
    Permutation::new(moved(0, 3, 0)),
    Permutation::new(moved(1, 3, 1)),
    Permutation::new(moved(2, 3, 2)),
    Permutation::new(moved(3, 3, 3)),
];

/// Between layout 0, in which blocks come and go, and layout 2, in which they are half the time.
pub(super) static BETWEEN_0_AND_2: Permutation = Permutation::new(moved(2, 0, 0));

/// The index by which a byte in layout `to` is the one that lies `rows` below it in layout `from`.
const fn moved(from: usize, rows: usize, to: usize) -> Index {
    let mut index = [0; 16];
    let mut at = 0;
    while at < 16 {
        let (row, column) = (at % 4, at / 4);
        index[place(to, row, column)] = place(from, (row + rows) % 4, column) as u8;
        at += 1;
    }
    index
}
