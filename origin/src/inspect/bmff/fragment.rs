use std::{
    cell::Cell,
    fmt::{self, Write},
};

use serde::Serialize;
use sluice_packager::bmff::{
    BoxView, Error,
    moof::{Tfhd, Trun},
};

use super::{
    crypt::{Groups, SampleCrypt, Senc},
    protection::Protection,
    samples::{self, SampleRow},
    track::Track,
};
use crate::inspect::{report::Warning, text::seconds};

pub(super) use sluice_packager::bmff::moof::MAX_SAMPLES;

/// Samples of a file that are read: 93 hours of 50 frames a second.
const MOST_SAMPLES: usize = 1 << 24;
/// Samples of a file that are listed.
const MOST_LISTED: usize = 1 << 21;

/// One track fragment (`traf`) of a `moof`.
#[derive(Clone, Debug, Serialize)]
pub struct Fragment {
    /// Where its `moof` begins, in bytes from the start of the file.
    pub offset: u64,
    /// The track.
    pub track_id: u32,
    /// Which sample entry of the track, from 1.
    pub entry: u32,
    /// The entry's type, where the init segment is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry_type: Option<String>,
    /// In the track's timescale; absent where neither `tfdt` nor Smooth Streaming's `tfxd` tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decode_time: Option<u64>,
    /// Of all samples, in the track's timescale.
    pub duration: u64,
    /// Ticks per second, where the init segment is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timescale: Option<u32>,
    /// How many samples.
    pub samples: usize,
    /// Bytes of all samples.
    pub bytes: u64,
    /// Whether decoding can begin at the first sample.
    pub starts_with_sync: bool,
    /// `clear`, `full_sample`, `subsamples`, `constant_iv` (protected, and needs no `senc`), `senc_missing` (protected, and needs
    /// one), or `unknown` without the init segment.
    pub protection: &'static str,
    /// Samples that `senc` speaks of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub senc_samples: Option<u32>,
    /// Whether the IV size was found by trying, as the init segment that tells is not known.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub iv_size_guessed: bool,
    /// `seig` groups that the fragment describes itself.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub key_groups: Vec<Protection>,
    /// Which samples have which key.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<KeyRun>,
    /// With `--samples`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub table: Vec<SampleRow>,
}

/// Samples one after another that have the same key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeyRun {
    /// UUID; absent for clear samples.
    pub key_id: Option<String>,
    /// The first sample, from 0.
    pub first: usize,
    /// How many samples.
    pub samples: usize,
}

/// What the fragments of a file are read in the light of.
pub(super) struct Surroundings<'a> {
    pub(super) tracks: &'a [Track],
    /// Whether `tracks` are known: the file has a `moov`, or its init segment was given.
    pub(super) known: bool,
    /// Whether every sample is to be listed.
    pub(super) list: bool,
    /// Bytes of the file.
    pub(super) len: u64,
    /// Samples that were read already.
    pub(super) read: Cell<usize>,
}

