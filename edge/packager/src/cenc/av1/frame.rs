use super::{
    Error, filters, grain, motion,
    quantizer::Quantizer,
    references::{Hints, References, Saved},
    size::{self, Size},
    tiles::Tiles,
};
use crate::{
    bits::Bits,
    obu::{Layer, Sequence},
};

/// What a frame header says.
#[derive(Clone, Debug)]
pub(super) enum Header {
    /// The frame in this slot is to be shown.
    Existing(u32),
    /// Tiles follow.
    Coded(Frame),
}

/// A frame whose tiles are to come.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub(super) tiles: Tiles,
    /// How many of its tiles came already.
    pub(super) next_tile: u32,
    /// The slots that it goes into, a bit each.
    pub(super) refresh: u32,
    /// What goes there.
    pub(super) saved: Saved,
}

const KEY: u32 = 0;
const INTER: u32 = 1;
const INTRA_ONLY: u32 = 2;
const SWITCH: u32 = 3;

/// The beginning of the header.
enum Opening {
    /// Of a frame that is only to be shown: its slot.
    Existing(u32),
    Coded(Kind),
}

/// What kind of frame it is.
#[derive(Clone, Copy, Debug)]
struct Kind {
    frame_type: u32,
    show: bool,
    showable: bool,
    error_resilient: bool,
}

impl Kind {
    fn intra(self) -> bool {
        matches!(self.frame_type, KEY | INTRA_ONLY)
    }

    /// A frame that fills all slots, and says nothing of it.
    fn refreshes_all(self) -> bool {
        self.frame_type == SWITCH || (self.frame_type == KEY && self.show)
    }
}

/// Reads `uncompressed_header` (AV1 specification, 5.9.2) to its end.
pub(super) fn header(
    bits: &mut Bits<'_>,
    sequence: &Sequence,
    references: &mut References,
    layer: Layer,
) -> Result<Header, Error> {
    let kind = match opening(bits, sequence)? {
        Opening::Coded(kind) => kind,
        Opening::Existing(slot) => return Ok(Header::Existing(slot)),
    };
    let intra = kind.intra();
    let disable_cdf_update = bits.flag()?;
    let screen_content = sequence.screen_content_tools.map_or_else(|| bits.flag(), Ok)?;
    let force_integer_mv = screen_content && sequence.integer_mv.map_or_else(|| bits.flag(), Ok)?;
    if let Some(ids) = sequence.frame_ids {
        bits.skip(ids.bits)?;
    }
    let size_override = match kind.frame_type {
        SWITCH => true,
        _ => !sequence.reduced_still_picture && bits.flag()?,
    };
    let hints = Hints { bits: sequence.order_hint_bits, current: bits.u(sequence.order_hint_bits)? };
    let primary = if intra || kind.error_resilient { NO_PRIMARY } else { bits.u(3)? };
    removal_times(bits, sequence, layer)?;
    let refresh = if kind.refreshes_all() { 0xff } else { bits.u(8)? };
    if (!intra || refresh != 0xff) && kind.error_resilient && hints.bits > 0 {
        for slot in 0..8 {
            references.expect(slot, bits.u(hints.bits)?);
        }
    }

    let (mut indexes, mut high_precision_mv, mut intrabc) = ([0; 7], false, false);
    let size;
    if intra {
        size = Size::own(bits, sequence, size_override)?;
        intrabc = screen_content && size.width == size.upscaled && bits.flag()?;
    } else {
        indexes = reference_indexes(bits, sequence, references, hints)?;
        size = if size_override && !kind.error_resilient {
            size::with_references(bits, sequence, references, &indexes)?
        } else {
            Size::own(bits, sequence, size_override)?
        };
        high_precision_mv = !force_integer_mv && bits.flag()?;
        // is_filter_switchable, interpolation_filter
        if !bits.flag()? {
            bits.skip(2)?;
        }
        // is_motion_mode_switchable
        bits.flag()?;
        if !kind.error_resilient && sequence.ref_frame_mvs {
            bits.flag()?;
        }
    }
    if !sequence.reduced_still_picture && !disable_cdf_update {
        // disable_frame_end_update_cdf
        bits.flag()?;
    }
    let previous = indexes.get(primary as usize).map(|slot| references.slot(*slot)).transpose()?;
    let previous = if primary == NO_PRIMARY { None } else { previous };

    let tiles = Tiles::parse(bits, sequence.superblocks_of_128, &size)?;
    let quantizer = Quantizer::parse(bits, &sequence.color, previous, intrabc)?;
    filters::skip(bits, sequence, &quantizer, &size, intrabc)?;
    // read_tx_mode
    if !quantizer.lossless {
        bits.flag()?;
    }
    // reference_select, skip_mode_present
    if !intra && bits.flag()? && hints.bits > 0 && references.skip_mode_allowed(hints, &indexes)? {
        bits.flag()?;
    }
    // allow_warped_motion
    if !intra && !kind.error_resilient && sequence.warped_motion {
        bits.flag()?;
    }
    // reduced_tx_set
    bits.flag()?;
    if !intra {
        motion::skip(bits, high_precision_mv)?;
    }
    if sequence.film_grain && (kind.show || kind.showable) {
        grain::skip(bits, &sequence.color, kind.frame_type == INTER)?;
    }

    let saved = Saved {
        key: kind.frame_type == KEY,
        order_hint: hints.current,
        size: Some([size.upscaled, size.height]),
        segment_q: quantizer.segment_q,
    };
    Ok(Header::Coded(Frame { tiles, next_tile: 0, refresh, saved }))
}

