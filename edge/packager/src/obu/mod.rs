//! Open bitstream units, of which AV1 samples and configurations consist (AV1 specification, 5.3).

mod sequence;

pub(crate) use sequence::{Color, Sequence};

use crate::bits::Ended;

pub(crate) const SEQUENCE_HEADER: u8 = 1;

/// What is wrong with an open bitstream unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ObuError {
    /// The unit ends before the syntax does.
    #[error("the OBU ends within its header")]
    Truncated,
    /// `obu_forbidden_bit` is set.
    #[error("the byte {at} of the sample is not an OBU header: its forbidden bit is set")]
    Forbidden {
        /// Where it is, in bytes from the start of the sample.
        at: usize,
    },
    /// A size of more than eight bytes or 32 bits.
    #[error("the OBU at byte {at} of the sample has a size of more than 32 bits")]
    Leb128 {
        /// Where the OBU begins, in bytes from the start of the sample.
        at: usize,
    },
    /// A size that leads past the end of the sample.
    #[error("the OBU at byte {at} of the sample has a size of {size} bytes, past the sample's end")]
    Size {
        /// Where the OBU begins, in bytes from the start of the sample.
        at: usize,
        /// What it says.
        size: u64,
    },
}

impl From<Ended> for ObuError {
    fn from(_: Ended) -> Self {
        Self::Truncated
    }
}

/// One unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Obu<'a> {
    pub(crate) kind: u8,
    pub(crate) layer: Layer,
    /// What follows the header and the size.
    pub(crate) payload: &'a [u8],
    /// Where the payload begins in what is read.
    pub(crate) start: usize,
}

/// `obu_extension_header` (5.3.3); zeros without one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Layer {
    pub(crate) temporal: u8,
    pub(crate) spatial: u8,
}

/// The units of a sample or of `configOBUs`, in order. Ends after an error.
#[derive(Clone, Debug)]
pub(crate) struct Obus<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Obus<'a> {
    pub(crate) fn of(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    fn read(&self, rest: &'a [u8]) -> Result<Obu<'a>, ObuError> {
        let at = self.at;
        let mut bytes = rest.iter().copied();
        let mut used = 0;
        let mut byte = || {
            used += 1;
            bytes.next().ok_or(ObuError::Truncated)
        };
        let header = byte()?;
        if header & 0x80 != 0 {
            return Err(ObuError::Forbidden { at });
        }
        let mut layer = Layer::default();
        if header & 4 != 0 {
            let extension = byte()?;
            layer = Layer { temporal: extension >> 5, spatial: extension >> 3 & 3 };
        }
        // Without a size the OBU is the last one and takes what is there, as the binding allows (2.4).
        let mut size = None;
        if header & 2 != 0 {
            let mut value = 0u64;
            for group in 0.. {
                // leb128 (4.10.5): eight bytes at most.
                if group == 8 {
                    return Err(ObuError::Leb128 { at });
                }
                let part = byte()?;
                value |= u64::from(part & 0x7f) << (7 * group);
                if part & 0x80 == 0 {
                    break;
                }
            }
            if value > u32::MAX.into() {
                return Err(ObuError::Leb128 { at });
            }
            size = Some(value);
        }
        let rest = rest.get(used..).unwrap_or_default();
        let payload = match size {
            None => rest,
            Some(size) => {
                let part = usize::try_from(size).ok().and_then(|size| rest.get(..size));
                part.ok_or(ObuError::Size { at, size })?
            }
        };
        Ok(Obu { kind: header >> 3 & 15, layer, payload, start: at + used })
    }
}

impl<'a> Iterator for Obus<'a> {
    type Item = Result<Obu<'a>, ObuError>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.bytes.get(self.at..).filter(|rest| !rest.is_empty())?;
        let obu = self.read(rest);
        self.at = obu.as_ref().map_or(self.bytes.len(), |obu| obu.start + obu.payload.len());
        Some(obu)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Type, layers, where the payload begins, the payload.
    type Parts<'a> = (u8, u8, u8, usize, &'a [u8]);

    fn all(bytes: &[u8]) -> Vec<Result<Parts<'_>, ObuError>> {
        Obus::of(bytes)
            .map(|obu| {
                obu.map(|Obu { kind, layer, payload, start }| (kind, layer.temporal, layer.spatial, start, payload))
            })
            .collect()
    }

    #[test]
    fn units_with_sizes_extensions_and_neither() {
        // A temporal delimiter, a frame of layer (1, 2) with a two-byte size, a tile group without a size.
        assert_eq!(
            all(&[0x12, 0, 0x36, 0x30, 0x82, 0x00, 7, 8, 0x20, 9]),
            [Ok((2, 0, 0, 2, &[][..])), Ok((6, 1, 2, 6, &[7, 8][..])), Ok((4, 0, 0, 9, &[9][..]))]
        );
    }

    #[test]
    fn lying_units_end_the_walk_with_an_error() {
        assert_eq!(all(&[0x92, 0]), [Err(ObuError::Forbidden { at: 0 })]);
        assert_eq!(all(&[0x12, 0, 0x12, 3, 1]), [Ok((2, 0, 0, 2, &[][..])), Err(ObuError::Size { at: 2, size: 3 })]);
        assert_eq!(all(&[0x12, 0x80]), [Err(ObuError::Truncated)]);
        assert_eq!(all(&[0x16]), [Err(ObuError::Truncated)]);
        assert_eq!(all(&[&[0x12][..], &[0x80; 8], &[0]].concat()), [Err(ObuError::Leb128 { at: 0 })]);
        assert_eq!(all(&[0x12, 0xff, 0xff, 0xff, 0xff, 0x1f]), [Err(ObuError::Leb128 { at: 0 })]);
        assert_eq!(all(&[0x12, 0x80, 0x80, 0x80, 0x80, 0]), [Ok((2, 0, 0, 6, &[][..]))], "zeros may fill a leb128 up");
    }
}
