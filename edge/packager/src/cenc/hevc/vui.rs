//! Video usability information (ITU-T H.265, Annex E), passed over for the extensions that stand behind it.

use crate::cenc::nal::{Bits, Error};

/// `vui_parameters()` (E.2.1), with `sub_layers` the maximum number of sub-layers minus 1.
pub(super) fn skip(bits: &mut Bits<'_>, sub_layers: u32) -> Result<(), Error> {
    // aspect_ratio_info_present_flag
    if bits.flag()? && bits.u(8)? == EXTENDED_SAR {
        bits.skip(32)?;
    }
    // overscan_info_present_flag
    if bits.flag()? {
        bits.flag()?;
    }
    // video_signal_type_present_flag
    if bits.flag()? {
        bits.skip(4)?;
        if bits.flag()? {
            bits.skip(24)?;
        }
    }
    // chroma_loc_info_present_flag
    if bits.flag()? {
        bits.ue()?;
        bits.ue()?;
    }
    bits.skip(3)?;
    // default_display_window_flag
    if bits.flag()? {
        for _ in 0..4 {
            bits.ue()?;
        }
    }
    // vui_timing_info_present_flag
    if bits.flag()? {
        bits.skip(64)?;
        if bits.flag()? {
            bits.ue()?;
        }
        if bits.flag()? {
            skip_hrd(bits, sub_layers)?;
        }
    }
    // bitstream_restriction_flag
    if bits.flag()? {
        bits.skip(3)?;
        for _ in 0..5 {
            bits.ue()?;
        }
    }
    Ok(())
}

const EXTENDED_SAR: u32 = 255;

/// `hrd_parameters( 1, … )` (E.2.2)
fn skip_hrd(bits: &mut Bits<'_>, sub_layers: u32) -> Result<(), Error> {
    let buffers = u32::from(bits.flag()?) + u32::from(bits.flag()?);
    let mut sub_pictures = false;
    if buffers > 0 {
        sub_pictures = bits.flag()?;
        if sub_pictures {
            bits.skip(8 + 5 + 1 + 5)?;
        }
        bits.skip(4 + 4 + if sub_pictures { 4 } else { 0 })?;
        bits.skip(5 + 5 + 5)?;
    }
    for _ in 0..=sub_layers {
        // fixed_pic_rate_general_flag, without which fixed_pic_rate_within_cvs_flag follows.
        let fixed = bits.flag()? || bits.flag()?;
        let low_delay = if fixed {
            bits.ue_max(2047, "elemental_duration_in_tc_minus1")?;
            false
        } else {
            bits.flag()?
        };
        let count = if low_delay { 1 } else { bits.ue_max(31, "cpb_cnt_minus1")? + 1 };
        // sub_layer_hrd_parameters( ) (E.2.3)
        for _ in 0..buffers * count {
            for _ in 0..if sub_pictures { 4 } else { 2 } {
                bits.ue()?;
            }
            bits.flag()?;
        }
    }
    Ok(())
}
