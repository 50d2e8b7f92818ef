//! Where bytes lie when ShiftRows is left out.
//!
//! ShiftRows moves whole bytes, and so does nothing that later steps could not make up for: it is left out, and after `k` rounds the byte
//! of row `r` and column `c` lies at row `r`, column `c + k·r`: layout `k`, of which there are four. ("Fixslicing", Adomnicai and Peyrin, 2020.)

use super::vector::{V, operations::permute};

type Index = [u8; 16];

/// Where a byte of the state lies in a layout. AES numbers a block's bytes column by column.
const fn place(layout: usize, row: usize, column: usize) -> usize {
    4 * ((column + layout * row) % 4) + row
}

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

/// Every byte becomes the one below it in its column.
#[inline(always)]
pub(super) fn below<const LAYOUT: usize>(v: V) -> V {
    V(match LAYOUT {
        0 => permute!(v.0, moved(0, 1, 0)),
        1 => permute!(v.0, moved(1, 1, 1)),
        2 => permute!(v.0, moved(2, 1, 2)),
        _ => permute!(v.0, moved(3, 1, 3)),
    })
}

/// Every byte becomes the one two below it, which is the one two above it.
#[inline(always)]
pub(super) fn two_below<const LAYOUT: usize>(v: V) -> V {
    V(match LAYOUT {
        0 => permute!(v.0, moved(0, 2, 0)),
        1 => permute!(v.0, moved(1, 2, 1)),
        2 => permute!(v.0, moved(2, 2, 2)),
        _ => permute!(v.0, moved(3, 2, 3)),
    })
}

/// Every byte becomes the one above it.
#[inline(always)]
pub(super) fn above<const LAYOUT: usize>(v: V) -> V {
    V(match LAYOUT {
        0 => permute!(v.0, moved(0, 3, 0)),
        1 => permute!(v.0, moved(1, 3, 1)),
        2 => permute!(v.0, moved(2, 3, 2)),
        _ => permute!(v.0, moved(3, 3, 3)),
    })
}

/// From layout 2, in which ten rounds end, to layout 0, in which blocks come and go.
#[inline(always)]
pub(super) fn ordered(v: V) -> V {
    V(permute!(v.0, moved(2, 0, 0)))
}

/// ShiftRows: what is left out, made up for after one round.
#[inline(always)]
pub(super) fn shift_rows(v: V) -> V {
    V(permute!(v.0, moved(1, 0, 0)))
}

/// From layout 0 to the layout after so many rounds: for round keys.
pub(super) fn after_rounds(v: V, rounds: usize) -> V {
    let index = [moved(0, 0, 0), moved(0, 0, 1), moved(0, 0, 2), moved(0, 0, 3)];
    v.lookup(V::load(&index[rounds % 4]))
}
