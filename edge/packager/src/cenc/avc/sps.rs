use crate::cenc::nal::{Bits, Error};

/// What a slice header depends on of a sequence parameter set (ISO/IEC 14496-10, 7.3.2.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sps {
    pub(super) id: u32,
    pub(super) separate_colour_planes: bool,
    /// `ChromaArrayType` is not 0.
    pub(super) chroma: bool,
    pub(super) frame_num_bits: u32,
    pub(super) order: PictureOrder,
    pub(super) frame_mbs_only: bool,
    pub(super) map_units: u64,
}

/// `pic_order_cnt_type` and what it brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PictureOrder {
    /// Type 0.
    Lsb { bits: u32 },
    /// Type 1.
    Delta { always_zero: bool },
    /// Type 2.
    Output,
}

/// Profiles whose parameter sets carry chroma format and scaling lists.
const HIGH: [u32; 13] = [100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135];

impl Sps {
    pub(super) fn parse(bits: &mut Bits<'_>) -> Result<Self, Error> {
        let profile = bits.u(8)?;
        bits.u(16)?;
        let id = bits.ue_max(31, "seq_parameter_set_id")?;
        let (mut chroma_format, mut separate_colour_planes) = (1, false);
        if HIGH.contains(&profile) {
            chroma_format = bits.ue_max(3, "chroma_format_idc")?;
            if chroma_format == 3 {
                separate_colour_planes = bits.flag()?;
            }
            bits.ue_max(6, "bit_depth_luma_minus8")?;
            bits.ue_max(6, "bit_depth_chroma_minus8")?;
            bits.flag()?;
            if bits.flag()? {
                scaling_lists(bits, if chroma_format == 3 { 12 } else { 8 })?;
            }
        }
        let frame_num_bits = bits.ue_max(12, "log2_max_frame_num_minus4")? + 4;
        let order = match bits.ue_max(2, "pic_order_cnt_type")? {
            0 => PictureOrder::Lsb { bits: bits.ue_max(12, "log2_max_pic_order_cnt_lsb_minus4")? + 4 },
            1 => {
                let always_zero = bits.flag()?;
                bits.skip_se()?;
                bits.skip_se()?;
                for _ in 0..bits.ue_max(255, "num_ref_frames_in_pic_order_cnt_cycle")? {
                    bits.skip_se()?;
                }
                PictureOrder::Delta { always_zero }
            }
            _ => PictureOrder::Output,
        };
        bits.ue()?;
        bits.flag()?;
        let width = u64::from(bits.ue()?) + 1;
        let height = u64::from(bits.ue()?) + 1;
        Ok(Self {
            id,
            separate_colour_planes,
            chroma: chroma_format != 0 && !separate_colour_planes,
            frame_num_bits,
            order,
            frame_mbs_only: bits.flag()?,
            map_units: width * height,
        })
    }
}

/// Passes over `scaling_list()`s (7.3.2.1.1.1): six of 16 coefficients, then those of 64.
fn scaling_lists(bits: &mut Bits<'_>, count: usize) -> Result<(), Error> {
    for index in 0..count {
        if !bits.flag()? {
            continue;
        }
        let (mut last, mut next) = (8i64, 8i64);
        for _ in 0..if index < 6 { 16 } else { 64 } {
            if next != 0 {
                next = (last + bits.se()?).rem_euclid(256);
            }
            if next != 0 {
                last = next;
            }
        }
    }
    Ok(())
}
