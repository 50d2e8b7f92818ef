//! Where the header of an HEVC slice segment ends (ITU-T H.265 = ISO/IEC 23008-2, 7.3.6.1): what stays clear of a protected slice.

mod parameters;
mod pictures;
mod pps;
mod prediction;
mod slice;
mod sps;
mod vui;

#[cfg(test)]
mod synthetic;
#[cfg(test)]
mod tests;
#[cfg(test)]
pub(super) use synthetic::{Stream, streams};

use super::{
    nal::{self, Bits, Sets},
    subsample::Run,
};
use crate::bmff::moov::HvcC;
use pps::Pps;
use sps::Sps;

/// What is wrong with a NAL unit, or beyond this build.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Its length or its bits.
    #[error(transparent)]
    Nal(#[from] nal::Error),
    /// A VCL NAL unit of a type that the standard reserves: what of it is a header cannot be known.
    #[error("NAL unit type {0} is reserved for slice data to come and cannot be protected here")]
    UnsupportedNal(u8),
    /// A slice of another layer than the base layer (SHVC, MV-HEVC).
    #[error("a slice of layer {0}: only the base layer, 0, can be protected here")]
    UnsupportedLayer(u8),
    /// A combination of extensions that this build does not take apart.
    #[error("{0} cannot be protected here")]
    Unsupported(&'static str),
    /// The header does not end with the one bit and the zeros of `byte_alignment()`, so it was not read as it was written.
    #[error("a slice segment header does not end in byte_alignment()")]
    Alignment,
}

/// The decoder configuration of an HEVC track and the parameter sets seen so far.
#[derive(Clone, Debug)]
pub(super) struct Hevc {
    nal_length_size: usize,
    sps: Sets<Sps>,
    pps: Sets<Pps>,
}

impl Hevc {
    /// Takes the configuration of `hvcC`.
    ///
    /// # Errors
    /// [`Error`] for a parameter set that does not parse.
    pub(super) fn new(hvcc: &HvcC<'_>) -> Result<Self, Error> {
        let mut hevc = Self { nal_length_size: hvcc.nal_length_size.into(), sps: Sets::new(), pps: Sets::new() };
        for unit in hvcc.sps.iter().chain(&hvcc.pps) {
            hevc.clear_bytes(unit)?;
        }
        Ok(hevc)
    }

    /// The NAL units of a sample, in order, a run each; parameter sets among them count from there on.
    pub(super) fn runs(&mut self, sample: &[u8], each: impl FnMut(Run)) -> Result<(), Error> {
        nal::runs(sample, self.nal_length_size, |unit| self.clear_bytes(unit), each)
    }

    /// Bytes of the NAL unit that stay clear: all, unless it is a slice segment. Takes in parameter sets.
    fn clear_bytes(&mut self, unit: &[u8]) -> Result<usize, Error> {
        let Some((header, rbsp)) = unit.split_first_chunk::<HEADER>() else {
            return if unit.is_empty() { Ok(0) } else { Err(nal::Error::Truncated.into()) };
        };
        let (kind, layer) = (header[0] >> 1 & 0x3f, (header[0] & 1) << 5 | header[1] >> 3);
        let mut bits = Bits::new(rbsp);
        match kind {
            0..=9 | 16..=21 if layer > 0 => return Err(Error::UnsupportedLayer(layer)),
            0..=9 | 16..=21 => {
                slice::skip_header(&mut bits, kind, &self.sps, &self.pps)?;
                return Ok(HEADER + bits.consumed());
            }
            10..=31 => return Err(Error::UnsupportedNal(kind)),
            // Those of other layers have ids of their own, which slices of the base layer cannot mean.
            SPS if layer == 0 => {
                let sps = Sps::parse(&mut bits)?;
                self.sps.insert(sps.id, sps);
            }
            PPS if layer == 0 => {
                let pps = Pps::parse(&mut bits)?;
                self.pps.insert(pps.id, pps);
            }
            _ => {}
        }
        Ok(unit.len())
    }
}

/// Bytes of a NAL unit header (7.3.1.2).
const HEADER: usize = 2;
const SPS: u8 = 33;
const PPS: u8 = 34;

/// Ceil(Log2(x)), the width of what counts to `x`.
fn ceil_log2(x: u32) -> u32 {
    x.checked_sub(1).map_or(0, |most| u32::BITS - most.leading_zeros())
}
