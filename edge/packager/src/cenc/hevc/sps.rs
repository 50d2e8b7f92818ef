use super::{Error, parameters, pictures::PictureSet, vui};
use crate::cenc::nal::Bits;

/// What a slice segment header depends on of a sequence parameter set (ITU-T H.265, 7.3.2.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sps {
    pub(super) id: u32,
    pub(super) separate_colour_planes: bool,
    /// `ChromaArrayType` is not 0.
    pub(super) chroma: bool,
    /// `PicWidthInCtbsY` and `PicHeightInCtbsY`.
    pub(super) size: (u32, u32),
    pub(super) order_bits: u32,
    pub(super) sao: bool,
    pub(super) short_term: Vec<PictureSet>,
    /// `used_by_curr_pic_lt_sps_flag`s, where there are long-term pictures at all.
    pub(super) long_term: Option<Vec<bool>>,
    pub(super) temporal_mvp: bool,
    /// `motion_vector_resolution_control_idc` is 2: slices choose.
    pub(super) choose_integer_mv: bool,
}

/// Luma samples a side: a sample entry cannot say more.
const MAX_SIDE: u32 = 1 << 16;

impl Sps {
    pub(super) fn parse(bits: &mut Bits<'_>) -> Result<Self, Error> {
        bits.u(4)?;
        let sub_layers = bits.u_max(3, 6, "sps_max_sub_layers_minus1")?;
        bits.flag()?;
        parameters::skip_profile(bits, sub_layers)?;
        let id = bits.ue_max(15, "sps_seq_parameter_set_id")?;
        let format = bits.ue_max(3, "chroma_format_idc")?;
        let separate_colour_planes = format == 3 && bits.flag()?;
        let width = bits.ue_max(MAX_SIDE, "pic_width_in_luma_samples")?;
        let height = bits.ue_max(MAX_SIDE, "pic_height_in_luma_samples")?;
        // conformance_window_flag
        if bits.flag()? {
            for _ in 0..4 {
                bits.ue()?;
            }
        }
        let luma_depth = bits.ue_max(8, "bit_depth_luma_minus8")? + 8;
        let chroma_depth = bits.ue_max(8, "bit_depth_chroma_minus8")? + 8;
        let order_bits = bits.ue_max(12, "log2_max_pic_order_cnt_lsb_minus4")? + 4;
        // sps_sub_layer_ordering_info_present_flag
        for _ in 0..if bits.flag()? { sub_layers + 1 } else { 1 } {
            for _ in 0..3 {
                bits.ue()?;
            }
        }
        let min_block = bits.ue_max(3, "log2_min_luma_coding_block_size_minus3")? + 3;
        let block = min_block + bits.ue_max(6 - min_block, "log2_diff_max_min_luma_coding_block_size")?;
        let size = (width.div_ceil(1 << block), height.div_ceil(1 << block));
        for _ in 0..4 {
            bits.ue()?;
        }
        // scaling_list_enabled_flag, sps_scaling_list_data_present_flag
        if bits.flag()? && bits.flag()? {
            parameters::skip_scaling_lists(bits)?;
        }
        bits.flag()?;
        let sao = bits.flag()?;
        // pcm_enabled_flag
        if bits.flag()? {
            bits.u(8)?;
            bits.ue()?;
            bits.ue()?;
            bits.flag()?;
        }
        let mut short_term = Vec::new();
        for _ in 0..bits.ue_max(64, "num_short_term_ref_pic_sets")? {
            short_term.push(PictureSet::parse(bits, &short_term, false)?);
        }
        let long_term = if bits.flag()? { Some(long_term(bits, order_bits)?) } else { None };
        let temporal_mvp = bits.flag()?;
        bits.flag()?;
        // vui_parameters_present_flag
        if bits.flag()? {
            vui::skip(bits, sub_layers)?;
        }
        let components = if format == 0 { [luma_depth, 0, 0] } else { [luma_depth, chroma_depth, chroma_depth] };
        Ok(Self {
            id,
            separate_colour_planes,
            chroma: format != 0 && !separate_colour_planes,
            size,
            order_bits,
            sao,
            short_term,
            long_term,
            temporal_mvp,
            choose_integer_mv: choose_integer_mv(bits, components)?,
        })
    }

    /// `PicSizeInCtbsY`, at most 2^26 by the limit of each side.
    pub(super) fn blocks(&self) -> u32 {
        self.size.0 * self.size.1
    }
}

fn long_term(bits: &mut Bits<'_>, order_bits: u32) -> Result<Vec<bool>, Error> {
    let mut used = Vec::new();
    for _ in 0..bits.ue_max(32, "num_long_term_ref_pics_sps")? {
        bits.u(order_bits)?;
        used.push(bits.flag()?);
    }
    Ok(used)
}

/// Reads the extensions as far as slice headers depend on them.
fn choose_integer_mv(bits: &mut Bits<'_>, depths: [u32; 3]) -> Result<bool, Error> {
    // sps_extension_present_flag
    if !bits.flag()? {
        return Ok(false);
    }
    let (range, multilayer, three_d, screen_content) = (bits.flag()?, bits.flag()?, bits.flag()?, bits.flag()?);
    bits.u(4)?;
    if !screen_content {
        return Ok(false);
    }
    if three_d {
        return Err(Error::Unsupported("a sequence parameter set with both the 3D and the screen content extension"));
    }
    bits.skip(if range { 9 } else { 0 } + u32::from(multilayer))?;
    bits.flag()?;
    // palette_mode_enabled_flag
    if bits.flag()? {
        bits.ue()?;
        bits.ue()?;
        // sps_palette_predictor_initializers_present_flag
        if bits.flag()? {
            let count = bits.ue_max(127, "sps_num_palette_predictor_initializers_minus1")? + 1;
            bits.skip(count * depths.iter().sum::<u32>())?;
        }
    }
    Ok(bits.u_max(2, 2, "motion_vector_resolution_control_idc")? == 2)
}
