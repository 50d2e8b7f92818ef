use std::fmt::{self, Write};

use serde::Serialize;

use super::{
    key::KeySet,
    map::{ByteRange, Map},
};
use crate::inspect::text::{Table, count};

/// A media playlist.
#[derive(Clone, Debug, Default, Serialize)]
pub struct MediaPlaylist {
    /// `EXT-X-VERSION`, 1 where it is absent.
    pub version: u32,
    /// Seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_duration: Option<u64>,
    /// `VOD` or `EVENT`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub playlist_type: Option<String>,
    /// Number of the first segment.
    pub media_sequence: u64,
    /// Whether there is no `EXT-X-ENDLIST`: segments may still be added.
    pub live: bool,
    /// Whether its segments are single I-frames.
    pub iframes_only: bool,
    /// Whether every segment can be decoded by itself.
    pub independent_segments: bool,
    /// How many segments.
    pub segments: usize,
    /// Seconds, of all segments.
    pub duration: f64,
    /// Seconds.
    pub shortest_segment: f64,
    /// Seconds.
    pub longest_segment: f64,
    /// Segments that are byte ranges.
    pub byte_ranges: usize,
    /// Bytes of those.
    pub byte_range_bytes: u64,
    /// Discontinuities.
    pub discontinuities: usize,
    /// Segments that are missing (`EXT-X-GAP`).
    pub gaps: usize,
    /// Partial segments (`EXT-X-PART`).
    pub parts: usize,
    /// The first `EXT-X-PROGRAM-DATE-TIME`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub program_date_time: Option<String>,
    /// Init segments.
    pub maps: Vec<Map>,
    /// Keys, and the segments that they are for.
    pub keys: Vec<KeySet>,
    /// With `--samples`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub table: Vec<SegmentRow>,
}

/// A segment.
#[derive(Clone, Debug, Serialize)]
pub struct SegmentRow {
    /// Its line, from 1.
    pub line: usize,
    /// Media sequence number.
    pub number: u64,
    /// Seconds.
    pub duration: f64,
    /// Of a part of a resource.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub byte_range: Option<ByteRange>,
    /// Whether a discontinuity stands before it.
    pub discontinuity: bool,
    /// Without what may be secret in it.
    pub uri: String,
}

impl MediaPlaylist {
    pub(in crate::inspect) fn write(&self, f: &mut impl Write) -> fmt::Result {
        let kind = if self.iframes_only { "HLS I-frame playlist" } else { "HLS media playlist" };
        write!(f, "{kind}, version {}", self.version)?;
        if let Some(kind) = &self.playlist_type {
            write!(f, ", {kind}")?;
        }
        writeln!(f, "{}", if self.live { ", live (no EXT-X-ENDLIST)" } else { ", complete" })?;
        write!(f, "{} of {:.3} s, ", count(self.segments, "segment"), self.duration)?;
        write!(f, "each {:.3} to {:.3} s", self.shortest_segment, self.longest_segment)?;
        if let Some(target) = self.target_duration {
            write!(f, ", target duration {target} s")?;
        }
        writeln!(f, ", from number {}", self.media_sequence)?;
        if self.byte_ranges > 0 {
            writeln!(f, "{} of {} bytes", count(self.byte_ranges, "byte range"), self.byte_range_bytes)?;
        }
        for (n, thing) in
            [(self.discontinuities, "discontinuity tag"), (self.gaps, "gap"), (self.parts, "partial segment")]
        {
            if n > 0 {
                writeln!(f, "{}", count(n, thing))?;
            }
        }
        if self.independent_segments {
            writeln!(f, "segments are independent")?;
        }
        if let Some(time) = &self.program_date_time {
            writeln!(f, "begins at {time}")?;
        }
        for map in &self.maps {
            let range = map.byte_range.map_or_else(String::new, |range| format!(" bytes {range}"));
            writeln!(f, "map, line {}: {}{range}, from segment {}", map.line, map.uri, map.first_segment)?;
        }
        if self.keys.is_empty() {
            writeln!(f, "no keys")?;
        }
        for set in &self.keys {
            writeln!(f, "keys of {} from {}:", count(set.segments, "segment"), set.first_segment)?;
            set.keys.iter().try_for_each(|key| key.write(f, 2))?;
        }
        if self.table.is_empty() {
            return Ok(());
        }
        const HEADER: [&str; 6] = ["line", "number", "duration", "range", "discontinuity", "uri"];
        let mut table = Table::new(&HEADER);
        for row in &self.table {
            table.row(vec![
                row.line.to_string(),
                row.number.to_string(),
                row.duration.to_string(),
                row.byte_range.map(|range| range.to_string()).unwrap_or_default(),
                if row.discontinuity { "yes" } else { "" }.to_owned(),
                row.uri.clone(),
            ]);
        }
        table.write(f, 2)
    }
}
