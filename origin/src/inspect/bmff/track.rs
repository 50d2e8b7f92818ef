use std::fmt::{self, Write};

use serde::Serialize;
use sluice_packager::bmff::{
    BoxView, Error, Fields, FourCc,
    moov::{AvcC, EntryKind, HvcC, SampleEntry, Sinf, Trex},
};

use super::{
    boxes::{Seig, seig_entries},
    protection::Protection,
};
use crate::inspect::text::seconds;

/// Most tracks of a `moov`.
const MOST_TRACKS: usize = 1024;

/// A track of `moov`.
#[derive(Clone, Debug, Serialize)]
pub struct Track {
    /// `track_ID`
    pub track_id: u32,
    /// `handler_type`: `vide`, `soun`, `text`, `subt`, …
    pub handler: String,
    /// Ticks per second.
    pub timescale: u32,
    /// `mdhd`'s duration in that timescale; 0 where fragments alone tell.
    pub duration: u64,
    /// Its sample entries, in the order in which fragments number them, from 1.
    pub entries: Vec<Entry>,
    /// `seig` groups that the track describes for all its fragments.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub key_groups: Vec<Protection>,
    #[serde(skip)]
    pub(super) seig: Vec<Seig>,
    #[serde(skip)]
    pub(super) defaults: Option<Trex>,
}

/// A sample entry: how samples are coded, and protected.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// The type as the file has it: `avc1`, `encv`, ….
    #[serde(rename = "type")]
    pub kind: String,
    /// The codec string of RFC 6381; absent for a codec that is not taken apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub codec: Option<String>,
    /// Pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<u16>,
    /// Pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<u16>,
    /// Channels, as the codec's configuration has them where it tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channels: Option<u32>,
    /// Hz.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample_rate: Option<u32>,
    /// AVC and HEVC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter_sets: Option<ParameterSets>,
    /// How it is protected; absent where it is clear.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protection: Option<Protection>,
    /// What of it cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// How many parameter sets a decoder configuration has.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct ParameterSets {
    /// HEVC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vps: Option<usize>,
    /// Sequence parameter sets.
    pub sps: usize,
    /// Picture parameter sets.
    pub pps: usize,
    /// Bytes of the length before each NAL unit.
    pub nal_length_size: u8,
}

impl Track {
    /// The tracks of a `moov`.
    ///
    /// # Errors
    /// The first box that is missing or malformed; more than [`MOST_TRACKS`].
    pub(super) fn all(moov: &BoxView<'_>) -> Result<Vec<Self>, Error> {
        let mut defaults = Vec::new();
        if let Some(mvex) = moov.find(b"mvex")? {
            for child in mvex.children() {
                let child = child?;
                if child.is(b"trex") && defaults.len() < MOST_TRACKS {
                    defaults.push(Trex::parse(&child)?);
                }
            }
        }
        let mut tracks = Vec::new();
        for child in moov.children() {
            let child = child?;
            if child.is(b"trak") && tracks.len() == MOST_TRACKS {
                let what = "more than 1024 tracks";
                return Err(Error::Invalid { kind: child.kind(), offset: child.offset, what });
            }
            if child.is(b"trak") {
                tracks.push(Self::of(&child, &defaults)?);
            }
        }
        Ok(tracks)
    }

    fn of(trak: &BoxView<'_>, defaults: &[Trex]) -> Result<Self, Error> {
        let mdia = trak.child(b"mdia")?;
        let track_id = times(&trak.child(b"tkhd")?, |fields, _| fields.u32("track_ID"))?;
        let (timescale, duration) = times(&mdia.child(b"mdhd")?, |fields, version| {
            let (timescale, duration) = (fields.u32("timescale")?, fields.versioned(version, "duration")?);
            // All ones: not known (8.4.2.3).
            let unknown = if version == 0 { u32::MAX.into() } else { u64::MAX };
            Ok((timescale, if duration == unknown { 0 } else { duration }))
        })?;
        let mut hdlr = mdia.child(b"hdlr")?.fields();
        hdlr.array::<8>("version and flags")?;
        let handler = hdlr.array("handler_type").map(FourCc)?.to_string();
        let stbl = mdia.child(b"minf")?.child(b"stbl")?;
        let stsd = stbl.child(b"stsd")?;
        let entries = stsd.children_after(8).map(|entry| Ok(Entry::of(entry?))).collect::<Result<_, Error>>()?;
        let mut seig = Vec::new();
        for child in stbl.children() {
            let child = child?;
            if child.is(b"sgpd") {
                seig.extend(seig_entries(&child)?);
            }
        }
        Ok(Self {
            track_id,
            handler,
            timescale,
            duration,
            entries,
            key_groups: seig.iter().map(Protection::of_group).collect(),
            seig,
            defaults: defaults.iter().find(|trex| trex.track_id == track_id).copied(),
        })
    }

    /// The entry that fragments call by that number, from 1.
    pub(super) fn entry(&self, index: u32) -> Option<&Entry> {
        self.entries.get(usize::try_from(index).ok()?.checked_sub(1)?)
    }

