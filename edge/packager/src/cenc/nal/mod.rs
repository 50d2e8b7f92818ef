//! What AVC and HEVC have in common: NAL units behind length fields (ISO/IEC 14496-15, 4.3.3.1), and the bits in them.

mod bits;
mod sets;
#[cfg(test)]
pub(super) mod synthetic;

pub(super) use bits::Bits;
pub(super) use sets::Sets;

use super::subsample::Run;

/// What is wrong with a NAL unit, whatever the codec.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The NAL unit ends before the syntax does.
    #[error("the NAL unit ends within its header")]
    Truncated,
    /// An Exp-Golomb code of more than 31 leading zeros.
    #[error("an Exp-Golomb code has more than 31 leading zero bits")]
    Golomb,
    /// A value outside of its range.
    #[error("{field} is {value}, out of range")]
    Range {
        /// The syntax element.
        field: &'static str,
        /// What it is.
        value: u32,
    },
    /// A slice names a parameter set that neither the configuration nor the samples before it have.
    #[error("{kind} {id} is referred to but was not given")]
    UnknownSet {
        /// `SPS` or `PPS`.
        kind: &'static str,
        /// Its id.
        id: u32,
    },
    /// A NAL unit's length field leads past the end of the sample, or the sample ends within a length field.
    #[error("the NAL unit length {length} at byte {at} of the sample leads past its end")]
    Length {
        /// The length, or 0 where the sample ends within the field.
        length: u64,
        /// Where the length field is, in bytes from the start of the sample.
        at: usize,
    },
}

/// The NAL units of a sample, in order, a run each: their length field and as many of their bytes as `clear` says stay clear.
pub(super) fn runs<E: From<Error>>(
    sample: &[u8],
    length_size: usize,
    mut clear: impl FnMut(&[u8]) -> Result<usize, E>,
    mut each: impl FnMut(Run),
) -> Result<(), E> {
    let mut at = 0;
    while let Some(rest) = sample.get(at..).filter(|rest| !rest.is_empty()) {
        let field = rest.get(..length_size).ok_or(Error::Length { length: 0, at })?;
        let length = field.iter().fold(0u64, |length, byte| length << 8 | u64::from(*byte));
        let past = Error::Length { length, at };
        let end = usize::try_from(length).ok().and_then(|length| length.checked_add(length_size));
        let unit = end.and_then(|end| rest.get(length_size..end)).ok_or(past)?;
        let header = clear(unit)?;
        each(Run { clear: length_size + header, rest: unit.len() - header });
        at += length_size + unit.len();
    }
    Ok(())
}