/// `PRIMARY_REF_NONE`
const NO_PRIMARY: u32 = 7;

/// Up to `error_resilient_mode`.
fn opening(bits: &mut Bits<'_>, sequence: &Sequence) -> Result<Opening, Error> {
    if sequence.reduced_still_picture {
        let kind = Kind { frame_type: KEY, show: true, showable: false, error_resilient: true };
        return Ok(Opening::Coded(kind));
    }
    // temporal_point_info
    let time = sequence.decoder_model.filter(|model| !model.equal_picture_interval);
    let time_bits = time.map_or(0, |model| model.presentation_time_bits);
    if bits.flag()? {
        let slot = bits.u(3)?;
        bits.skip(time_bits)?;
        bits.skip(sequence.frame_ids.map_or(0, |ids| ids.bits))?;
        return Ok(Opening::Existing(slot));
    }
    let frame_type = bits.u(2)?;
    let show = bits.flag()?;
    if show {
        bits.skip(time_bits)?;
    }
    let showable = if show { frame_type != KEY } else { bits.flag()? };
    let mut kind = Kind { frame_type, show, showable, error_resilient: true };
    if !kind.refreshes_all() {
        kind.error_resilient = bits.flag()?;
    }
    Ok(Opening::Coded(kind))
}

/// `buffer_removal_time` of the operating points that take this layer.
fn removal_times(bits: &mut Bits<'_>, sequence: &Sequence, layer: Layer) -> Result<(), Error> {
    let Some(model) = sequence.decoder_model else { return Ok(()) };
    if !bits.flag()? {
        return Ok(());
    }
    for point in sequence.operating_points.iter().filter(|point| point.decoder_model) {
        let inside = point.idc >> layer.temporal & 1 == 1 && point.idc >> (layer.spatial + 8) & 1 == 1;
        if point.idc == 0 || inside {
            bits.skip(model.removal_time_bits)?;
        }
    }
    Ok(())
}

/// `ref_frame_idx`, spelled out or derived; every one must be there.
fn reference_indexes(
    bits: &mut Bits<'_>,
    sequence: &Sequence,
    references: &References,
    hints: Hints,
) -> Result<[u32; 7], Error> {
    let mut derived = None;
    if hints.bits > 0 && bits.flag()? {
        let (last, gold) = (bits.u(3)?, bits.u(3)?);
        derived = Some(references.short_signaling(hints, last, gold)?);
    }
    let mut indexes = derived.unwrap_or_default();
    for index in &mut indexes {
        if derived.is_none() {
            *index = bits.u(3)?;
        }
        references.slot(*index)?;
        if let Some(ids) = sequence.frame_ids {
            bits.skip(ids.delta_bits)?;
        }
    }
    Ok(indexes)
}
