use super::{Error, Size};
use crate::bits::{Bits, Ended};

/// What an uncompressed header says, so far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// The slots that the frame goes into, a bit each.
    pub(super) refresh: u32,
    pub(super) size: Size,
    /// Bytes of the compressed header.
    pub(super) compressed_len: u16,
}

const SYNC_CODE: u32 = 0x0049_8342;
const RGB: u32 = 7;

/// Reads `uncompressed_header` (VP9 bitstream specification, 6.2); `None` of a frame that is only to be shown.
pub(super) fn parse(bits: &mut Bits<'_>, sizes: &[Option<Size>; 8]) -> Result<Option<Header>, Error> {
    if bits.u(2)? != 2 {
        return Err(Error::Marker("frame_marker"));
    }
    let profile = bits.u(1)? | bits.u(1)? << 1;
    if profile == 3 && bits.flag()? {
        return Err(Error::Marker("reserved_zero"));
    }
    // show_existing_frame
    if bits.flag()? {
        let slot = bits.u(3)?;
        return reference(sizes, slot).map(|_| None);
    }
    let inter = bits.flag()?;
    let show = bits.flag()?;
    let error_resilient = bits.flag()?;
    let (mut refresh, size);
    if !inter {
        sync_code(bits)?;
        color(bits, profile)?;
        refresh = 0xff;
        size = own_size(bits)?;
    } else {
        let intra_only = !show && bits.flag()?;
        if !error_resilient {
            // reset_frame_context
            bits.skip(2)?;
        }
        if intra_only {
            sync_code(bits)?;
            if profile > 0 {
                color(bits, profile)?;
            }
            refresh = bits.u(8)?;
            size = own_size(bits)?;
        } else {
            refresh = bits.u(8)?;
            size = inter_size(bits, sizes)?;
            // allow_high_precision_mv
            bits.flag()?;
            // is_filter_switchable, raw_interpolation_filter
            if !bits.flag()? {
                bits.skip(2)?;
            }
        }
    }
    if !error_resilient {
        // refresh_frame_context, frame_parallel_decoding_mode
        bits.skip(2)?;
    }
    // frame_context_idx
    bits.skip(2)?;
    loop_filter(bits)?;
    quantization(bits)?;
    segmentation(bits)?;
    tiles(bits, size[0])?;
    refresh &= 0xff;
    Ok(Some(Header { refresh, size, compressed_len: bits.u(16)? as u16 }))
}

fn reference(sizes: &[Option<Size>; 8], slot: u32) -> Result<Size, Error> {
    sizes.get(slot as usize).copied().flatten().ok_or(Error::MissingReference { slot })
}

fn sync_code(bits: &mut Bits<'_>) -> Result<(), Error> {
    if bits.u(24)? == SYNC_CODE { Ok(()) } else { Err(Error::Marker("frame_sync_code")) }
}

/// `color_config` (6.2.2)
fn color(bits: &mut Bits<'_>, profile: u32) -> Result<(), Error> {
    if profile >= 2 {
        // ten_or_twelve_bit
        bits.flag()?;
    }
    let space = bits.u(3)?;
    if space != RGB {
        // color_range
        bits.flag()?;
    }
    if profile & 1 == 1 {
        if space != RGB {
            // subsampling_x, subsampling_y
            bits.skip(2)?;
        }
        if bits.flag()? {
            return Err(Error::Marker("reserved_zero"));
        }
    }
    Ok(())
}

/// `frame_size` and `render_size` (6.2.3, 6.2.4).
fn own_size(bits: &mut Bits<'_>) -> Result<Size, Ended> {
    let size = [bits.u(16)? + 1, bits.u(16)? + 1];
    bits.skip_if_flag(32)?;
    Ok(size)
}

/// The references of an inter frame, and `frame_size_with_refs` (6.2.5).
fn inter_size(bits: &mut Bits<'_>, sizes: &[Option<Size>; 8]) -> Result<Size, Error> {
    let mut references = [[0; 2]; 3];
    for size in &mut references {
        *size = reference(sizes, bits.u(3)?)?;
        // ref_frame_sign_bias
        bits.flag()?;
    }
    for size in references {
        // found_ref
        if bits.flag()? {
            bits.skip_if_flag(32)?;
            return Ok(size);
        }
    }
    Ok(own_size(bits)?)
}

/// `loop_filter_params` (6.2.8)
fn loop_filter(bits: &mut Bits<'_>) -> Result<(), Ended> {
    // loop_filter_level, loop_filter_sharpness
    bits.skip(9)?;
    // loop_filter_delta_enabled, loop_filter_delta_update
    if bits.flag()? && bits.flag()? {
        // Four of reference frames, two of modes: su(6) each.
        for _ in 0..6 {
            bits.skip_if_flag(7)?;
        }
    }
    Ok(())
}

/// `quantization_params` (6.2.9)
fn quantization(bits: &mut Bits<'_>) -> Result<(), Ended> {
    // base_q_idx, then three differences of su(4).
    bits.skip(8)?;
    (0..3).try_for_each(|_| bits.skip_if_flag(5))
}

/// Bits of the features of a segment, with their signs.
const FEATURE_BITS: [u32; 4] = [9, 7, 2, 0];

/// `segmentation_params` (6.2.11)
fn segmentation(bits: &mut Bits<'_>) -> Result<(), Ended> {
    if !bits.flag()? {
        return Ok(());
    }
    // segmentation_update_map
    if bits.flag()? {
        (0..7).try_for_each(|_| bits.skip_if_flag(8))?;
        // segmentation_temporal_update
        if bits.flag()? {
            (0..3).try_for_each(|_| bits.skip_if_flag(8))?;
        }
    }
    // segmentation_update_data
    if bits.flag()? {
        // segmentation_abs_or_delta_update
        bits.flag()?;
        for _ in 0..8 {
            FEATURE_BITS.into_iter().try_for_each(|width| bits.skip_if_flag(width))?;
        }
    }
    Ok(())
}

/// `tile_info` (6.2.13)
fn tiles(bits: &mut Bits<'_>, width: u32) -> Result<(), Ended> {
    let blocks = width.div_ceil(64);
    let mut log2 = 0;
    while 64 << log2 < blocks {
        log2 += 1;
    }
    // increment_tile_cols_log2: at most so that tiles are four superblocks wide.
    while blocks >> (log2 + 1) >= 4 && bits.flag()? {
        log2 += 1;
    }
    // tile_rows_log2, increment_tile_rows_log2
    bits.skip_if_flag(1)
}
