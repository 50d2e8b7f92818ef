use super::{Error, references::References};
use crate::{bits::Bits, obu::Sequence};

/// A frame's size in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size {
    /// As coded.
    pub(super) width: u32,
    /// After super-resolution.
    pub(super) upscaled: u32,
    pub(super) height: u32,
}

impl Size {
    /// `frame_size` and `render_size` (AV1 specification, 5.9.5 and 5.9.6).
    pub(super) fn own(bits: &mut Bits<'_>, sequence: &Sequence, size_override: bool) -> Result<Self, Error> {
        let [width, height] = if size_override {
            let [width, height] = sequence.size_bits;
            [bits.u(width)? + 1, bits.u(height)? + 1]
        } else {
            sequence.max_size
        };
        let size = Self::superres(bits, sequence, width, height)?;
        bits.skip_if_flag(32)?;
        Ok(size)
    }

    /// `superres_params` (5.9.8)
    fn superres(bits: &mut Bits<'_>, sequence: &Sequence, upscaled: u32, height: u32) -> Result<Self, Error> {
        let mut width = upscaled;
        if sequence.superres && bits.flag()? {
            let denominator = bits.u(3)? + 9;
            // Widths have at most 16 bits.
            width = (upscaled * 8 + denominator / 2) / denominator;
        }
        Ok(Self { width, upscaled, height })
    }
}

/// `frame_size_with_refs` (5.9.7)
pub(super) fn with_references(
    bits: &mut Bits<'_>,
    sequence: &Sequence,
    references: &References,
    indexes: &[u32; 7],
) -> Result<Size, Error> {
    for slot in indexes {
        if bits.flag()? {
            let [width, height] = references.slot(*slot)?.size.ok_or(Error::MissingReference { slot: *slot })?;
            return Size::superres(bits, sequence, width, height);
        }
    }
    Size::own(bits, sequence, true)
}
