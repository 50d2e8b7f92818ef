//! Reading media back: the samples of a segment, and of a protected one what they were in the clear.
//!
//! Goes by `tenc` and `senc` as they are written and shares nothing with the writer's decisions, so that it can be held against them.

use super::Error;
use crate::{
    bmff::{
        BoxView, Boxes,
        moof::{Moof, Saio, Seig, Senc, seig_of},
        moov::{Init, SampleEntry, Sinf, Tenc, Trex},
    },
    cipher::{CounterSample, FragmentCipher, Pattern, Portable, Span},
    keys::{ContentKey, Kid},
};

/// One sample of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentSample {
    /// First byte, from the start of the segment.
    pub offset: u64,
    /// In bytes.
    pub size: u32,
    /// In the track's timescale.
    pub decode_time: u64,
    /// In the track's timescale.
    pub duration: u32,
    /// Whether decoding can begin at it.
    pub sync: bool,
}

/// What reading a track's segments needs of its init segment, clear or protected.
#[derive(Clone, Debug)]
pub struct Reader {
    trex: Option<Trex>,
    /// Per sample entry: how it is protected, if it is.
    entries: Vec<Option<Sinf>>,
}

impl Reader {
    /// Reads an init segment.
    ///
    /// # Errors
    /// [`Error::Box`]
    pub fn new(init: &[u8]) -> Result<Self, Error> {
        let init = Init::parse(init)?;
        let sinf = |entry: &SampleEntry<'_>| {
            let protected = matches!(&entry.codec().0, b"encv" | b"enca");
            if protected { Sinf::of(entry).map(Some) } else { Ok(None) }
        };
        let entries = core::iter::once(&init.entry).chain(&init.more_entries).map(sinf);
        Ok(Self { trex: init.trex, entries: entries.collect::<Result<_, _>>()? })
    }

    /// How the track is protected, if it is: by its first sample entry that says so.
    pub fn protection(&self) -> Option<&Sinf> {
        self.entries.iter().flatten().next()
    }

    /// The key ids of a segment's protected fragments, each once: the init segment's, and those of later key periods.
    ///
    /// # Errors
    /// [`Error`]
    pub fn kids(&self, segment: &[u8]) -> Result<Vec<Kid>, Error> {
        let mut kids = Vec::new();
        for view in Boxes::of(segment) {
            let view = view?;
            if view.is(b"moof") {
                let (moof, samples) = self.fragment(segment, &view)?;
                if let Some(kid) = self.protection_of(&moof, samples.len())?.map(|(_, tenc)| tenc.kid)
                    && !kids.contains(&kid)
                {
                    kids.push(kid);
                }
            }
        }
        Ok(kids)
    }

    /// The samples of a segment, in order.
    ///
    /// # Errors
    /// [`Error`]; samples that lie outside of the segment are one.
    pub fn samples(&self, segment: &[u8]) -> Result<Vec<SegmentSample>, Error> {
        let mut out = Vec::new();
        for view in Boxes::of(segment) {
            let view = view?;
            if view.is(b"moof") {
                out.extend(self.fragment(segment, &view)?.1);
            }
        }
        Ok(out)
    }

    /// The bytes of every sample of a segment, in the clear, in order. `key` is needed for a protected track only.
    ///
    /// # Errors
    /// [`Error`]
    pub fn clear_samples(&self, segment: &[u8], key: Option<&ContentKey>) -> Result<Vec<Vec<u8>>, Error> {
        self.clear_samples_by(segment, |_| key)
    }

    /// The same, with the key of each key id.
    ///
    /// # Errors
    /// [`Error`]
    pub fn clear_samples_by<'k>(
        &self,
        segment: &[u8],
        key: impl Fn(&Kid) -> Option<&'k ContentKey>,
    ) -> Result<Vec<Vec<u8>>, Error> {
        let mut buffer = segment.to_vec();
        let mut out = Vec::new();
        for view in Boxes::of(segment) {
            let view = view?;
            if !view.is(b"moof") {
                continue;
            }
            let (moof, samples) = self.fragment(segment, &view)?;
            if let Some((scheme, tenc)) = self.protection_of(&moof, samples.len())? {
                let key = key(&tenc.kid).ok_or(Error::NotReadable("no key was given"))?;
                let plan = Decryption::of(&tenc, &moof, &samples)?;
                let cipher = Portable::new(key);
                match &scheme {
                    b"cenc" => cipher.counter(&mut buffer, &plan.spans, &plan.samples)?,
                    b"cbcs" => {
                        let iv = tenc.constant_iv.as_deref().and_then(|iv| iv.try_into().ok());
                        let iv: &[u8; 16] = iv.ok_or(Error::NotReadable("cbcs without a constant IV of 16 bytes"))?;
                        let pattern = Pattern { crypt: tenc.crypt, skip: tenc.skip };
                        cipher.decrypt_chains(&mut buffer, &plan.spans, iv, pattern)?;
                    }
                    _ => return Err(Error::NotReadable("a scheme that is neither cenc nor cbcs")),
                }
            }
            for sample in &samples {
                // Checked to be within the segment.
                let start = sample.offset as usize;
                out.push(buffer.get(start..start + sample.size as usize).unwrap_or_default().to_vec());
            }
        }
        Ok(out)
    }

    /// The scheme of a fragment, and its `tenc` with what its `seig` group puts in place; `None` where it is in the clear.
    fn protection_of(&self, moof: &Moof<'_>, samples: usize) -> Result<Option<([u8; 4], Tenc)>, Error> {
        let index = moof.description(self.trex.as_ref()).checked_sub(1).and_then(|index| usize::try_from(index).ok());
        let entry = index.and_then(|index| self.entries.get(index));
        let entry =
            entry.ok_or_else(|| moof.traf.view.invalid("its samples are of no sample entry of the init segment"))?;
        let Some(Sinf { tenc, scheme, .. }) = entry else { return Ok(None) };
        let mut tenc = tenc.clone();
        if let Some(Seig { crypt, skip, protected, iv_size, kid, constant_iv }) = seig_of(&moof.traf.seig, samples)? {
            tenc = Tenc { crypt, skip, protected, iv_size, kid, constant_iv, ..tenc };
        }
        Ok(tenc.protected.then_some((scheme.0, tenc)))
    }

    fn fragment<'a>(&self, segment: &[u8], view: &BoxView<'a>) -> Result<(Moof<'a>, Vec<SegmentSample>), Error> {
        let moof = Moof::parse(*view)?;
        // Where mdat is matters only to an explicit base_data_offset.
        let data = if moof.traf.tfhd.base_data_offset.is_some() { data(segment, view)? } else { 0 };
        let samples = moof.samples_at(self.trex.as_ref(), &(data..segment.len() as u64))?;
        let absolute = samples.iter().enumerate().map(|(index, sample)| {
            let offset = view.offset.saturating_add(sample.offset);
            if offset.saturating_add(sample.size.into()) > segment.len() as u64 {
                return Err(Error::SampleOutside { sample: index, offset, size: sample.size });
            }
            Ok(SegmentSample {
                offset,
                size: sample.size,
                decode_time: sample.decode_time,
                duration: sample.duration,
                sync: sample.sync,
            })
        });
        let absolute = absolute.collect::<Result<_, _>>()?;
        Ok((moof, absolute))
    }
}

