use super::{Obu, ObuError, Obus, SEQUENCE_HEADER};
use crate::bits::{Bits, Ended};

/// What frame headers and codec strings depend on of a sequence header (AV1 specification, 5.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sequence {
    pub(crate) reduced_still_picture: bool,
    pub(crate) decoder_model: Option<DecoderModel>,
    pub(crate) operating_points: Vec<OperatingPoint>,
    /// Bits of a frame's own width and height.
    pub(crate) size_bits: [u32; 2],
    /// Largest, and usual, width and height.
    pub(crate) max_size: [u32; 2],
    /// Bits of a frame's id, and of the difference between two.
    pub(crate) frame_ids: Option<FrameIds>,
    pub(crate) superblocks_of_128: bool,
    pub(crate) warped_motion: bool,
    pub(crate) ref_frame_mvs: bool,
    /// Bits of an order hint; 0 where there are none.
    pub(crate) order_hint_bits: u32,
    /// `None`: each frame says.
    pub(crate) screen_content_tools: Option<bool>,
    /// `None`: each frame says.
    pub(crate) integer_mv: Option<bool>,
    pub(crate) superres: bool,
    pub(crate) cdef: bool,
    pub(crate) restoration: bool,
    pub(crate) color: Color,
    pub(crate) film_grain: bool,
}

/// `decoder_model_info`, with what `timing_info` says to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DecoderModel {
    pub(crate) removal_time_bits: u32,
    pub(crate) presentation_time_bits: u32,
    pub(crate) equal_picture_interval: bool,
    delay_bits: u32,
}

/// One of the operating points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OperatingPoint {
    /// Which layers it takes.
    pub(crate) idc: u32,
    pub(crate) decoder_model: bool,
}

/// Bits of frame ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FrameIds {
    pub(crate) bits: u32,
    pub(crate) delta_bits: u32,
}

/// `color_config` (5.5.2)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Color {
    pub(crate) monochrome: bool,
    /// `color_primaries`, `transfer_characteristics`, `matrix_coefficients`, where they are given.
    pub(crate) description: Option<[u8; 3]>,
    pub(crate) full_range: bool,
    pub(crate) subsampling: [bool; 2],
    pub(crate) separate_uv_delta_q: bool,
}

impl Sequence {
    /// The first sequence header among these units, if there is one.
    ///
    /// # Errors
    /// [`ObuError`]
    pub(crate) fn first(units: &[u8]) -> Result<Option<Self>, ObuError> {
        for obu in Obus::of(units) {
            let obu = obu?;
            if obu.kind == SEQUENCE_HEADER {
                return Self::parse(&obu).map(Some);
            }
        }
        Ok(None)
    }

    /// Reads `sequence_header_obu` (5.5.1).
    ///
    /// # Errors
    /// [`ObuError::Truncated`]
    pub(crate) fn parse(obu: &Obu<'_>) -> Result<Self, ObuError> {
        let bits = &mut Bits::new(obu.payload);
        let profile = bits.u(3)?;
        bits.flag()?;
        let reduced_still_picture = bits.flag()?;
        let (decoder_model, operating_points) = if reduced_still_picture {
            bits.skip(5)?;
            (None, vec![OperatingPoint { idc: 0, decoder_model: false }])
        } else {
            operating_points(bits)?
        };
        let size_bits = [bits.u(4)? + 1, bits.u(4)? + 1];
        let max_size = [bits.u(size_bits[0])? + 1, bits.u(size_bits[1])? + 1];
        let frame_ids = if !reduced_still_picture && bits.flag()? {
            let delta_bits = bits.u(4)? + 2;
            Some(FrameIds { bits: bits.u(3)? + delta_bits + 1, delta_bits })
        } else {
            None
        };
        let superblocks_of_128 = bits.flag()?;
        // enable_filter_intra, enable_intra_edge_filter
        bits.skip(2)?;
        let mut sequence = Self {
            reduced_still_picture,
            decoder_model,
            operating_points,
            size_bits,
            max_size,
            frame_ids,
            superblocks_of_128,
            warped_motion: false,
            ref_frame_mvs: false,
            order_hint_bits: 0,
            screen_content_tools: None,
            integer_mv: None,
            superres: false,
            cdef: false,
            restoration: false,
            color: Color {
                monochrome: false,
                description: None,
                full_range: false,
                subsampling: [true; 2],
                separate_uv_delta_q: false,
            },
            film_grain: false,
        };
        if !reduced_still_picture {
            sequence.inter_tools(bits)?;
        }
        sequence.superres = bits.flag()?;
        sequence.cdef = bits.flag()?;
        sequence.restoration = bits.flag()?;
        sequence.color = Color::parse(bits, profile)?;
        sequence.film_grain = bits.flag()?;
        Ok(sequence)
    }

