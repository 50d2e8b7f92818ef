use super::{Error, size::Size};
use crate::bits::{Bits, Ended};

/// How a frame is split into tiles (AV1 specification, 5.9.15).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tiles {
    /// How many there are.
    pub(super) count: u32,
    /// Bits of a tile's number.
    pub(super) number_bits: u32,
    /// Bytes of a tile's size.
    pub(super) size_bytes: u32,
}

/// `MAX_TILE_WIDTH`, `MAX_TILE_AREA`, in pixels; `MAX_TILE_COLS` and `MAX_TILE_ROWS`.
const MAX_WIDTH: u32 = 4096;
const MAX_AREA: u32 = 4096 * 2304;
const MAX_COUNT: u32 = 64;

impl Tiles {
    /// Reads `tile_info`.
    pub(super) fn parse(bits: &mut Bits<'_>, superblocks_of_128: bool, size: &Size) -> Result<Self, Error> {
        let shift = if superblocks_of_128 { 7 } else { 6 };
        // Sizes have at most 16 bits, so there are at most 1024 superblocks each way. Rounding up to superblocks at once gives what
        // rounding up to 8 pixels first does.
        let (columns, rows) = (size.width.div_ceil(1 << shift), size.height.div_ceil(1 << shift));
        let (max_width, max_area) = (MAX_WIDTH >> shift, MAX_AREA >> (2 * shift));
        let min_columns_log2 = log2(max_width, columns);
        let min_log2 = min_columns_log2.max(log2(max_area, rows * columns));
        let (counts, logs);
        if bits.flag()? {
            let columns_log2 = uniform(bits, min_columns_log2, log2(1, columns.min(MAX_COUNT)))?;
            let min_rows_log2 = min_log2.saturating_sub(columns_log2);
            let rows_log2 = uniform(bits, min_rows_log2, log2(1, rows.min(MAX_COUNT)))?;
            let count = |blocks: u32, log2: u32| blocks.div_ceil(blocks.div_ceil(1 << log2));
            (counts, logs) = ([count(columns, columns_log2), count(rows, rows_log2)], columns_log2 + rows_log2);
        } else {
            let (column_count, widest) = spelled_out(bits, columns, max_width, "TileCols")?;
            let area = if min_log2 > 0 { (rows * columns) >> (min_log2 + 1) } else { rows * columns };
            let max_height = (area / widest).max(1);
            let (row_count, _) = spelled_out(bits, rows, max_height, "TileRows")?;
            (counts, logs) = ([column_count, row_count], log2(1, column_count) + log2(1, row_count));
        }
        let [columns, rows] = counts;
        let mut tiles = Self { count: columns * rows, number_bits: logs, size_bytes: 0 };
        if logs > 0 {
            // context_update_tile_id
            bits.skip(logs)?;
            tiles.size_bytes = bits.u(2)? + 1;
        }
        Ok(tiles)
    }
}

/// `tile_log2` (5.9.16)
fn log2(block: u32, target: u32) -> u32 {
    (0..32).find(|k| u64::from(block) << k >= u64::from(target)).unwrap_or(32)
}

/// `increment_tile_cols_log2` and its like: from the least on, one more per bit set.
fn uniform(bits: &mut Bits<'_>, least: u32, most: u32) -> Result<u32, Ended> {
    let mut log2 = least;
    while log2 < most && bits.flag()? {
        log2 += 1;
    }
    Ok(log2)
}

/// Columns or rows of their own sizes: how many, and the largest size in superblocks.
fn spelled_out(bits: &mut Bits<'_>, blocks: u32, max: u32, field: &'static str) -> Result<(u32, u32), Error> {
    let (mut start, mut count, mut largest) = (0, 0, 1);
    while start < blocks {
        count += 1;
        if count > MAX_COUNT {
            return Err(Error::Range { field, value: count });
        }
        let size = non_symmetric(bits, (blocks - start).min(max))? + 1;
        largest = size.max(largest);
        start += size;
    }
    Ok((count, largest))
}

/// `ns(n)` (4.10.7), for n from 1 on.
pub(super) fn non_symmetric(bits: &mut Bits<'_>, n: u32) -> Result<u32, Ended> {
    let width = u32::BITS - n.leading_zeros();
    let short = (1u32 << width) - n;
    let value = bits.u(width.saturating_sub(1))?;
    if value < short { Ok(value) } else { Ok((value << 1) - short + u32::from(bits.flag()?)) }
}
