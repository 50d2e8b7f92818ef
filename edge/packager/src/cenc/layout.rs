use core::ops::Range;

use super::{
    Error, TrackConfig,
    segment::{self, Fragment, Order},
    signalling::{FragmentForm, groups_len},
    subsample::{Map, max_subsamples},
};
use crate::{
    bmff::{
        BoxView,
        moof::{Edits, Moof, Sample, Subsample},
    },
    order,
    title::Scheme,
};

/// What becomes of one fragment: which bytes are protected, which boxes come in, and how large it will be.
///
/// The plan at indexing and the protector both get their sizes from here, so they cannot disagree.
pub(super) struct Layout<'a> {
    pub(super) moof: Moof<'a>,
    pub(super) samples: Vec<Sample>,
    pub(super) subsamples: Vec<Subsample>,
    /// Each sample's part of `subsamples`; empty where whole samples are protected.
    pub(super) maps: Vec<Range<usize>>,
    pub(super) scheme: Scheme,
    /// Bytes before what `mdat` holds.
    pub(super) front_len: usize,
    pub(super) clear_len: usize,
    pub(super) new: NewBoxes,
    /// What comes in place of parts that are not as CMAF has them.
    pub(super) edits: Edits,
    /// What is to be added to a run's data offset for the bytes from the start of the clear `moof`.
    pub(super) data_shift: i128,
}

/// Sizes of the boxes that come in, in bytes: at the end of `traf`, and of `moof`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct NewBoxes {
    /// `sgpd` and `sbgp`.
    pub(super) groups: usize,
    /// 0 where every sample's auxiliary data is empty.
    pub(super) saiz: usize,
    pub(super) saio: usize,
    pub(super) senc: usize,
    pub(super) pssh: usize,
    /// The size of every sample's auxiliary data, if they are equal.
    pub(super) uniform: Option<u8>,
}

/// Bytes of `senc` before its first entry.
pub(super) const SENC_HEAD: usize = 16;
const SAIZ_HEAD: usize = 17;
const SAIO: usize = 20;

impl NewBoxes {
    /// At the end of `traf`.
    pub(super) fn in_traf(&self) -> usize {
        self.groups + self.saiz + self.saio + self.senc
    }
}

impl<'a> Layout<'a> {
    /// Lays out a fragment that begins at `offset` of its segment. Parameter sets in its samples are taken into `config`.
    pub(super) fn new(
        config: &mut TrackConfig,
        order: &mut Order,
        (scheme, form): (Scheme, FragmentForm),
        Fragment { front, payload: media }: Fragment<'a, '_>,
        offset: u64,
    ) -> Result<Self, Error> {
        let view = segment::whole_box(front, offset)?;
        let moof = Moof::parse(view)?;
        refuse_protected(&moof)?;
        if let Some(trex) = config.trex.filter(|trex| trex.track_id != moof.traf.tfhd.track_id) {
            return Err(Error::Track { expected: trex.track_id, found: moof.traf.tfhd.track_id, offset });
        }
        if moof.description(config.trex.as_ref()) != 1 {
            return Err(moof
                .traf
                .view
                .invalid("its samples are not of the first sample entry, which is the only one")
                .into());
        }
        let data = front.len() as u64;
        let payload = data..data + media.len() as u64;
        let samples = moof.samples_at(config.trex.as_ref(), &payload)?;
        order.check(&samples, offset)?;
        order.check_origin(moof.file_origin(data), moof.traf.tfhd.offset)?;
        let full_sample = config.codec.is_full_sample();
        let (mut subsamples, mut maps) = (Vec::new(), Vec::new());
        for (index, sample) in samples.iter().enumerate() {
            let data = sample_bytes(front.len(), media, index, sample, offset)?;
            if full_sample {
                continue;
            }
            let at = offset.saturating_add(sample.offset);
            let first = subsamples.len();
            let mut map = Map::new(scheme, &mut subsamples);
            config.codec.runs(data, |run| map.add(run.clear, run.rest)).map_err(|source| Error::Sample {
                sample: index,
                offset: at,
                source,
            })?;
            let (count, max) = (map.finish(), max_subsamples(scheme));
            if count > max {
                return Err(Error::Subsamples { sample: index, offset: at, count, max, scheme: scheme.as_str() });
            }
            maps.push(first..subsamples.len());
        }
        covered(&samples, &payload, offset)?;
        let new = match form {
            FragmentForm { lead: true, .. } => NewBoxes::default(),
            FragmentForm { period, pssh, .. } => NewBoxes {
                groups: if period { groups_len(scheme) } else { 0 },
                pssh,
                ..new_boxes(scheme, full_sample, samples.len(), &maps)
            },
        };
        // The clear sample entry is the second one.
        let edits = moof.traf.cmaf_edits(form.lead.then_some(2))?;
        let data_shift = moof.data_shift(data);
        let (front_len, clear_len) = (front.len(), front.len() + media.len());
        Ok(Self { moof, samples, subsamples, maps, scheme, front_len, clear_len, new, edits, data_shift })
    }

    /// Bytes of a sample's own IV.
    pub(super) fn iv_size(&self) -> usize {
        iv_size(self.scheme)
    }

