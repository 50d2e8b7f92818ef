//! Where the slice header of an AVC slice ends (ISO/IEC 14496-10, 7.3.3): what stays clear of a protected slice.

mod bits;
mod pps;
mod slice;
mod sps;

#[cfg(test)]
mod synthetic;
#[cfg(test)]
pub(super) use synthetic::{Stream, sample, streams};

use std::collections::BTreeMap;

use super::subsample::Run;
use crate::bmff::moov::AvcC;
use bits::Bits;
use pps::Pps;
use sps::Sps;

/// What is wrong with a NAL unit.
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
    /// A slice names a parameter set that neither `avcC` nor the samples before it have.
    #[error("{kind} {id} is referred to but was not given")]
    UnknownSet {
        /// `SPS` or `PPS`.
        kind: &'static str,
        /// Its id.
        id: u32,
    },
    /// A NAL unit's length field leads past the end of the sample, or the sample ends within a length field.
    #[error("the NAL unit length {length} at byte {at} of the sample leads past its end")]
    NalLength {
        /// The length, or 0 where the sample ends within the field.
        length: u64,
        /// Where the length field is, in bytes from the start of the sample.
        at: usize,
    },
    /// A VCL NAL unit that this build cannot protect: data partitions, auxiliary pictures, MVC and 3D extensions.
    #[error("NAL unit type {0} carries slice data that cannot be protected here")]
    UnsupportedNal(u8),
}

/// The decoder configuration of an AVC track and the parameter sets seen so far.
#[derive(Clone, Debug)]
pub(super) struct Avc {
    nal_length_size: usize,
    sps: BTreeMap<u32, Sps>,
    pps: BTreeMap<u32, Pps>,
}

impl Avc {
    /// Takes the configuration of `avcC`.
    ///
    /// # Errors
    /// [`Error`] for a parameter set that does not parse.
    pub(super) fn new(avcc: &AvcC<'_>) -> Result<Self, Error> {
        let mut avc = Self { nal_length_size: avcc.nal_length_size.into(), sps: BTreeMap::new(), pps: BTreeMap::new() };
        for nal in avcc.sps.iter().chain(&avcc.pps) {
            avc.learn(nal)?;
        }
        Ok(avc)
    }

    /// Takes in a NAL unit that is a parameter set; others are passed over.
    fn learn(&mut self, nal: &[u8]) -> Result<(), Error> {
        let Some((header, rbsp)) = nal.split_first() else { return Ok(()) };
        match header & 0x1f {
            SPS => {
                let sps = Sps::parse(&mut Bits::new(rbsp))?;
                self.sps.insert(sps.id, sps);
            }
            PPS => {
                let pps = Pps::parse(&mut Bits::new(rbsp))?;
                self.pps.insert(pps.id, pps);
            }
            _ => {}
        }
        Ok(())
    }

    /// The NAL units of a sample, in order, a run each; parameter sets among them count from there on.
    pub(super) fn runs(&mut self, sample: &[u8], mut each: impl FnMut(Run)) -> Result<(), Error> {
        let mut at = 0;
        while let Some(rest) = sample.get(at..).filter(|rest| !rest.is_empty()) {
            let field = rest.get(..self.nal_length_size).ok_or(Error::NalLength { length: 0, at })?;
            let length = field.iter().fold(0u64, |length, byte| length << 8 | u64::from(*byte));
            let past = Error::NalLength { length, at };
            let end = usize::try_from(length).ok().and_then(|length| length.checked_add(self.nal_length_size));
            let nal = end.and_then(|end| rest.get(self.nal_length_size..end)).ok_or(past)?;
            let header = self.clear_bytes(nal)?;
            each(Run { clear: self.nal_length_size + header, rest: nal.len() - header });
            at += self.nal_length_size + nal.len();
        }
        Ok(())
    }

    /// Bytes of the NAL unit that stay clear: all, unless it is a slice.
    fn clear_bytes(&mut self, nal: &[u8]) -> Result<usize, Error> {
        let Some((header, rbsp)) = nal.split_first() else { return Ok(0) };
        match header & 0x1f {
            kind @ (SLICE | IDR) => {
                let mut bits = Bits::new(rbsp);
                slice::skip_header(&mut bits, kind == IDR, header >> 5 & 3 != 0, &self.sps, &self.pps)?;
                Ok(1 + bits.consumed())
            }
            kind @ (2..=4 | 19..=21) => Err(Error::UnsupportedNal(kind)),
            _ => {
                self.learn(nal)?;
                Ok(nal.len())
            }
        }
    }
}

const SLICE: u8 = 1;
const IDR: u8 = 5;
const SPS: u8 = 7;
const PPS: u8 = 8;