/// Where what a fragment's `mdat` holds begins, in bytes from the start of `moof`.
fn data(segment: &[u8], moof: &BoxView<'_>) -> Result<u64, Error> {
    let behind = usize::try_from(moof.end()).ok().and_then(|end| segment.get(end..)).unwrap_or_default();
    for view in Boxes::of_part(behind, moof.end()) {
        let view = view?;
        if view.is(b"mdat") {
            return Ok(view.offset - moof.offset + view.header.len as u64);
        }
    }
    Err(Error::NotReadable("a fragment without mdat"))
}

/// The ranges of a fragment that are to be decrypted.
struct Decryption {
    spans: Vec<Span>,
    samples: Vec<CounterSample>,
}

impl Decryption {
    fn of(tenc: &Tenc, moof: &Moof<'_>, samples: &[SegmentSample]) -> Result<Self, Error> {
        let mut plan = Self { spans: Vec::new(), samples: Vec::new() };
        let Some(senc) = moof.traf.senc else {
            if tenc.constant_iv.is_none() {
                return Err(Error::NotReadable("a protected fragment without senc"));
            }
            plan.spans.extend(samples.iter().map(whole));
            return Ok(plan);
        };
        if let Some(saio) = &moof.traf.saio
            && moof.view.offset.checked_add(Saio::parse(saio)?.offset) != senc.offset.checked_add(16)
        {
            return Err(Error::NotReadable("saio does not point to the first entry of senc"));
        }
        let senc = Senc::parse(&senc)?;
        if senc.count as usize != samples.len() {
            return Err(Error::NotReadable("senc and trun disagree on the number of samples"));
        }
        for (entry, sample) in senc.samples(tenc.iv_size).zip(samples) {
            let entry = entry?;
            let first = plan.spans.len();
            if senc.subsamples {
                let mut at = sample.offset as usize;
                let end = at + sample.size as usize;
                for part in entry.subsamples() {
                    at += usize::from(part.clear);
                    plan.spans.push(Span { start: at, len: part.protected as usize });
                    at += part.protected as usize;
                }
                if at != end {
                    return Err(Error::NotReadable("a subsample map that does not cover its sample"));
                }
            } else {
                plan.spans.push(whole(sample));
            }
            let mut counter = [0; 16];
            counter.iter_mut().zip(entry.iv).for_each(|(byte, iv)| *byte = *iv);
            plan.samples.push(CounterSample { counter, spans: first..plan.spans.len() });
        }
        Ok(plan)
    }
}

/// Checked to be within the segment.
fn whole(sample: &SegmentSample) -> Span {
    Span { start: sample.offset as usize, len: sample.size as usize }
}
