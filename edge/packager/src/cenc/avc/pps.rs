use crate::cenc::nal::{Bits, Error};

/// What a slice header depends on of a picture parameter set (ISO/IEC 14496-10, 7.3.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pps {
    pub(super) id: u32,
    pub(super) sps: u32,
    pub(super) cabac: bool,
    /// `bottom_field_pic_order_in_frame_present_flag`
    pub(super) bottom_field_order: bool,
    /// `SliceGroupChangeRate`, where slice groups change (map types 3 to 5).
    pub(super) change_rate: Option<u64>,
    /// `num_ref_idx_l0_default_active_minus1` and `…l1…`, plus 1.
    pub(super) references: [u32; 2],
    pub(super) weighted_pred: bool,
    pub(super) weighted_bipred: u32,
    pub(super) deblocking_control: bool,
    pub(super) redundant_pic_cnt: bool,
}

impl Pps {
    pub(super) fn parse(bits: &mut Bits<'_>) -> Result<Self, Error> {
        let id = bits.ue_max(255, "pic_parameter_set_id")?;
        let sps = bits.ue_max(31, "seq_parameter_set_id")?;
        let cabac = bits.flag()?;
        let bottom_field_order = bits.flag()?;
        let groups = bits.ue_max(7, "num_slice_groups_minus1")?;
        let change_rate = if groups > 0 { slice_groups(bits, groups)? } else { None };
        let mut references = [0; 2];
        for count in &mut references {
            *count = bits.ue_max(31, "num_ref_idx_default_active_minus1")? + 1;
        }
        let weighted_pred = bits.flag()?;
        let weighted_bipred = bits.u(2)?;
        for _ in 0..3 {
            bits.skip_se()?;
        }
        let deblocking_control = bits.flag()?;
        bits.flag()?;
        Ok(Self {
            id,
            sps,
            cabac,
            bottom_field_order,
            change_rate,
            references,
            weighted_pred,
            weighted_bipred,
            deblocking_control,
            redundant_pic_cnt: bits.flag()?,
        })
    }
}

fn slice_groups(bits: &mut Bits<'_>, groups: u32) -> Result<Option<u64>, Error> {
    match bits.ue_max(6, "slice_group_map_type")? {
        0 => {
            for _ in 0..=groups {
                bits.ue()?;
            }
        }
        2 => {
            for _ in 0..groups {
                bits.ue()?;
                bits.ue()?;
            }
        }
        3..=5 => {
            bits.flag()?;
            return Ok(Some(u64::from(bits.ue()?) + 1));
        }
        6 => {
            // Bounded by the bytes of the NAL unit: every id takes at least a bit.
            let width = u32::BITS - groups.leading_zeros();
            for _ in 0..=u64::from(bits.ue()?) {
                bits.u(width)?;
            }
        }
        _ => {}
    }
    Ok(None)
}