impl Surroundings<'_> {
    /// Whether no more samples will be read.
    pub(super) fn is_full(&self) -> bool {
        self.read.get() > MOST_SAMPLES
    }

    /// The track fragments of a `moof`.
    ///
    /// # Errors
    /// The first box that is missing or malformed.
    pub(super) fn fragments(&self, moof: &BoxView<'_>, warnings: &mut Vec<Warning>) -> Result<Vec<Fragment>, Error> {
        moof.child(b"mfhd")?;
        let mut out = Vec::new();
        let mut after = moof.offset;
        for child in moof.children() {
            let child = child?;
            if child.is(b"traf") {
                let (fragment, end) = self.fragment(moof, &child, after, warnings)?;
                after = end;
                out.push(fragment);
            }
        }
        Ok(out)
    }

    fn fragment(
        &self,
        moof: &BoxView<'_>,
        traf: &BoxView<'_>,
        after: u64,
        warnings: &mut Vec<Warning>,
    ) -> Result<(Fragment, u64), Error> {
        let header = traf.child(b"tfhd")?;
        let (_, flags) = header.fields().full(0)?;
        let tfhd = Tfhd::parse(&header)?;
        let track = self.tracks.iter().find(|track| track.track_id == tfhd.track_id);
        let at = format!("moof at byte {}", moof.offset);
        if self.known && track.is_none() {
            warnings.push(Warning::new("track_unknown", &at, format!("track {} is not one of moov", tfhd.track_id)));
        }
        let defaults = track.and_then(|track| track.defaults.as_ref());
        // 8.8.7.1: a given position; the start of moof; of a second traf without either, the end of the data before.
        let base = match tfhd.base_data_offset {
            Some(base) => base,
            None if flags & 0x20000 != 0 => moof.offset,
            None => after,
        };
        let runs: Vec<Trun<'_>> = traf
            .children()
            .filter_map(|child| match child {
                Ok(child) if child.is(b"trun") => Some(Trun::parse(&child)),
                Ok(_) => None,
                Err(error) => Some(Err(error)),
            })
            .collect::<Result<_, _>>()?;
        let decode_time = decode_time(traf)?;
        let mut rows = samples::rows(&tfhd, defaults, &runs, base, decode_time.unwrap_or(0))?;
        let read = self.read.get().saturating_add(rows.len());
        self.read.set(read);
        if read > MOST_SAMPLES {
            return Err(Error::Count { kind: moof.kind(), offset: moof.offset, count: read as u64 });
        }

        let index = tfhd.description.or(defaults.map(|trex| trex.description)).unwrap_or(1);
        let entry = track.and_then(|track| track.entry(index));
        let groups = Groups::of(traf, track)?;
        let crypts: Vec<SampleCrypt> =
            groups.samples().take(rows.len()).map(|group| SampleCrypt::of(entry, group)).collect();
        let senc = senc(traf)?;
        let mut fragment = Fragment {
            offset: moof.offset,
            track_id: tfhd.track_id,
            entry: index,
            entry_type: entry.map(|entry| entry.kind.clone()),
            decode_time,
            duration: rows.iter().map(|row| u64::from(row.duration)).sum(),
            timescale: track.map(|track| track.timescale),
            samples: rows.len(),
            bytes: rows.iter().map(|row| u64::from(row.size)).sum(),
            starts_with_sync: rows.first().is_some_and(|row| row.sync),
            protection: protection(entry.is_some() || !groups.is_empty(), &crypts, senc.as_ref()),
            senc_samples: senc.as_ref().map(|senc| senc.count),
            iv_size_guessed: false,
            key_groups: own_groups(traf)?,
            keys: key_runs(&crypts),
            table: Vec::new(),
        };
        if let Some(senc) = &senc {
            fragment.iv_size_guessed = samples::protect(&mut rows, &crypts, senc, &at, warnings)?;
            samples::check_auxiliary(traf, moof.offset, base, senc, &at, warnings)?;
        } else if fragment.protection == "senc_missing" {
            let text = "the samples are protected with an IV each, but there is no senc".to_owned();
            warnings.push(Warning::new("senc_missing", &at, text));
        }
        let end = rows.last().map_or(base, SampleRow::end);
        if let Some(row) = rows.iter().find(|row| row.end() > self.len) {
            let text = format!("sample {} ends at byte {}, the file at {}", row.index, row.end(), self.len);
            warnings.push(Warning::new("sample_outside", &at, text));
        }
        if self.list && read <= MOST_LISTED {
            fragment.table = rows;
        } else if self.list {
            let text = format!("its samples are not listed: {MOST_LISTED} of the file are");
            warnings.push(Warning::new("not_listed", &at, text));
        }
        Ok((fragment, end))
    }
}

/// `tfdt`, or the absolute time of Smooth Streaming's `tfxd`.
fn decode_time(traf: &BoxView<'_>) -> Result<Option<u64>, Error> {
    const TFXD: [u8; 16] = 0x6d1d9b05_42d5_44e6_80e2_141daff757b2_u128.to_be_bytes();
    for child in traf.children() {
        let child = child?;
        let mut fields = child.fields();
        if child.is(b"uuid") && fields.rest().starts_with(&TFXD) {
            fields.array::<16>("extended_type")?;
        } else if !child.is(b"tfdt") {
            continue;
        }
        let (version, _) = fields.full(1)?;
        return fields.versioned(version, "baseMediaDecodeTime").map(Some);
    }
    Ok(None)
}

