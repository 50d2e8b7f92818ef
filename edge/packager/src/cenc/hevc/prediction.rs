use super::{Error, ceil_log2, pps::Pps, slice::References, sps::Sps};
use crate::cenc::nal::Bits;

const B: u32 = 0;
const P: u32 = 1;

/// What P and B slices say of prediction, from `num_ref_idx_active_override_flag` to `use_integer_mv_flag` (ITU-T H.265, 7.3.6.1).
pub(super) fn skip(
    bits: &mut Bits<'_>,
    slice_type: u32,
    references: &References,
    sps: &Sps,
    pps: &Pps,
) -> Result<(), Error> {
    let lists = match slice_type {
        B => 2,
        P => 1,
        _ => return Ok(()),
    };
    let mut active = pps.references;
    let active = active.get_mut(..lists).unwrap_or_default();
    // num_ref_idx_active_override_flag
    if bits.flag()? {
        for count in active.iter_mut() {
            *count = bits.ue_max(14, "num_ref_idx_active_minus1")? + 1;
        }
    }
    if pps.lists_modification && references.count > 1 {
        list_modifications(bits, active, references.count)?;
    }
    if slice_type == B {
        bits.flag()?;
    }
    if pps.cabac_init {
        bits.flag()?;
    }
    if references.temporal_mvp {
        // collocated_from_l0_flag, inferred to be 1 in P slices.
        let list = if slice_type == B && !bits.flag()? { active.last() } else { active.first() };
        if let Some(count) = list.filter(|count| **count > 1) {
            bits.ue_max(count - 1, "collocated_ref_idx")?;
        }
    }
    if (pps.weighted_pred && slice_type == P) || (pps.weighted_bipred && slice_type == B) {
        if pps.extension.current_picture {
            // Which entries have weights depends on where in the lists the current picture is (7.3.6.3).
            return Err(Error::Unsupported("weighted prediction in pictures that may refer to themselves"));
        }
        weights(bits, sps.chroma, active)?;
    }
    bits.ue_max(4, "five_minus_max_num_merge_cand")?;
    if sps.choose_integer_mv {
        bits.flag()?;
    }
    Ok(())
}

/// `ref_pic_lists_modification()` (7.3.6.2), with `total` pictures to choose from.
fn list_modifications(bits: &mut Bits<'_>, active: &[u32], total: u32) -> Result<(), Error> {
    for count in active {
        if bits.flag()? {
            for _ in 0..*count {
                bits.u_max(ceil_log2(total), total - 1, "list_entry")?;
            }
        }
    }
    Ok(())
}

/// `pred_weight_table()` (7.3.6.3), where no list holds the current picture or one of another layer.
fn weights(bits: &mut Bits<'_>, chroma: bool, active: &[u32]) -> Result<(), Error> {
    bits.ue_max(7, "luma_log2_weight_denom")?;
    if chroma {
        bits.skip_se()?;
    }
    for count in active {
        let luma_weights = flags(bits, *count)?;
        let chroma_weights = if chroma { flags(bits, *count)? } else { 0 };
        // Weight and offset; of both chroma components.
        for _ in 0..2 * luma_weights + 4 * chroma_weights {
            bits.skip_se()?;
        }
    }
    Ok(())
}

/// How many of `count` flags are set.
fn flags(bits: &mut Bits<'_>, count: u32) -> Result<u32, Error> {
    (0..count).try_fold(0, |set, _| Ok(set + u32::from(bits.flag()?)))
}
