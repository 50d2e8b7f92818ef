use super::{Error, quantizer::Quantizer, size::Size};
use crate::{bits::Bits, obu::Sequence};

/// Passes over `loop_filter_params`, `cdef_params` and `lr_params` (AV1 specification, 5.9.11, 5.9.19 and 5.9.20).
pub(super) fn skip(
    bits: &mut Bits<'_>,
    sequence: &Sequence,
    quantizer: &Quantizer,
    size: &Size,
    intrabc: bool,
) -> Result<(), Error> {
    let chroma = !sequence.color.monochrome;
    if !quantizer.lossless && !intrabc {
        loop_filter(bits, chroma)?;
        if sequence.cdef {
            // cdef_damping_minus_3
            bits.skip(2)?;
            let strengths = 1 << bits.u(2)?;
            bits.skip(strengths * if chroma { 12 } else { 6 })?;
        }
    }
    let all_lossless = quantizer.lossless && size.width == size.upscaled;
    if !all_lossless && !intrabc && sequence.restoration {
        restoration(bits, sequence)?;
    }
    Ok(())
}

fn loop_filter(bits: &mut Bits<'_>, chroma: bool) -> Result<(), Error> {
    let levels = bits.u(12)?;
    if chroma && levels != 0 {
        bits.skip(12)?;
    }
    // loop_filter_sharpness
    bits.skip(3)?;
    // loop_filter_delta_enabled, loop_filter_delta_update
    if bits.flag()? && bits.flag()? {
        // Eight of reference frames, two of modes: su(7) each.
        for _ in 0..10 {
            bits.skip_if_flag(7)?;
        }
    }
    Ok(())
}

fn restoration(bits: &mut Bits<'_>, sequence: &Sequence) -> Result<(), Error> {
    let luma = bits.u(2)? != 0;
    let chroma = !sequence.color.monochrome && bits.u(4)? != 0;
    if !luma && !chroma {
        return Ok(());
    }
    // lr_unit_shift, and where superblocks are small lr_unit_extra_shift.
    if bits.flag()? && !sequence.superblocks_of_128 {
        bits.flag()?;
    }
    if chroma && sequence.color.subsampling == [true; 2] {
        // lr_uv_shift
        bits.flag()?;
    }
    Ok(())
}