fn senc<'a>(traf: &BoxView<'a>) -> Result<Option<Senc<'a>>, Error> {
    const PIFF: [u8; 16] = 0xa2394f52_5a9b_4f14_a244_6c427c648df4_u128.to_be_bytes();
    for child in traf.children() {
        let child = child?;
        if child.is(b"senc") || child.is(b"uuid") && child.payload().starts_with(&PIFF) {
            return Senc::parse(child).map(Some);
        }
    }
    Ok(None)
}

fn own_groups(traf: &BoxView<'_>) -> Result<Vec<Protection>, Error> {
    let mut out = Vec::new();
    for child in traf.children() {
        let child = child?;
        if child.is(b"sgpd") {
            out.extend(super::boxes::seig_entries(&child)?.iter().map(Protection::of_group));
        }
    }
    Ok(out)
}

fn protection(known: bool, crypts: &[SampleCrypt], senc: Option<&Senc<'_>>) -> &'static str {
    let protected = crypts.iter().any(|crypt| crypt.protected);
    match senc {
        Some(_) if known && !protected => "clear",
        Some(senc) if senc.with_subsamples => "subsamples",
        Some(_) => "full_sample",
        None if !known => "unknown",
        None if !protected => "clear",
        None if crypts.iter().all(|crypt| !crypt.protected || crypt.constant_iv) => "constant_iv",
        None => "senc_missing",
    }
}

fn key_runs(crypts: &[SampleCrypt]) -> Vec<KeyRun> {
    let mut runs: Vec<KeyRun> = Vec::new();
    for (index, crypt) in crypts.iter().enumerate() {
        match runs.last_mut() {
            Some(last) if last.key_id == crypt.kid => last.samples += 1,
            _ => runs.push(KeyRun { key_id: crypt.kid.clone(), first: index, samples: 1 }),
        }
    }
    if runs.iter().all(|run| run.key_id.is_none()) { Vec::new() } else { runs }
}

impl Fragment {
    pub(super) fn write(&self, f: &mut impl Write) -> fmt::Result {
        let entry = self.entry_type.as_ref().map_or_else(String::new, |kind| format!(" ({kind})"));
        write!(f, "fragment at {}: track {}, entry {}{entry}, ", self.offset, self.track_id, self.entry)?;
        // Seconds only where the init segment tells what a tick is.
        let of = |ticks| match self.timescale {
            Some(timescale) => format!("{ticks} ({})", seconds(ticks, timescale.into())),
            None => ticks.to_string(),
        };
        match self.decode_time {
            Some(time) => write!(f, "decode time {}, ", of(time))?,
            None => write!(f, "no decode time, ")?,
        }
        write!(f, "duration {}, ", of(self.duration))?;
        let sync = if self.starts_with_sync { ", begins with a sync sample" } else { "" };
        writeln!(f, "{} samples of {} bytes{sync}", self.samples, self.bytes)?;
        let senc = self.senc_samples.map_or_else(String::new, |count| format!(": senc of {count} samples"));
        let guessed = if self.iv_size_guessed { ", IV size found by trying (--init tells)" } else { "" };
        match self.protection {
            "clear" => writeln!(f, "  clear{senc}")?,
            "full_sample" => writeln!(f, "  protected{senc}, full sample{guessed}")?,
            "subsamples" => writeln!(f, "  protected{senc}, with subsamples{guessed}")?,
            "constant_iv" => writeln!(f, "  protected without senc: full sample, constant IV")?,
            "senc_missing" => writeln!(f, "  protected, but without the senc that would tell the IVs")?,
            _ => writeln!(f, "  no senc; whether the samples are protected is for the init segment to say (--init)")?,
        }
        for (index, group) in self.key_groups.iter().enumerate() {
            write!(f, "  seig group {} of this fragment: ", index + 1)?;
            group.write(f)?;
        }
        for run in &self.keys {
            let last = run.first + run.samples - 1;
            match &run.key_id {
                Some(key) => writeln!(f, "  samples {} to {last}: key id {key}", run.first)?,
                None => writeln!(f, "  samples {} to {last}: clear", run.first)?,
            }
        }
        if self.table.is_empty() { Ok(()) } else { samples::write(&self.table, f) }
    }
}
