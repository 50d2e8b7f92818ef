use super::tiles::non_symmetric;
use crate::bits::{Bits, Ended};

/// Passes over `global_motion_params` of a frame that is not intra (AV1 specification, 5.9.24).
///
/// What a value says goes by that of an earlier frame; how many bits it has does not.
pub(super) fn skip(bits: &mut Bits<'_>, high_precision_mv: bool) -> Result<(), Ended> {
    for _ in 0..7 {
        // is_global
        if !bits.flag()? {
            continue;
        }
        // is_rot_zoom, is_translation
        let (values, translation_bits) = if bits.flag()? {
            (2, 12)
        } else if bits.flag()? {
            (0, if high_precision_mv { 9 } else { 8 })
        } else {
            (4, 12)
        };
        for _ in 0..values {
            skip_value(bits, 12)?;
        }
        for _ in 0..2 {
            skip_value(bits, translation_bits)?;
        }
    }
    Ok(())
}

/// `decode_subexp` (5.9.28), of the numbers from -2^width to 2^width.
fn skip_value(bits: &mut Bits<'_>, width: u32) -> Result<(), Ended> {
    let symbols = (2u32 << width) + 1;
    let (mut passed, mut group) = (0, 3);
    loop {
        let size = 1 << group;
        if symbols <= passed + 3 * size {
            return non_symmetric(bits, symbols - passed).map(|_| ());
        }
        // subexp_more_bits
        if !bits.flag()? {
            return bits.skip(group);
        }
        // The first two groups are of the same size.
        if passed > 0 {
            group += 1;
        }
        passed += size;
    }
}