    /// Bytes that `traf` becomes longer by; a `tfhd` that loses its `base_data_offset` makes it shorter.
    pub(super) fn traf_growth(&self) -> i64 {
        let end = self.moof.traf.view.end();
        self.edits.moved(end) as i64 - end as i64 + self.new.in_traf() as i64
    }

    /// Bytes that `moof` becomes longer by.
    pub(super) fn growth(&self) -> i64 {
        self.traf_growth() + self.new.pssh as i64
    }

    /// Bytes of the fragment once protected.
    pub(super) fn protected_len(&self) -> usize {
        self.clear_len.saturating_add_signed(self.growth() as isize)
    }

    /// The sum of its samples' durations, in the track's timescale.
    pub(super) fn duration(&self) -> u64 {
        self.samples.iter().map(|sample| u64::from(sample.duration)).sum()
    }

    /// Whether the first sample's subsample map is the same to one who has seen nothing before it. Where it is not, decoding cannot begin there,
    /// whatever its flags say; and to protect it alone would put other plaintext under the keystream that it has in its fragment.
    pub(super) fn first_stands_alone(&self, fresh: &TrackConfig, media: &[u8]) -> bool {
        if fresh.codec.is_full_sample() {
            return true;
        }
        let Some((first, map)) = self.samples.first().zip(self.maps.first()) else { return false };
        // The sample was found to be within the fragment.
        let at = (first.offset as usize).checked_sub(self.front_len);
        let data = at.and_then(|at| media.get(at..)).and_then(|rest| rest.get(..first.size as usize));
        let mut alone = Vec::new();
        let mut collected = Map::new(self.scheme, &mut alone);
        let read = fresh.codec.clone().runs(data.unwrap_or_default(), |run| collected.add(run.clear, run.rest));
        collected.finish();
        read.is_ok() && self.subsamples.get(map.clone()) == Some(alone.as_slice())
    }

    /// Where the first sample ends, in bytes from the start of the protected fragment; `None` where decoding cannot begin at it.
    pub(super) fn first_picture(&self) -> Option<u64> {
        let first = self.samples.first().filter(|first| first.sync)?;
        Some((first.offset + u64::from(first.size)).saturating_add_signed(self.growth()))
    }
}

fn iv_size(scheme: Scheme) -> usize {
    match scheme {
        Scheme::Cenc => 8,
        Scheme::Cbcs => 0,
    }
}

fn new_boxes(scheme: Scheme, full_sample: bool, samples: usize, maps: &[Range<usize>]) -> NewBoxes {
    let iv = iv_size(scheme);
    let size = |map: &Range<usize>| iv + 2 + 6 * map.len();
    let total: usize = if full_sample { iv * samples } else { maps.iter().map(size).sum() };
    let senc = SENC_HEAD + total;
    if total == 0 {
        return NewBoxes { senc, ..NewBoxes::default() };
    }
    let first = if full_sample { iv } else { maps.first().map_or(0, size) };
    let uniform = full_sample || maps.iter().all(|map| size(map) == first);
    // At most 255, by the limit on subsamples.
    let uniform = uniform.then_some(first as u8);
    let saiz = SAIZ_HEAD + if uniform.is_some() { 0 } else { samples };
    NewBoxes { saiz, saio: SAIO, senc, uniform, ..NewBoxes::default() }
}

fn sample_bytes<'a>(
    front: usize,
    media: &'a [u8],
    index: usize,
    sample: &Sample,
    offset: u64,
) -> Result<&'a [u8], Error> {
    let start = usize::try_from(sample.offset).ok().and_then(|start| start.checked_sub(front));
    let bytes = start.and_then(|start| media.get(start..)?.get(..sample.size as usize));
    let outside =
        || Error::SampleOutside { sample: index, offset: offset.saturating_add(sample.offset), size: sample.size };
    bytes.ok_or_else(outside)
}

/// Every byte of `mdat` belongs to exactly one sample. Samples need not be in order.
fn covered(samples: &[Sample], payload: &Range<u64>, offset: u64) -> Result<(), Error> {
    let mut ranges: Vec<(u64, u64)> =
        samples.iter().map(|sample| (sample.offset, sample.offset.saturating_add(sample.size.into()))).collect();
    if !ranges.is_sorted() {
        order::sort(&mut ranges);
    }
    let mut at = payload.start;
    for (start, end) in ranges {
        if start != at {
            return Err(Error::Coverage { offset: offset.saturating_add(at.min(start)) });
        }
        at = end;
    }
    if at == payload.end { Ok(()) } else { Err(Error::Coverage { offset: offset.saturating_add(at) }) }
}

fn refuse_protected(moof: &Moof<'_>) -> Result<(), Error> {
    let present: [&Option<BoxView<'_>>; 3] = [&moof.traf.senc, &moof.traf.saiz, &moof.traf.saio];
    match present.into_iter().flatten().chain(&moof.traf.seig).next() {
        Some(view) => Err(Error::AlreadyProtected { kind: view.kind(), offset: view.offset }),
        None => Ok(()),
    }
}
