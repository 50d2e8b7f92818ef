//! Where the tiles of an AV1 sample are (AV1 specification, 5.9 to 5.11): what of it is protected, by the AV1 Codec ISO Media File
//! Format Binding, 4 (Common Encryption): tiles are, and nothing else is.
//!
//! A frame header has no length: where it ends takes reading it whole, with what it refers to of frames before it.

mod error;
mod filters;
mod frame;
mod grain;
mod group;
mod motion;
mod quantizer;
mod references;
mod size;
mod tiles;

#[cfg(test)]
mod synthetic;
#[cfg(test)]
mod tests;
#[cfg(test)]
pub(super) use synthetic::{samples, streams};

pub use error::Error;

use core::ops::Range;

use super::subsample::Run;
use crate::{
    bits::Bits,
    bmff::moov::Av1C,
    obu::{Obu, Obus, SEQUENCE_HEADER, Sequence},
};
use frame::{Frame, Header};
use references::References;

/// The configuration of an AV1 track, and what the samples so far leave to those after them.
#[derive(Clone, Debug)]
pub(super) struct Av1 {
    sequence: Option<Sequence>,
    references: References,
    /// The frame whose tiles are not all there yet.
    frame: Option<Frame>,
}

impl Av1 {
    /// Takes the configuration of `av1C`; without a sequence header there, samples must bring one.
    ///
    /// # Errors
    /// [`Error::Obu`]
    pub(super) fn new(av1c: &Av1C<'_>) -> Result<Self, Error> {
        let sequence = Sequence::first(av1c.config_obus)?;
        Ok(Self { sequence, references: References::default(), frame: None })
    }

    /// The runs of a sample: one per tile, whatever its size, then what is left.
    ///
    /// That is what the binding asks for in `cbcs` since its version 1.2.0, and what shaka-packager writes; of a tile of less than 16
    /// bytes no block is encrypted, so the entry changes no byte of it. In `cenc` such a tile joins the clear bytes.
    pub(super) fn runs(&mut self, sample: &[u8], mut each: impl FnMut(Run)) -> Result<(), Error> {
        let mut end = 0;
        for obu in Obus::of(sample) {
            let obu = obu?;
            self.unit(&obu, |tile: Range<usize>| {
                // Ranges come in order and do not overlap.
                each(Run { clear: tile.start.saturating_sub(end), rest: tile.len() });
                end = tile.end;
            })?;
        }
        // A sample is a whole temporal unit (binding, 2.4).
        if self.frame.is_some() {
            return Err(Error::Unfinished);
        }
        each(Run { clear: sample.len().saturating_sub(end), rest: 0 });
        Ok(())
    }

    /// Reads a unit (5.3.1). Those of layers that an operating point would drop are read too: they are protected like any other, and
    /// the frames of all layers share the reference slots.
    fn unit(&mut self, obu: &Obu<'_>, each: impl FnMut(Range<usize>)) -> Result<(), Error> {
        match obu.kind {
            SEQUENCE_HEADER => self.sequence = Some(Sequence::parse(obu)?),
            TEMPORAL_DELIMITER if self.frame.is_some() => return Err(Error::Unfinished),
            FRAME_HEADER => {
                let bits = &mut Bits::new(obu.payload);
                self.header(obu, bits)?;
                // trailing_bits (5.3.4): one bit set, no others. Had the header been misread, they would hardly be there.
                if !bits.flag()? || bits.align()? != 0 || bits.rest().iter().any(|byte| *byte != 0) {
                    return Err(Error::HeaderEnd);
                }
            }
            // A copy (5.9.1); its first instance was read.
            REDUNDANT_FRAME_HEADER if self.frame.is_none() => return Err(Error::Order("a redundant frame header")),
            FRAME => {
                let bits = &mut Bits::new(obu.payload);
                self.header(obu, bits)?;
                if bits.align()? != 0 {
                    return Err(Error::HeaderEnd);
                }
                let header = bits.consumed();
                self.tiles(bits.rest(), obu.start + header, each)?;
            }
            TILE_GROUP => self.tiles(obu.payload, obu.start, each)?,
            // Large-scale tiles are coded data too, of which the binding says nothing.
            TILE_LIST => return Err(Error::TileList),
            // Temporal delimiters, metadata, padding, and types that decoders pass over.
            _ => {}
        }
        Ok(())
    }

    fn header(&mut self, obu: &Obu<'_>, bits: &mut Bits<'_>) -> Result<(), Error> {
        if self.frame.is_some() {
            return Err(Error::Unfinished);
        }
        let sequence = self.sequence.as_ref().ok_or(Error::NoSequence)?;
        match frame::header(bits, sequence, &mut self.references, obu.layer)? {
            // Decoders show it from the slot that it is in; a key frame fills all the others too (7.21).
            Header::Existing(_) if obu.kind == FRAME => return Err(Error::Order("a frame without tiles")),
            Header::Existing(slot) => {
                let slot = self.references.slot(slot)?.clone();
                if slot.key {
                    self.references.refresh(0xff, &slot);
                }
            }
            Header::Coded(frame) => self.frame = Some(frame),
        }
        Ok(())
    }

    fn tiles(&mut self, group: &[u8], start: usize, each: impl FnMut(Range<usize>)) -> Result<(), Error> {
        let frame = self.frame.as_mut().ok_or(Error::Order("a tile group"))?;
        if group::tiles(group, start, &frame.tiles, &mut frame.next_tile, each)? {
            self.references.refresh(frame.refresh, &frame.saved);
            self.frame = None;
        }
        Ok(())
    }
}

const TEMPORAL_DELIMITER: u8 = 2;
const FRAME_HEADER: u8 = 3;
const TILE_GROUP: u8 = 4;
const FRAME: u8 = 6;
const REDUNDANT_FRAME_HEADER: u8 = 7;
const TILE_LIST: u8 = 8;
