//! `moof`, one movie fragment (ISO/IEC 14496-12, 8.8.4): a track's samples and where their bytes are.

mod auxiliary;
mod cmaf;
mod groups;
mod samples;
mod tfdt;
mod tfhd;
mod tfxd;
mod trun;

pub use auxiliary::{Saio, Saiz, Senc, SencEntry, SencSamples, Subsample};
pub use cmaf::Edits;
pub use groups::{Seig, seig_of};
pub use samples::{MAX_SAMPLES, Sample};
pub use tfhd::Tfhd;
pub use trun::Trun;

use core::ops::Range;

use super::{BoxView, Error, moov::Trex};

/// Runs that a fragment may have. An empty one takes 16 bytes, and many times that to be remembered.
pub const MAX_RUNS: usize = 1 << 12;

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
    /// Decode time of its first sample, in the track's timescale: of `tfdt` (8.8.12), or where there is none of Smooth Streaming's
    /// TfxdBox.
    pub decode_time: u64,
    /// Its runs of samples, in order.
    pub truns: Vec<Trun<'a>>,
    /// Where per-sample protection data is, if the fragment is protected.
    pub senc: Option<BoxView<'a>>,
    /// Sizes of per-sample auxiliary data.
    pub saiz: Option<BoxView<'a>>,
    /// Where per-sample auxiliary data is.
    pub saio: Option<BoxView<'a>>,
    /// Its `sgpd` and `sbgp` boxes of the grouping type `seig`: key ids other than the init segment's.
    pub seig: Vec<BoxView<'a>>,
    tfhd_box: BoxView<'a>,
    has_tfdt: bool,
}

impl<'a> Moof<'a> {
    /// Reads a `moof` box.
    ///
    /// # Errors
    /// [`Error`]; a fragment with several tracks is [`Error::Repeated`], one that tells its decode time neither by
    /// `tfdt` nor by a TfxdBox is [`Error::Missing`].
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

    /// Which entry of `stsd` describes its samples, from 1. `trex` gives it where the fragment does not.
    pub fn description(&self, trex: Option<&Trex>) -> u32 {
        self.traf.tfhd.description.or(trex.map(|trex| trex.description)).unwrap_or(1)
    }

    /// The samples of the fragment, in decode order. `trex` gives the defaults that the fragment does not give itself. An explicit
    /// `base_data_offset` counts from where the box's own offset does.
    ///
    /// # Errors
    /// [`Error`], also for more than [`MAX_SAMPLES`] samples.
    pub fn samples(&self, trex: Option<&Trex>) -> Result<Vec<Sample>, Error> {
        let explicit = self.traf.tfhd.base_data_offset;
        let shift = explicit.map_or(0, |base| i128::from(base) - i128::from(self.view.offset));
        samples::samples(self, trex, shift, u64::MAX)
    }

    /// The same of a fragment that was cut out of its file, which makes an explicit `base_data_offset` a position in a file that is
    /// not here. `payload` is what its `mdat` holds, in bytes from the start of `moof`: the first sample is then taken to begin there.
    ///
    /// # Errors
    /// As [`Moof::samples`]; also for a run that claims more samples by defaults alone than `payload` can hold.
    pub fn samples_at(&self, trex: Option<&Trex>, payload: &Range<u64>) -> Result<Vec<Sample>, Error> {
        samples::samples(self, trex, self.data_shift(payload.start), payload.end)
    }

    /// What is to be added to a run's data offset for the bytes from the start of `moof`: 0 unless `base_data_offset` is explicit, see
    /// [`Moof::samples_at`].
    pub fn data_shift(&self, data: u64) -> i128 {
        if self.traf.tfhd.base_data_offset.is_none() {
            return 0;
        }
        let first = self.traf.truns.first().and_then(|run| run.data_offset).map_or(0, |(offset, _)| offset);
        i128::from(data) - i128::from(first)
    }

    /// Where the file that the fragment was cut out of began, by an explicit `base_data_offset`: where the segment begins in it
    /// (modulo 2^64), which is the same for all fragments of a segment.
    pub(crate) fn file_origin(&self, data: u64) -> Option<u64> {
        let base = self.traf.tfhd.base_data_offset?;
        let moof_in_file = base.wrapping_sub(self.data_shift(data) as u64);
        Some(moof_in_file.wrapping_sub(self.view.offset))
    }
}

impl<'a> Traf<'a> {
    fn parse(view: BoxView<'a>) -> Result<Self, Error> {
        let (mut tfhd, mut tfdt, mut tfxd, mut senc, mut saiz, mut saio) = (None, None, None, None, None, None);
        let (mut truns, mut seig) = (Vec::new(), Vec::new());
        for child in view.children() {
            let child = child?;
            let slot = match &child.header.kind.0 {
                b"tfhd" => &mut tfhd,
                b"tfdt" => &mut tfdt,
                b"senc" => &mut senc,
                b"saiz" => &mut saiz,
                b"saio" => &mut saio,
                b"uuid" if tfxd::is(&child) => &mut tfxd,
                b"trun" => {
                    if truns.len() == MAX_RUNS {
                        return Err(child.invalid("one run more than a fragment may have, 4096"));
                    }
                    truns.push(Trun::parse(&child)?);
                    continue;
                }
                b"sgpd" | b"sbgp" => {
                    if groups::grouping_type(&child)? == *b"seig" {
                        seig.push(child);
                    }
                    continue;
                }
                _ => continue,
            };
            if slot.replace(child).is_some() {
                return Err(Error::Repeated { kind: child.kind(), offset: child.offset });
            }
        }
        let tfhd_box = tfhd.map_or_else(|| view.child(b"tfhd"), Ok)?;
        let decode_time = match (&tfdt, &tfxd) {
            (Some(tfdt), _) => tfdt::parse(tfdt)?,
            (None, Some(tfxd)) => tfxd::parse(tfxd)?,
            (None, None) => tfdt::parse(&view.child(b"tfdt")?)?,
        };
        let tfhd = Tfhd::parse(&tfhd_box)?;
        Ok(Self { view, tfhd, decode_time, truns, senc, saiz, saio, seig, tfhd_box, has_tfdt: tfdt.is_some() })
    }
}