    pub(super) fn write(&self, f: &mut impl Write) -> fmt::Result {
        write!(f, "track {}: {}, timescale {}", self.track_id, self.handler, self.timescale)?;
        if self.duration > 0 {
            write!(f, ", {}", seconds(self.duration, self.timescale.into()))?;
        }
        writeln!(f)?;
        let several = self.entries.len() > 1;
        for (index, entry) in self.entries.iter().enumerate() {
            if several {
                writeln!(f, "  entry {}: {}", index + 1, entry.kind)?;
            }
            entry.write(f, if several { 4 } else { 2 })?;
        }
        let protected = self.entries.iter().filter(|entry| entry.protection.is_some()).count();
        if protected > 0 && protected < self.entries.len() {
            writeln!(f, "  some entries are clear: fragments that name one of them are clear (a clear lead)")?;
        }
        for (index, group) in self.key_groups.iter().enumerate() {
            write!(f, "  seig group {}: ", index + 1)?;
            group.write(f)?;
        }
        Ok(())
    }
}

/// What follows creation and modification time, in `tkhd` and `mdhd`.
fn times<T>(view: &BoxView<'_>, read: impl FnOnce(&mut Fields<'_>, u8) -> Result<T, Error>) -> Result<T, Error> {
    let mut fields = view.fields();
    let (version, _) = fields.full(1)?;
    fields.versioned(version, "creation_time")?;
    fields.versioned(version, "modification_time")?;
    read(&mut fields, version)
}

impl Entry {
    fn of(view: BoxView<'_>) -> Self {
        let mut out = Self {
            kind: view.kind().to_string(),
            codec: None,
            width: None,
            height: None,
            channels: None,
            sample_rate: None,
            parameter_sets: None,
            protection: None,
            error: None,
        };
        if let Err(error) = SampleEntry::parse(view).and_then(|entry| out.read(&entry)) {
            out.error = Some(error.to_string());
        }
        out
    }

    fn read(&mut self, entry: &SampleEntry<'_>) -> Result<(), Error> {
        // First of all, so that an entry whose codec is damaged does not pass for clear.
        if matches!(&entry.codec().0, b"encv" | b"enca") {
            self.protection = Some(Protection::of(&Sinf::of(entry)?));
        }
        match entry.kind {
            EntryKind::Visual { width, height } => {
                (self.width, self.height) = (Some(width), Some(height));
                self.codec = Some(entry.codec_string()?);
                self.parameter_sets = parameter_sets(entry)?;
            }
            EntryKind::Audio { channels, sample_rate } => {
                self.channels = Some(entry.coded_channels()?.unwrap_or(channels.into()));
                self.sample_rate = Some(sample_rate);
                self.codec = Some(entry.codec_string()?);
            }
            EntryKind::Text => self.codec = Some(entry.codec_string()?),
            EntryKind::Other => {}
        }
        Ok(())
    }

    fn write(&self, f: &mut impl Write, indent: usize) -> fmt::Result {
        if let (Some(width), Some(height)) = (self.width, self.height) {
            writeln!(f, "{:indent$}video: {width}x{height}", "")?;
        }
        if let (Some(channels), Some(rate)) = (self.channels, self.sample_rate) {
            writeln!(f, "{:indent$}audio: {channels} channels, {rate} Hz", "")?;
        }
        match &self.codec {
            Some(codec) => write!(f, "{:indent$}codec: {codec}", "")?,
            None => write!(f, "{:indent$}codec: {} (not taken apart here)", "", self.kind)?,
        }
        if let Some(ParameterSets { vps, sps, pps, nal_length_size }) = self.parameter_sets {
            let vps = vps.map_or_else(String::new, |vps| format!(", {vps} VPS"));
            write!(f, "{vps}, {sps} SPS, {pps} PPS, NAL unit lengths of {nal_length_size} bytes")?;
        }
        writeln!(f)?;
        write!(f, "{:indent$}protection: ", "")?;
        match &self.protection {
            Some(protection) => protection.write(f)?,
            None if self.kind.starts_with("enc") => writeln!(f, "unknown")?,
            None => writeln!(f, "none")?,
        }
        match &self.error {
            Some(error) => writeln!(f, "{:indent$}!! {error}", ""),
            None => Ok(()),
        }
    }
}

fn parameter_sets(entry: &SampleEntry<'_>) -> Result<Option<ParameterSets>, Error> {
    if let Some(avcc) = entry.children().find_kind(b"avcC")? {
        let AvcC { sps, pps, nal_length_size, .. } = AvcC::parse(&avcc)?;
        return Ok(Some(ParameterSets { vps: None, sps: sps.len(), pps: pps.len(), nal_length_size }));
    }
    if let Some(hvcc) = entry.children().find_kind(b"hvcC")? {
        let HvcC { vps, sps, pps, nal_length_size, .. } = HvcC::parse(&hvcc)?;
        return Ok(Some(ParameterSets { vps: Some(vps.len()), sps: sps.len(), pps: pps.len(), nal_length_size }));
    }
    Ok(None)
}
