//! `moof`, one movie fragment (ISO/IEC 14496-12, 8.8.4): a track's samples and where their bytes are.

mod auxiliary;
mod samples;
mod tfdt;
mod tfhd;
mod trun;

pub use auxiliary::{Saio, Saiz, Senc, SencEntry, SencSamples, Subsample};
pub use samples::{MAX_SAMPLES, Sample};
pub use tfhd::Tfhd;
pub use trun::Trun;

use super::{BoxView, Error, moov::Trex};

/// A movie fragment of one track.
#[derive(Clone, Debug)]
pub struct Moof<'a> {
    /// The box.
    pub view: BoxView<'a>,
    /// The only track fragment.
    pub traf: Traf<'a>,
}

/// A track fragment (8.8.6).
#[derive(Clone, Debug)]
pub struct Traf<'a> {
    /// The box.
    pub view: BoxView<'a>,
    /// Its header.
    pub tfhd: Tfhd,
    /// Decode time of its first sample, in the track's timescale (8.8.12).
    pub decode_time: u64,
    /// Its runs of samples, in order.
    pub truns: Vec<Trun<'a>>,
    /// Where per-sample protection data is, if the fragment is protected.
    pub senc: Option<BoxView<'a>>,
    /// Sizes of per-sample auxiliary data.
    pub saiz: Option<BoxView<'a>>,
    /// Where per-sample auxiliary data is.
    pub saio: Option<BoxView<'a>>,
}

impl<'a> Moof<'a> {
    /// Reads a `moof` box.
    ///
    /// # Errors
    /// [`Error`]; a fragment with several tracks is [`Error::Repeated`], one without `tfdt` (Smooth Streaming) is [`Error::Missing`].
    pub fn parse(view: BoxView<'a>) -> Result<Self, Error> {
        view.child(b"mfhd")?;
        let mut trafs = None;
        for child in view.children() {
            let child = child?;
            if child.is(b"traf") && trafs.replace(child).is_some() {
                return Err(Error::Repeated { kind: child.kind(), offset: child.offset });
            }
        }
        let traf = trafs.map_or_else(|| view.child(b"traf"), Ok)?;
        Ok(Self { view, traf: Traf::parse(traf)? })
    }

    /// `sequence_number` of its `mfhd` (8.8.5).
    ///
    /// # Errors
    /// [`Error`]
    pub(crate) fn sequence_number(&self) -> Result<u32, Error> {
        let mut fields = self.view.child(b"mfhd")?.fields();
        fields.full(0)?;
        fields.u32("sequence_number")
    }

    /// The samples of the fragment, in decode order. `trex` gives the defaults that the fragment does not give itself.
    ///
    /// # Errors
    /// [`Error`], also for more than [`MAX_SAMPLES`] samples.
    pub fn samples(&self, trex: Option<&Trex>) -> Result<Vec<Sample>, Error> {
        samples::samples(self, trex)
    }
}

impl<'a> Traf<'a> {
    fn parse(view: BoxView<'a>) -> Result<Self, Error> {
        let (mut tfhd, mut tfdt, mut senc, mut saiz, mut saio) = (None, None, None, None, None);
        let mut truns = Vec::new();
        for child in view.children() {
            let child = child?;
            let slot = match &child.header.kind.0 {
                b"tfhd" => &mut tfhd,
                b"tfdt" => &mut tfdt,
                b"senc" => &mut senc,
                b"saiz" => &mut saiz,
                b"saio" => &mut saio,
                b"trun" => {
                    truns.push(Trun::parse(&child)?);
                    continue;
                }
                _ => continue,
            };
            if slot.replace(child).is_some() {
                return Err(Error::Repeated { kind: child.kind(), offset: child.offset });
            }
        }
        let tfhd = Tfhd::parse(&tfhd.map_or_else(|| view.child(b"tfhd"), Ok)?)?;
        let decode_time = tfdt::parse(&tfdt.map_or_else(|| view.child(b"tfdt"), Ok)?)?;
        Ok(Self { view, tfhd, decode_time, truns, senc, saiz, saio })
    }
}
