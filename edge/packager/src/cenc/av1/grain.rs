use crate::{
    bits::{Bits, Ended},
    obu::Color,
};

/// Passes over `film_grain_params` where they are there (AV1 specification, 5.9.30). `inter`: of an inter frame.
pub(super) fn skip(bits: &mut Bits<'_>, color: &Color, inter: bool) -> Result<(), Ended> {
    // apply_grain
    if !bits.flag()? {
        return Ok(());
    }
    // grain_seed
    bits.skip(16)?;
    // update_grain; without it the parameters are those of film_grain_params_ref_idx.
    if inter && !bits.flag()? {
        return bits.skip(3);
    }
    let luma = points(bits)?;
    let from_luma = !color.monochrome && bits.flag()?;
    let no_chroma = color.monochrome || from_luma || (color.subsampling == [true; 2] && !luma);
    let (blue, red) = if no_chroma { (false, false) } else { (points(bits)?, points(bits)?) };
    // grain_scaling_minus_8
    bits.skip(2)?;
    let lag = bits.u(2)?;
    let coefficients = 2 * lag * (lag + 1);
    if luma {
        bits.skip(8 * coefficients)?;
    }
    for chroma in [blue, red] {
        if from_luma || chroma {
            bits.skip(8 * (coefficients + u32::from(luma)))?;
        }
    }
    // ar_coeff_shift_minus_6, grain_scale_shift
    bits.skip(4)?;
    for chroma in [blue, red] {
        // The multipliers and the offset.
        bits.skip(if chroma { 25 } else { 0 })?;
    }
    // overlap_flag, clip_to_restricted_range
    bits.skip(2)
}

/// The points of a scaling function: whether there are any.
fn points(bits: &mut Bits<'_>) -> Result<bool, Ended> {
    let count = bits.u(4)?;
    bits.skip(16 * count)?;
    Ok(count > 0)
}
