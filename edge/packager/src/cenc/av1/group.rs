use core::ops::Range;

use super::{Error, tiles::Tiles};
use crate::bits::Bits;

/// Finds the tiles of `tile_group_obu` (AV1 specification, 5.11.1), which begins at byte `start` of the sample: `each` gets the bytes
/// of every one, from the first to the last of `decode_tile`. Whether the frame's last tile was among them.
pub(super) fn tiles(
    group: &[u8],
    start: usize,
    tiles: &Tiles,
    next: &mut u32,
    mut each: impl FnMut(Range<usize>),
) -> Result<bool, Error> {
    let bits = &mut Bits::new(group);
    let last_tile = tiles.count - 1;
    let (mut first, mut last) = (0, last_tile);
    // tile_start_and_end_present_flag
    if tiles.count > 1 && bits.flag()? {
        (first, last) = (bits.u(tiles.number_bits)?, bits.u(tiles.number_bits)?);
    }
    if bits.align()? != 0 {
        return Err(Error::HeaderEnd);
    }
    // Groups follow one another without gaps (6.10.1).
    if first != *next {
        return Err(Error::Range { field: "tg_start", value: first });
    }
    if last < first || last > last_tile {
        return Err(Error::Range { field: "tg_end", value: last });
    }
    let mut at = bits.consumed();
    for number in first..=last {
        let mut rest = group.get(at..).unwrap_or_default();
        let mut size = rest.len() as u64;
        if number != last {
            let (field, tile) = rest.split_at_checked(tiles.size_bytes as usize).ok_or(crate::bits::Ended)?;
            size = field.iter().rev().fold(0, |size, byte| size << 8 | u64::from(*byte)) + 1;
            at += field.len();
            rest = tile;
        }
        let wrong = Error::TileSize { at: start + at, size, available: rest.len() };
        let size = usize::try_from(size).ok().filter(|size| *size > 0 && *size <= rest.len()).ok_or(wrong)?;
        each(start + at..start + at + size);
        at += size;
    }
    *next = last + 1;
    Ok(last == last_tile)
}