    fn inter_tools(&mut self, bits: &mut Bits<'_>) -> Result<(), Ended> {
        // enable_interintra_compound, enable_masked_compound
        bits.skip(2)?;
        self.warped_motion = bits.flag()?;
        // enable_dual_filter
        bits.flag()?;
        let order_hint = bits.flag()?;
        if order_hint {
            // enable_jnt_comp
            bits.flag()?;
            self.ref_frame_mvs = bits.flag()?;
        }
        self.screen_content_tools = if bits.flag()? { None } else { Some(bits.flag()?) };
        self.integer_mv =
            if self.screen_content_tools == Some(false) || bits.flag()? { None } else { Some(bits.flag()?) };
        if order_hint {
            self.order_hint_bits = bits.u(3)? + 1;
        }
        Ok(())
    }
}

/// The part of the sequence header from `timing_info_present_flag` to the last operating point.
fn operating_points(bits: &mut Bits<'_>) -> Result<(Option<DecoderModel>, Vec<OperatingPoint>), Ended> {
    let mut model = None;
    if bits.flag()? {
        bits.skip(64)?;
        let equal_picture_interval = bits.flag()?;
        if equal_picture_interval {
            skip_uvlc(bits)?;
        }
        if bits.flag()? {
            let delay_bits = bits.u(5)? + 1;
            bits.skip(32)?;
            let removal_time_bits = bits.u(5)? + 1;
            let presentation_time_bits = bits.u(5)? + 1;
            model =
                Some(DecoderModel { removal_time_bits, presentation_time_bits, equal_picture_interval, delay_bits });
        }
    }
    let display_delay = bits.flag()?;
    let mut points = Vec::new();
    for _ in 0..=bits.u(5)? {
        let idc = bits.u(12)?;
        // seq_tier is there from level 4.0 (8) on.
        if bits.u(5)? > 7 {
            bits.flag()?;
        }
        let mut point = OperatingPoint { idc, decoder_model: false };
        if let Some(model) = model {
            point.decoder_model = bits.flag()?;
            if point.decoder_model {
                bits.skip(2 * model.delay_bits + 1)?;
            }
        }
        if display_delay {
            bits.skip_if_flag(4)?;
        }
        points.push(point);
    }
    Ok((model, points))
}

/// `uvlc` (4.10.3)
fn skip_uvlc(bits: &mut Bits<'_>) -> Result<(), Ended> {
    let mut zeros = 0u32;
    while !bits.flag()? {
        zeros = zeros.saturating_add(1);
    }
    if zeros < 32 { bits.skip(zeros) } else { Ok(()) }
}

impl Color {
    /// BT.709 primaries, sRGB transfer, identity matrix: RGB, which is never subsampled.
    const RGB: [u8; 3] = [1, 13, 0];

    fn parse(bits: &mut Bits<'_>, profile: u32) -> Result<Self, Ended> {
        let high_bitdepth = bits.flag()?;
        let twelve_bit = profile == 2 && high_bitdepth && bits.flag()?;
        let monochrome = profile != 1 && bits.flag()?;
        let mut description = None;
        if bits.flag()? {
            let codes = bits.u(24)?.to_be_bytes();
            description = Some([codes[1], codes[2], codes[3]]);
        }
        if monochrome {
            let full_range = bits.flag()?;
            return Ok(Self {
                monochrome,
                description,
                full_range,
                subsampling: [true; 2],
                separate_uv_delta_q: false,
            });
        }
        let (mut full_range, mut subsampling) = (true, [false; 2]);
        if description != Some(Self::RGB) {
            full_range = bits.flag()?;
            subsampling = match profile {
                0 => [true; 2],
                1 => [false; 2],
                _ if !twelve_bit => [true, false],
                _ => {
                    let horizontal = bits.flag()?;
                    [horizontal, horizontal && bits.flag()?]
                }
            };
            if subsampling == [true; 2] {
                // chroma_sample_position
                bits.skip(2)?;
            }
        }
        Ok(Self { monochrome, description, full_range, subsampling, separate_uv_delta_q: bits.flag()? })
    }
}
