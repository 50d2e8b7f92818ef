//! Where the uncompressed header of a VP9 frame ends (VP9 bitstream specification 0.6, 6.2): what stays clear of it, by the VP Codec ISO
//! Media File Format Binding (Common Encryption).

mod error;
mod header;
mod superframe;

#[cfg(test)]
mod synthetic;
#[cfg(test)]
mod tests;
#[cfg(test)]
pub(super) use synthetic::samples;

pub use error::Error;

use super::subsample::Run;
use crate::bits::Bits;

/// What the frames of a VP9 track so far leave to those after them: the sizes of those in the reference slots.
#[derive(Clone, Debug, Default)]
pub(super) struct Vp9 {
    sizes: [Option<Size>; 8],
}

/// Width and height in pixels.
type Size = [u32; 2];

impl Vp9 {
    /// The runs of a sample: a frame, or the frames of a superframe and then its index, which stays clear.
    ///
    /// The binding asks for whole blocks in every frame, so that a counter can be told for each, and lengthens the clear bytes before
    /// them. It knows `cenc` only. shaka-packager aligns in `cbcs` too, which changes no byte there, as the last partial block is
    /// clear anyway; so does this.
    pub(super) fn runs(&mut self, sample: &[u8], mut each: impl FnMut(Run)) -> Result<(), Error> {
        let mut rest = sample;
        for size in superframe::sizes(sample)? {
            let (frame, others) = rest.split_at_checked(size).ok_or(Error::Index)?;
            let header = self.frame(frame)?;
            let over = (frame.len() - header) % 16;
            each(Run { clear: header + over, rest: frame.len() - header - over });
            rest = others;
        }
        each(Run { clear: rest.len(), rest: 0 });
        Ok(())
    }

    /// Reads a frame's uncompressed header; how many bytes of the frame it takes.
    fn frame(&mut self, frame: &[u8]) -> Result<usize, Error> {
        let bits = &mut Bits::new(frame);
        let Some(header) = header::parse(bits, &self.sizes)? else {
            // A frame that is only to be shown has nothing behind its header but padding (6.1).
            return if bits.rest().iter().all(|byte| *byte == 0) { Ok(frame.len()) } else { Err(Error::HeaderEnd) };
        };
        if bits.align()? != 0 {
            return Err(Error::HeaderEnd);
        }
        let compressed = usize::from(header.compressed_len);
        if compressed == 0 || compressed > bits.rest().len() {
            return Err(Error::CompressedHeader { size: header.compressed_len, available: bits.rest().len() });
        }
        for (_, slot) in self.sizes.iter_mut().enumerate().filter(|(at, _)| header.refresh >> at & 1 == 1) {
            *slot = Some(header.size);
        }
        Ok(bits.consumed())
    }
}
