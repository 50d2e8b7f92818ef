//! Structures that parameter sets hold and slice headers do not depend on: they are only passed over.

use crate::cenc::nal::{Bits, Error};

/// `profile_tier_level( 1, … )` (ITU-T H.265, 7.3.3), with `sub_layers` the maximum number of sub-layers minus 1.
pub(super) fn skip_profile(bits: &mut Bits<'_>, sub_layers: u32) -> Result<(), Error> {
    bits.skip(PROFILE + LEVEL)?;
    let mut present = 0;
    for _ in 0..sub_layers {
        present += if bits.flag()? { PROFILE } else { 0 };
        present += if bits.flag()? { LEVEL } else { 0 };
    }
    if sub_layers > 0 {
        bits.skip(2 * (8 - sub_layers))?;
    }
    bits.skip(present)
}

/// Bits of space, tier, profile, compatibility and constraint flags.
const PROFILE: u32 = 2 + 1 + 5 + 32 + 48;
const LEVEL: u32 = 8;

/// `scaling_list_data()` (7.3.4)
pub(super) fn skip_scaling_lists(bits: &mut Bits<'_>) -> Result<(), Error> {
    for size in 0..4u32 {
        for matrix in (0..6u32).step_by(if size == 3 { 3 } else { 1 }) {
            if !bits.flag()? {
                let max = if size == 3 { matrix / 3 } else { matrix };
                bits.ue_max(max, "scaling_list_pred_matrix_id_delta")?;
                continue;
            }
            let dc = u32::from(size > 1);
            for _ in 0..dc + 64.min(1 << (4 + (size << 1))) {
                bits.skip_se()?;
            }
        }
    }
    Ok(())
}
