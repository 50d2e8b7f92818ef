use super::{Error, parameters};
use crate::cenc::nal::Bits;

/// What a slice segment header depends on of a picture parameter set (ITU-T H.265, 7.3.2.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Pps {
    pub(super) id: u32,
    pub(super) sps: u32,
    pub(super) dependent_segments: bool,
    pub(super) output_flag: bool,
    /// `num_extra_slice_header_bits`
    pub(super) extra_bits: u32,
    pub(super) cabac_init: bool,
    /// `num_ref_idx_l0_default_active_minus1` and `…l1…`, plus 1.
    pub(super) references: [u32; 2],
    pub(super) chroma_qp_offsets: bool,
    pub(super) weighted_pred: bool,
    pub(super) weighted_bipred: bool,
    /// Columns and rows.
    pub(super) tiles: Option<(u32, u32)>,
    /// `entropy_coding_sync_enabled_flag`
    pub(super) wavefronts: bool,
    pub(super) loop_filter_across_slices: bool,
    pub(super) deblocking_override: bool,
    pub(super) deblocking_disabled: bool,
    pub(super) lists_modification: bool,
    pub(super) header_extension: bool,
    pub(super) extension: Extension,
}

/// What the extensions of a picture parameter set bring.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Extension {
    /// `chroma_qp_offset_list_enabled_flag`
    pub(super) chroma_qp_offset_list: bool,
    /// `pps_curr_pic_ref_enabled_flag`: a picture may refer to itself.
    pub(super) current_picture: bool,
    /// `pps_slice_act_qp_offsets_present_flag`
    pub(super) colour_transform_offsets: bool,
}

/// Tile columns or rows: a tile is no narrower than the smallest coding tree block, 8 of at most 2^16 samples.
const MAX_TILES: u32 = 1 << 13;

impl Pps {
    pub(super) fn parse(bits: &mut Bits<'_>) -> Result<Self, Error> {
        let mut pps = Self {
            id: bits.ue_max(63, "pps_pic_parameter_set_id")?,
            sps: bits.ue_max(15, "pps_seq_parameter_set_id")?,
            dependent_segments: bits.flag()?,
            output_flag: bits.flag()?,
            extra_bits: bits.u(3)?,
            ..Self::default()
        };
        bits.flag()?;
        pps.cabac_init = bits.flag()?;
        for count in &mut pps.references {
            *count = bits.ue_max(14, "num_ref_idx_default_active_minus1")? + 1;
        }
        bits.skip_se()?;
        bits.flag()?;
        let transform_skip = bits.flag()?;
        // cu_qp_delta_enabled_flag
        if bits.flag()? {
            bits.ue()?;
        }
        bits.skip_se()?;
        bits.skip_se()?;
        pps.chroma_qp_offsets = bits.flag()?;
        pps.weighted_pred = bits.flag()?;
        pps.weighted_bipred = bits.flag()?;
        bits.flag()?;
        let tiles = bits.flag()?;
        pps.wavefronts = bits.flag()?;
        pps.tiles = if tiles { Some(parse_tiles(bits)?) } else { None };
        pps.loop_filter_across_slices = bits.flag()?;
        // deblocking_filter_control_present_flag
        if bits.flag()? {
            pps.deblocking_override = bits.flag()?;
            pps.deblocking_disabled = bits.flag()?;
            if !pps.deblocking_disabled {
                bits.skip_se()?;
                bits.skip_se()?;
            }
        }
        // pps_scaling_list_data_present_flag
        if bits.flag()? {
            parameters::skip_scaling_lists(bits)?;
        }
        pps.lists_modification = bits.flag()?;
        bits.ue()?;
        pps.header_extension = bits.flag()?;
        // pps_extension_present_flag
        if bits.flag()? {
            pps.extension = Extension::parse(bits, transform_skip)?;
        }
        Ok(pps)
    }
}

fn parse_tiles(bits: &mut Bits<'_>) -> Result<(u32, u32), Error> {
    let columns = bits.ue_max(MAX_TILES - 1, "num_tile_columns_minus1")?;
    let rows = bits.ue_max(MAX_TILES - 1, "num_tile_rows_minus1")?;
    // uniform_spacing_flag
    if !bits.flag()? {
        for _ in 0..columns + rows {
            bits.ue()?;
        }
    }
    bits.flag()?;
    Ok((columns + 1, rows + 1))
}

impl Extension {
    fn parse(bits: &mut Bits<'_>, transform_skip: bool) -> Result<Self, Error> {
        let (range, multilayer, three_d, screen_content) = (bits.flag()?, bits.flag()?, bits.flag()?, bits.flag()?);
        bits.u(4)?;
        let mut extension = Self::default();
        if range {
            extension.chroma_qp_offset_list = range_extension(bits, transform_skip)?;
        }
        if !screen_content {
            return Ok(extension);
        }
        if multilayer || three_d {
            return Err(Error::Unsupported(
                "a picture parameter set with the screen content extension behind the multilayer or 3D extension",
            ));
        }
        extension.current_picture = bits.flag()?;
        // residual_adaptive_colour_transform_enabled_flag
        extension.colour_transform_offsets = bits.flag()? && bits.flag()?;
        Ok(extension)
    }
}

/// `pps_range_extension()` (7.3.2.3.2): whether slices say `cu_chroma_qp_offset_enabled_flag`.
fn range_extension(bits: &mut Bits<'_>, transform_skip: bool) -> Result<bool, Error> {
    if transform_skip {
        bits.ue()?;
    }
    bits.flag()?;
    let list = bits.flag()?;
    if list {
        bits.ue()?;
        for _ in 0..=bits.ue_max(5, "chroma_qp_offset_list_len_minus1")? {
            bits.skip_se()?;
            bits.skip_se()?;
        }
    }
    bits.ue()?;
    bits.ue()?;
    Ok(list)
}
