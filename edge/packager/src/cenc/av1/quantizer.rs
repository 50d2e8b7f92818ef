use super::{Error, references::Saved};
use crate::{
    bits::{Bits, Ended},
    obu::Color,
};

/// What the rest of the header depends on of quantization and segmentation (AV1 specification, 5.9.12 to 5.9.18).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quantizer {
    /// `CodedLossless`
    pub(super) lossless: bool,
    /// `FeatureData` of `SEG_LVL_ALT_Q`, by segment.
    pub(super) segment_q: [Option<i32>; 8],
}

impl Quantizer {
    /// Reads `quantization_params`, `segmentation_params`, `delta_q_params` and `delta_lf_params`.
    ///
    /// `previous`: the frame of `primary_ref_frame`, if there is one.
    pub(super) fn parse(
        bits: &mut Bits<'_>,
        color: &Color,
        previous: Option<&Saved>,
        intrabc: bool,
    ) -> Result<Self, Error> {
        let base = bits.u(8)?;
        let mut deltas = delta(bits)?;
        if !color.monochrome {
            let separate = color.separate_uv_delta_q && bits.flag()?;
            for _ in 0..if separate { 4 } else { 2 } {
                deltas |= delta(bits)?;
            }
        }
        // using_qmatrix, then qm_y, qm_u and, where it can differ, qm_v.
        bits.skip_if_flag(if color.separate_uv_delta_q { 12 } else { 8 })?;
        let segment_q = segmentation(bits, previous)?;
        if base > 0 && bits.flag()? {
            // delta_q_res
            bits.skip(2)?;
            if !intrabc {
                // delta_lf_present, then delta_lf_res and delta_lf_multi.
                bits.skip_if_flag(3)?;
            }
        }
        // get_qindex (7.12.2) without a block's own delta is 0 where base and feature add up to at most 0.
        let zero = |feature: &Option<i32>| base as i32 + feature.unwrap_or(0) <= 0;
        Ok(Self { lossless: !deltas && segment_q.iter().all(zero), segment_q })
    }
}

/// `read_delta_q`: whether it is other than 0.
fn delta(bits: &mut Bits<'_>) -> Result<bool, Ended> {
    Ok(bits.flag()? && bits.u(7)? != 0)
}

/// `Segmentation_Feature_Bits`, with the sign; the first feature is `SEG_LVL_ALT_Q`.
const FEATURE_BITS: [u32; 8] = [9, 7, 7, 7, 7, 3, 0, 0];

fn segmentation(bits: &mut Bits<'_>, previous: Option<&Saved>) -> Result<[Option<i32>; 8], Ended> {
    let mut features = [None; 8];
    if !bits.flag()? {
        return Ok(features);
    }
    if let Some(previous) = previous {
        // segmentation_update_map, segmentation_temporal_update
        if bits.flag()? {
            bits.flag()?;
        }
        // segmentation_update_data
        if !bits.flag()? {
            return Ok(previous.segment_q);
        }
    }
    for segment in &mut features {
        for (at, width) in FEATURE_BITS.into_iter().enumerate() {
            if bits.flag()? {
                let value = bits.u(width)? as i32;
                if at == 0 {
                    // su(9)
                    *segment = Some(if value >= 256 { value - 512 } else { value });
                }
            }
        }
    }
    Ok(features)
}
