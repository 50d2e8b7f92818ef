use super::{
    pps::Pps,
    sps::{PictureOrder, Sps},
};
use crate::cenc::nal::{Bits, Error, Sets};

const P: u32 = 0;
const B: u32 = 1;
const I: u32 = 2;
const SP: u32 = 3;
const SI: u32 = 4;

/// Reads `slice_header()` (ISO/IEC 14496-10, 7.3.3) to its end.
pub(super) fn skip_header(
    bits: &mut Bits<'_>,
    idr: bool,
    reference: bool,
    sps: &Sets<Sps>,
    pps: &Sets<Pps>,
) -> Result<(), Error> {
    bits.ue()?;
    let kind = bits.ue_max(9, "slice_type")? % 5;
    let id = bits.ue_max(255, "pic_parameter_set_id")?;
    let pps = pps.find(id).ok_or(Error::UnknownSet { kind: "PPS", id })?;
    let sps = sps.find(pps.sps).ok_or(Error::UnknownSet { kind: "SPS", id: pps.sps })?;
    if sps.separate_colour_planes {
        bits.u(2)?;
    }
    bits.u(sps.frame_num_bits)?;
    let mut field = false;
    if !sps.frame_mbs_only {
        field = bits.flag()?;
        if field {
            bits.flag()?;
        }
    }
    if idr {
        bits.ue()?;
    }
    picture_order(bits, sps.order, pps.bottom_field_order && !field)?;
    if pps.redundant_pic_cnt {
        bits.ue()?;
    }
    if kind == B {
        bits.flag()?;
    }
    let lists = match kind {
        P | SP => 1,
        B => 2,
        _ => 0,
    };
    let references = reference_counts(bits, lists, pps)?;
    for _ in 0..lists {
        list_modification(bits)?;
    }
    if (pps.weighted_pred && matches!(kind, P | SP)) || (pps.weighted_bipred == 1 && kind == B) {
        weights(bits, sps.chroma, references.get(..lists).unwrap_or_default())?;
    }
    if reference {
        marking(bits, idr)?;
    }
    if pps.cabac && !matches!(kind, I | SI) {
        bits.ue_max(2, "cabac_init_idc")?;
    }
    bits.skip_se()?;
    if matches!(kind, SP | SI) {
        if kind == SP {
            bits.flag()?;
        }
        bits.skip_se()?;
    }
    if pps.deblocking_control && bits.ue_max(2, "disable_deblocking_filter_idc")? != 1 {
        bits.skip_se()?;
        bits.skip_se()?;
    }
    if let Some(rate) = pps.change_rate {
        bits.u(change_cycle_bits(sps.map_units, rate))?;
    }
    Ok(())
}

fn picture_order(bits: &mut Bits<'_>, order: PictureOrder, both_fields: bool) -> Result<(), Error> {
    match order {
        PictureOrder::Lsb { bits: width } => {
            bits.u(width)?;
            if both_fields {
                bits.skip_se()?;
            }
        }
        PictureOrder::Delta { always_zero: false } => {
            bits.skip_se()?;
            if both_fields {
                bits.skip_se()?;
            }
        }
        PictureOrder::Delta { always_zero: true } | PictureOrder::Output => {}
    }
    Ok(())
}

/// Active references per list: the slice's own, or the picture parameter set's defaults.
fn reference_counts(bits: &mut Bits<'_>, lists: usize, pps: &Pps) -> Result<[u32; 2], Error> {
    let mut counts = pps.references;
    if lists > 0 && bits.flag()? {
        for count in counts.iter_mut().take(lists) {
            *count = bits.ue_max(31, "num_ref_idx_active_minus1")? + 1;
        }
    }
    Ok(counts)
}

/// One list of `ref_pic_list_modification()` (7.3.3.1).
fn list_modification(bits: &mut Bits<'_>) -> Result<(), Error> {
    if !bits.flag()? {
        return Ok(());
    }
    while bits.ue_max(3, "modification_of_pic_nums_idc")? != 3 {
        bits.ue()?;
    }
    Ok(())
}

/// `pred_weight_table()` (7.3.3.2)
fn weights(bits: &mut Bits<'_>, chroma: bool, references: &[u32]) -> Result<(), Error> {
    bits.ue_max(7, "luma_log2_weight_denom")?;
    if chroma {
        bits.ue_max(7, "chroma_log2_weight_denom")?;
    }
    for count in references {
        for _ in 0..*count {
            if bits.flag()? {
                bits.skip_se()?;
                bits.skip_se()?;
            }
            if chroma && bits.flag()? {
                for _ in 0..4 {
                    bits.skip_se()?;
                }
            }
        }
    }
    Ok(())
}

/// `dec_ref_pic_marking()` (7.3.3.3)
fn marking(bits: &mut Bits<'_>, idr: bool) -> Result<(), Error> {
    if idr {
        bits.u(2)?;
        return Ok(());
    }
    if !bits.flag()? {
        return Ok(());
    }
    loop {
        let values = match bits.ue_max(6, "memory_management_control_operation")? {
            0 => return Ok(()),
            5 => 0,
            3 => 2,
            _ => 1,
        };
        for _ in 0..values {
            bits.ue()?;
        }
    }
}

/// Bits of `slice_group_change_cycle`: Ceil(Log2(map units ÷ rate + 1)), the division exact (7.4.3).
fn change_cycle_bits(map_units: u64, rate: u64) -> u32 {
    let cycles = map_units.div_ceil(rate);
    u64::BITS - cycles.leading_zeros()
}

#[cfg(test)]
mod tests {
    use super::change_cycle_bits;

    #[test]
    fn the_width_of_slice_group_change_cycle_is_that_of_the_formula() {
        for map_units in 1..200u64 {
            for rate in 1..=map_units {
                let exact = (map_units as f64 / rate as f64 + 1.0).log2().ceil() as u32;
                assert_eq!(change_cycle_bits(map_units, rate), exact, "{map_units} {rate}");
            }
        }
    }
}
