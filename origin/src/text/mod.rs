//! WebVTT from timed text in CMAF: `wvtt` (ISO/IEC 14496-30, 7) and `stpp` (the same, 5: TTML, of which IMSC text is what CMAF has).
//!
//! Done at indexing: the edge then has no XML to read, and serves a text track's WebVTT like any other clear object. Cue times are those of the
//! track's timeline, which is the media's; `X-TIMESTAMP-MAP` (rfc8216bis, 3.1.4) maps zero to zero, as players read it beside fragmented MP4.
//!
//! A cue that runs on over several samples, or segments, is one cue with its whole time, and stands in each segment that shows any of it.

mod cue;
mod error;
mod merge;
#[cfg(test)]
pub(crate) mod synthetic;
#[cfg(test)]
mod tests;
pub mod ttml;
mod webvtt;
mod wvtt;

use core::ops::Range;

use sluice_packager::{
    bmff::moov::{Init, Stpp, vttc},
    cenc::read::Reader,
};

pub use cue::{Content, Cue};
pub use error::Error;
use merge::Merger;
use webvtt::Header;

/// Turns one track's segments into WebVTT.
pub struct Transcriber {
    format: Format,
    reader: Reader,
    timescale: u32,
    merger: Merger,
}

enum Format {
    Wvtt(Header),
    Stpp,
}

impl Transcriber {
    /// For the track of that init segment.
    ///
    /// # Errors
    /// [`Error`]
    pub fn new(init: &[u8]) -> Result<Self, Error> {
        let reader = Reader::new(init)?;
        let init = Init::parse(init)?;
        let format = match &init.entry.codec().0 {
            b"wvtt" => Format::Wvtt(Header::of(vttc(&init.entry)?)),
            b"stpp" => {
                let types = Stpp::of(&init.entry)?.auxiliary_mime_types;
                if types.split_whitespace().any(|kind| kind.starts_with("image/")) {
                    return Err(Error::Images { offset: init.entry.view.offset });
                }
                Format::Stpp
            }
            _ => return Err(Error::Codec(init.entry.codec())),
        };
        not_shifted(&init)?;
        Ok(Self { format, reader, timescale: init.timescale, merger: Merger::default() })
    }

    /// Reads the next segment; its decode time and its end, in the track's timescale.
    ///
    /// # Errors
    /// [`Error`]; offsets count from the start of the segment.
    pub fn push(&mut self, segment: &[u8]) -> Result<Range<u64>, Error> {
        let samples = self.reader.samples(segment)?;
        let mut span: Option<Range<u64>> = None;
        self.merger.begin_segment();
        for sample in samples {
            let ticks = sample.decode_time..sample.decode_time.saturating_add(sample.duration.into());
            if let Some(earlier) = span.as_ref().filter(|span| ticks.start < span.end) {
                return Err(Error::Order { offset: sample.offset, end: earlier.end, next: ticks.start });
            }
            // The reader has checked that samples lie within the segment.
            let start = usize::try_from(sample.offset).unwrap_or(usize::MAX);
            let bytes = segment.get(start..start.saturating_add(sample.size as usize)).unwrap_or_default();
            let shown = self.millis(ticks.start)..self.millis(ticks.end);
            let cues = match &self.format {
                Format::Wvtt(_) => wvtt::cues(bytes, sample.offset, &shown)?,
                Format::Stpp => ttml::cues(bytes, sample.offset, shown.end)?,
            };
            span = Some(span.map_or(ticks.start, |span| span.start)..ticks.end);
            self.merger.sample(ticks, shown, cues);
        }
        span.ok_or(Error::Empty)
    }

    /// The WebVTT files, one per segment.
    ///
    /// # Errors
    /// [`Error::Outside`]
    pub fn finish(self) -> Result<Vec<String>, Error> {
        let header = match self.format {
            Format::Wvtt(header) => header,
            Format::Stpp => Header::of(""),
        };
        let segments = self.merger.finish()?;
        Ok(segments.iter().map(|cues| webvtt::write(&header, cues)).collect())
    }

    fn millis(&self, ticks: u64) -> u64 {
        let timescale = u128::from(self.timescale.max(1));
        u64::try_from((u128::from(ticks) * 1000 + timescale / 2) / timescale).unwrap_or(u64::MAX)
    }
}

/// Text is taken on the track's own timeline: an edit list that moves it would have every cue at another time than written.
fn not_shifted(init: &Init<'_>) -> Result<(), Error> {
    let trak = init.path.iter().find(|view| view.is(b"trak"));
    let Some(edts) = trak.map(|trak| trak.find(b"edts")).transpose()?.flatten() else { return Ok(()) };
    let Some(elst) = edts.find(b"elst")? else { return Ok(()) };
    let payload = elst.payload();
    let wide = payload.first() == Some(&1);
    // Version, flags and count; then duration, media time and rate of each edit (ISO/IEC 14496-12, 8.6.6).
    let (size, at, len) = if wide { (20, 8, 8) } else { (12, 4, 4) };
    let times = payload.get(8..).unwrap_or_default().chunks(size).map(|edit| edit.get(at..at + len));
    if times.into_iter().all(|time| time.is_some_and(|time| time.iter().all(|byte| *byte == 0))) {
        Ok(())
    } else {
        Err(Error::EditList { offset: elst.offset })
    }
}
