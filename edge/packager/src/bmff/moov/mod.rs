//! `moov`, what an init segment says of its track (ISO/IEC 14496-12, 8.2.1).

mod av1c;
mod avcc;
mod codec;
mod colr;
mod entry;
mod esds;
mod hvcc;
mod sinf;
mod surround;
mod timed_text;
mod trex;
mod vpcc;

pub use av1c::{Av1C, ColourCodes};
pub use avcc::AvcC;
pub use entry::{EntryKind, SampleEntry};
pub use esds::Esds;
pub use hvcc::{HevcProfile, HvcC};
pub use sinf::{Sinf, Tenc};
pub use surround::Surround;
pub use timed_text::{Stpp, vttc};
pub use trex::Trex;
pub use vpcc::VpcC;

use super::{BoxView, Boxes, Error, FourCc};

/// Sample entries that a track may have.
pub const MAX_ENTRIES: usize = 16;

/// An init segment of one track.
#[derive(Clone, Debug)]
pub struct Init<'a> {
    /// The boxes from `moov` down to `stsd`, outermost first: those whose sizes change with the sample entry.
    pub path: Vec<BoxView<'a>>,
    /// The track's first sample entry, of clear media its only one.
    pub entry: SampleEntry<'a>,
    /// Those after it: a protected track with a clear lead has a clear one too.
    pub more_entries: Vec<SampleEntry<'a>>,
    /// Ticks per second (`mdhd`).
    pub timescale: u32,
    /// What the track carries (`hdlr`): `vide`, `soun`, `text`, `subt`, …
    pub handler: FourCc,
    /// `track_ID`.
    pub track_id: u32,
    /// Defaults for fragments.
    pub trex: Option<Trex>,
    /// The `trex` box itself.
    pub trex_box: Option<BoxView<'a>>,
}

impl<'a> Init<'a> {
    /// The track's sample entry, if it has just the one, as clear media must here.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a second one.
    pub fn only_entry(&self) -> Result<&SampleEntry<'a>, Error> {
        match self.more_entries.first() {
            Some(second) => Err(second.view.invalid("a second sample entry; clear media has one per track")),
            None => Ok(&self.entry),
        }
    }

    /// Reads an init segment.
    ///
    /// # Errors
    /// [`Error`]; a second track, more than [`MAX_ENTRIES`] sample entries, or media beside `moov` are errors too.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let mut moov = None;
        for view in Boxes::of(bytes) {
            let view = view?;
            if view.is(b"moov") && moov.replace(view).is_some() {
                return Err(Error::Repeated { kind: view.kind(), offset: view.offset });
            }
            if view.is(b"moof") || view.is(b"mdat") {
                return Err(view.invalid("media has no place in an init segment"));
            }
        }
        let moov = moov.ok_or(Error::Missing { parent: FourCc::FILE, offset: 0, missing: FourCc(*b"moov") })?;
        let mut traks = moov.children().filter(|child| child.as_ref().map_or(true, |child| child.is(b"trak")));
        let trak = match traks.next() {
            Some(trak) => trak?,
            None => moov.child(b"trak")?,
        };
        if let Some(second) = traks.next() {
            return Err(second?.invalid("a second track; one track per file is supported"));
        }
        let mdia = trak.child(b"mdia")?;
        let minf = mdia.child(b"minf")?;
        let stbl = minf.child(b"stbl")?;
        let stsd = stbl.child(b"stsd")?;
        let mut entries = stsd_entries(&stsd)?;
        let entry = entries.next().ok_or_else(|| stsd.invalid("has no sample entry"))??;
        let mut more_entries = Vec::new();
        for more in entries {
            let more = more?;
            if more_entries.len() + 1 == MAX_ENTRIES {
                return Err(more.invalid("more sample entries than a track has use for"));
            }
            more_entries.push(SampleEntry::parse(more)?);
        }
        let trex_box = match moov.find(b"mvex")? {
            Some(mvex) => mvex.find(b"trex")?,
            None => None,
        };
        Ok(Self {
            entry: SampleEntry::parse(entry)?,
            more_entries,
            timescale: timescale(&mdia.child(b"mdhd")?)?,
            handler: handler(&mdia.child(b"hdlr")?)?,
            track_id: track_id(&trak.child(b"tkhd")?)?,
            trex: trex_box.as_ref().map(Trex::parse).transpose()?,
            trex_box,
            path: vec![moov, trak, mdia, minf, stbl, stsd],
        })
    }
}

fn stsd_entries<'a>(stsd: &BoxView<'a>) -> Result<Boxes<'a>, Error> {
    let mut fields = stsd.fields();
    fields.full(1)?;
    fields.u32("entry_count")?;
    Ok(stsd.children_after(8))
}

/// Ticks per second, never 0.
fn timescale(mdhd: &BoxView<'_>) -> Result<u32, Error> {
    let mut fields = mdhd.fields();
    let (version, _) = fields.full(1)?;
    fields.versioned(version, "creation_time")?;
    fields.versioned(version, "modification_time")?;
    let timescale = fields.u32("timescale")?;
    if timescale == 0 { Err(mdhd.invalid("timescale is 0")) } else { Ok(timescale) }
}

fn handler(hdlr: &BoxView<'_>) -> Result<FourCc, Error> {
    let mut fields = hdlr.fields();
    fields.full(0)?;
    fields.u32("pre_defined")?;
    fields.array("handler_type").map(FourCc)
}

fn track_id(tkhd: &BoxView<'_>) -> Result<u32, Error> {
    let mut fields = tkhd.fields();
    let (version, _) = fields.full(1)?;
    fields.versioned(version, "creation_time")?;
    fields.versioned(version, "modification_time")?;
    fields.u32("track_ID")
}
