use super::{
    Error, ceil_log2,
    pictures::{MAX_PICTURES, PictureSet},
    pps::Pps,
    prediction,
    sps::Sps,
};
use crate::cenc::nal::{self, Bits, Sets};

const IDR_W_RADL: u8 = 19;
const IDR_N_LP: u8 = 20;

/// Reads `slice_segment_header()` (ITU-T H.265, 7.3.6.1) of a NAL unit of that type to its end.
pub(super) fn skip_header(bits: &mut Bits<'_>, kind: u8, sps: &Sets<Sps>, pps: &Sets<Pps>) -> Result<(), Error> {
    let first = bits.flag()?;
    // Of random access points: no_output_of_prior_pics_flag.
    if matches!(kind, 16..=23) {
        bits.flag()?;
    }
    let id = bits.ue_max(63, "slice_pic_parameter_set_id")?;
    let pps = pps.find(id).ok_or(nal::Error::UnknownSet { kind: "PPS", id })?;
    let sps = sps.find(pps.sps).ok_or(nal::Error::UnknownSet { kind: "SPS", id: pps.sps })?;
    let mut dependent = false;
    if !first {
        dependent = pps.dependent_segments && bits.flag()?;
        let blocks = sps.blocks();
        bits.u_max(ceil_log2(blocks), blocks.saturating_sub(1), "slice_segment_address")?;
    }
    if !dependent {
        independent(bits, matches!(kind, IDR_W_RADL | IDR_N_LP), sps, pps)?;
    }
    if pps.tiles.is_some() || pps.wavefronts {
        entry_points(bits, sps, pps)?;
    }
    if pps.header_extension {
        let length = bits.ue_max(256, "slice_segment_header_extension_length")?;
        bits.skip(8 * length)?;
    }
    alignment(bits)
}

/// What a dependent slice segment takes from the slice segment before it.
fn independent(bits: &mut Bits<'_>, idr: bool, sps: &Sps, pps: &Pps) -> Result<(), Error> {
    bits.u(pps.extra_bits)?;
    let slice_type = bits.ue_max(2, "slice_type")?;
    if pps.output_flag {
        bits.flag()?;
    }
    if sps.separate_colour_planes {
        bits.u_max(2, 2, "colour_plane_id")?;
    }
    let mut references = References { count: pps.extension.current_picture.into(), temporal_mvp: false };
    if !idr {
        references.parse(bits, sps)?;
    }
    let mut filters = false;
    if sps.sao {
        filters |= bits.flag()?;
        if sps.chroma {
            filters |= bits.flag()?;
        }
    }
    prediction::skip(bits, slice_type, &references, sps, pps)?;
    bits.skip_se()?;
    let offsets = if pps.chroma_qp_offsets { 2 } else { 0 };
    for _ in 0..offsets + if pps.extension.colour_transform_offsets { 3 } else { 0 } {
        bits.skip_se()?;
    }
    if pps.extension.chroma_qp_offset_list {
        bits.flag()?;
    }
    let mut deblocking = !pps.deblocking_disabled;
    // deblocking_filter_override_flag
    if pps.deblocking_override && bits.flag()? {
        deblocking = !bits.flag()?;
        if deblocking {
            bits.skip_se()?;
            bits.skip_se()?;
        }
    }
    if pps.loop_filter_across_slices && (filters || deblocking) {
        bits.flag()?;
    }
    Ok(())
}

/// What a slice says of reference pictures.
pub(super) struct References {
    /// `NumPicTotalCurr` (7-55)
    pub(super) count: u32,
    /// `slice_temporal_mvp_enabled_flag`
    pub(super) temporal_mvp: bool,
}

impl References {
    fn parse(&mut self, bits: &mut Bits<'_>, sps: &Sps) -> Result<(), Error> {
        bits.u(sps.order_bits)?;
        // short_term_ref_pic_set_sps_flag
        let remaining = if bits.flag()? {
            let count = sps.short_term.len() as u32;
            let field = "short_term_ref_pic_set_idx";
            let index = bits.u_max(ceil_log2(count), count.saturating_sub(1), field)?;
            let set = sps.short_term.get(index as usize).ok_or(nal::Error::Range { field, value: index })?;
            self.take(set)
        } else {
            self.take(&PictureSet::parse(bits, &sps.short_term, true)?)
        };
        if let Some(known) = &sps.long_term {
            self.long_term(bits, known, remaining, sps.order_bits)?;
        }
        self.temporal_mvp = sps.temporal_mvp && bits.flag()?;
        Ok(())
    }

    /// Counts the short-term pictures; how many more there may be.
    fn take(&mut self, set: &PictureSet) -> u32 {
        self.count += set.used();
        MAX_PICTURES - set.len()
    }

    /// Long-term pictures: first those that the sequence parameter set lists, then those that are the slice's own.
    fn long_term(&mut self, bits: &mut Bits<'_>, known: &[bool], remaining: u32, order_bits: u32) -> Result<(), Error> {
        let count = known.len() as u32;
        let listed = if known.is_empty() { 0 } else { bits.ue_max(remaining.min(count), "num_long_term_sps")? };
        let own = bits.ue_max(remaining - listed, "num_long_term_pics")?;
        for at in 0..listed + own {
            let used = if at < listed {
                let index = bits.u_max(ceil_log2(count), count.saturating_sub(1), "lt_idx_sps")?;
                known.get(index as usize).copied().unwrap_or_default()
            } else {
                bits.u(order_bits)?;
                bits.flag()?
            };
            self.count += u32::from(used);
            // delta_poc_msb_present_flag
            if bits.flag()? {
                bits.ue()?;
            }
        }
        Ok(())
    }
}

/// Where tiles or rows of blocks begin: as many as there are of them in the picture, less one, at most (7.4.7.1).
fn entry_points(bits: &mut Bits<'_>, sps: &Sps, pps: &Pps) -> Result<(), Error> {
    let (_, block_rows) = sps.size;
    let parts = match (pps.tiles, pps.wavefronts) {
        (Some((columns, _)), true) => columns * block_rows,
        (Some((columns, rows)), false) => columns * rows,
        (None, _) => block_rows,
    };
    let count = bits.ue_max(parts.saturating_sub(1), "num_entry_point_offsets")?;
    if count > 0 {
        let width = bits.ue_max(31, "offset_len_minus1")? + 1;
        for _ in 0..count {
            bits.u(width)?;
        }
    }
    Ok(())
}

/// `byte_alignment()` (7.3.2.12)
fn alignment(bits: &mut Bits<'_>) -> Result<(), Error> {
    let mut aligned = bits.flag()?;
    while bits.left() > 0 {
        aligned &= !bits.flag()?;
    }
    if aligned { Ok(()) } else { Err(Error::Alignment) }
}
