//! Reading media back: the samples of a segment, and of a protected one what they were in the clear.
//!
//! Goes by `tenc` and `senc` as they are written and shares nothing with the writer's decisions, so that it can be held against them.

use super::Error;
use crate::{
    bmff::{
        BoxView, Boxes,
        moof::{Moof, Saio, Senc},
        moov::{Init, Sinf, Tenc, Trex},
    },
    cipher::{CounterSample, FragmentCipher, Pattern, Portable, Span},
    keys::ContentKey,
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
    sinf: Option<Sinf>,
}

impl Reader {
    /// Reads an init segment.
    ///
    /// # Errors
    /// [`Error::Box`]
    pub fn new(init: &[u8]) -> Result<Self, Error> {
        let init = Init::parse(init)?;
        let protected = matches!(&init.entry.codec().0, b"encv" | b"enca");
        let sinf = if protected { Some(Sinf::of(&init.entry)?) } else { None };
        Ok(Self { trex: init.trex, sinf })
    }

    /// How the track is protected, if it is.
    pub fn protection(&self) -> Option<&Sinf> {
        self.sinf.as_ref()
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
        let mut buffer = segment.to_vec();
        let mut out = Vec::new();
        for view in Boxes::of(segment) {
            let view = view?;
            if !view.is(b"moof") {
                continue;
            }
            let (moof, samples) = self.fragment(segment, &view)?;
            if let Some(Sinf { tenc: tenc @ Tenc { protected: true, .. }, scheme, .. }) = &self.sinf {
                let key = key.ok_or(Error::NotReadable("no key was given"))?;
                let plan = Decryption::of(tenc, &moof, &samples)?;
                let cipher = Portable::new(key);
                match &scheme.0 {
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
