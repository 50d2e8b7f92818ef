//! Where the slice header of an AVC slice ends (ISO/IEC 14496-10, 7.3.3): what stays clear of a protected slice.

mod pps;
mod slice;
mod sps;

#[cfg(test)]
mod synthetic;
#[cfg(test)]
pub(super) use synthetic::{Stream, streams};

use super::{
    nal::{self, Bits, Sets},
    subsample::Run,
};
use crate::bmff::moov::AvcC;
use pps::Pps;
use sps::Sps;

/// What is wrong with a NAL unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Its length or its bits.
    #[error(transparent)]
    Nal(#[from] nal::Error),
    /// A VCL NAL unit that this build cannot protect: data partitions, auxiliary pictures, MVC and 3D extensions.
    #[error("NAL unit type {0} carries slice data that cannot be protected here")]
    UnsupportedNal(u8),
}

/// The decoder configuration of an AVC track and the parameter sets seen so far.
#[derive(Clone, Debug)]
pub(super) struct Avc {
    nal_length_size: usize,
    sps: Sets<Sps>,
    pps: Sets<Pps>,
}

impl Avc {
    /// Takes the configuration of `avcC`.
    ///
    /// # Errors
    /// [`Error`] for a parameter set that does not parse.
    pub(super) fn new(avcc: &AvcC<'_>) -> Result<Self, Error> {
        let mut avc = Self { nal_length_size: avcc.nal_length_size.into(), sps: Sets::new(), pps: Sets::new() };
        for nal in avcc.sps.iter().chain(&avcc.pps) {
            avc.learn(nal)?;
        }
        Ok(avc)
    }

    /// Takes in a NAL unit that is a parameter set; others are passed over.
    fn learn(&mut self, nal: &[u8]) -> Result<(), nal::Error> {
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
    pub(super) fn runs(&mut self, sample: &[u8], each: impl FnMut(Run)) -> Result<(), Error> {
        nal::runs(sample, self.nal_length_size, |nal| self.clear_bytes(nal), each)
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
