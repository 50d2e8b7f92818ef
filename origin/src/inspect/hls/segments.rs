use super::{
    key::{HlsKey, KeySet},
    line::{Attributes, Line, Numbered},
    map::{ByteRange, Map},
    media::{MediaPlaylist, SegmentRow},
};
use crate::inspect::{
    redact,
    report::{Content, Report, Warning},
    text::printable,
};

/// What stands before a segment's URI.
#[derive(Default)]
struct Pending {
    duration: Option<f64>,
    byte_range: Option<ByteRange>,
    discontinuity: bool,
}

struct Reading {
    playlist: MediaPlaylist,
    warnings: Vec<Warning>,
    errors: Vec<String>,
    pending: Pending,
    /// Whether the last tag was `EXT-X-KEY`: keys that stand together are one set.
    in_keys: bool,
    list: bool,
    /// Whether an offset of a byte range is known to go on from.
    last_range: Option<String>,
}

pub(super) fn explain(lines: &[Numbered<'_>], list: bool) -> Report {
    let playlist = MediaPlaylist { version: 1, live: true, ..MediaPlaylist::default() };
    let mut reading = Reading {
        playlist,
        warnings: Vec::new(),
        errors: Vec::new(),
        pending: Pending::default(),
        in_keys: false,
        list,
        last_range: None,
    };
    for line in lines {
        match line.what {
            Line::Tag(name, value) => reading.tag(line.number, name, value),
            Line::Uri(uri) => reading.segment(line.number, uri),
        }
    }
    reading.end();
    let Reading { playlist, warnings, errors, .. } = reading;
    super::report(Content::HlsMedia(playlist), warnings, errors)
}

impl Reading {
    fn warn(&mut self, code: &'static str, line: usize, text: impl Into<String>) {
        self.warnings.push(Warning::new(code, &format!("line {line}"), text));
    }

    fn number<T: std::str::FromStr>(&mut self, line: usize, name: &str, value: &str) -> Option<T> {
        let number = value.trim().parse().ok();
        if number.is_none() {
            self.errors.push(format!("line {line}: {name} is not a number"));
        }
        number
    }

    fn attributes<'a>(&mut self, line: usize, name: &str, value: &'a str) -> Attributes<'a> {
        let (attributes, rest) = Attributes::parse(value);
        if rest.is_some() {
            self.errors.push(format!("line {line}: {name} has a malformed attribute list"));
        }
        attributes
    }

    fn tag(&mut self, line: usize, name: &str, value: &str) {
        let in_keys = std::mem::replace(&mut self.in_keys, name == "EXT-X-KEY");
        match name {
            "EXT-X-VERSION" => self.playlist.version = self.number(line, name, value).unwrap_or(1),
            "EXT-X-TARGETDURATION" => self.playlist.target_duration = self.number(line, name, value),
            "EXT-X-MEDIA-SEQUENCE" => self.playlist.media_sequence = self.number(line, name, value).unwrap_or(0),
            "EXT-X-PLAYLIST-TYPE" => self.playlist.playlist_type = Some(printable(value)),
            "EXT-X-ENDLIST" => self.playlist.live = false,
            "EXT-X-I-FRAMES-ONLY" => self.playlist.iframes_only = true,
            "EXT-X-INDEPENDENT-SEGMENTS" => self.playlist.independent_segments = true,
            "EXT-X-DISCONTINUITY" => {
                self.playlist.discontinuities += 1;
                self.pending.discontinuity = true;
            }
            "EXT-X-GAP" => self.playlist.gaps += 1,
            "EXT-X-PART" => self.playlist.parts += 1,
            "EXT-X-PROGRAM-DATE-TIME" => {
                self.playlist.program_date_time.get_or_insert_with(|| printable(value));
            }
            "EXTINF" => {
                let seconds = value.split(',').next().unwrap_or_default();
                let seconds: Option<f64> = self.number(line, name, seconds);
                self.pending.duration = seconds.filter(|seconds| seconds.is_finite() && *seconds >= 0.0);
            }
            "EXT-X-BYTERANGE" => {
                self.pending.byte_range = ByteRange::parse(value);
                if self.pending.byte_range.is_none() {
                    self.errors.push(format!("line {line}: EXT-X-BYTERANGE is not LENGTH[@OFFSET]"));
                }
            }
            "EXT-X-MAP" => {
                let attributes = self.attributes(line, name, value);
                let first = self.playlist.segments;
                let map = Map::of(&attributes, line, first, &mut self.warnings);
                self.playlist.maps.push(map);
            }
            "EXT-X-KEY" => self.key(line, value, in_keys),
            _ => {}
        }
    }

    fn key(&mut self, line: usize, value: &str, with_those_before: bool) {
        let attributes = self.attributes(line, "EXT-X-KEY", value);
        let key = HlsKey::of(&attributes, line, &mut self.warnings);
        let segments = self.playlist.segments;
        if let Some(last) =
            self.playlist.keys.last_mut().filter(|last| with_those_before && last.first_segment == segments)
        {
            last.keys.push(key);
            return;
        }
        // Players take the init segment to be under what stands before it.
        let map = self.playlist.maps.last().filter(|map| map.first_segment == segments);
        if key.method.starts_with("SAMPLE-AES")
            && let Some(map) = map
        {
            let text = format!("{} behind the EXT-X-MAP of line {}: players want the key first", key.method, map.line);
            self.warn("key_after_map", line, text);
        }
        self.playlist.keys.push(KeySet { first_segment: segments, segments: 0, keys: vec![key] });
    }

    fn segment(&mut self, line: usize, uri: &str) {
        self.in_keys = false;
        let Pending { duration, byte_range, discontinuity } = std::mem::take(&mut self.pending);
        let Some(duration) = duration else {
            self.warn("segment_without_extinf", line, "a segment without EXTINF before it");
            return;
        };
        if let Some(range) = byte_range {
            self.playlist.byte_ranges += 1;
            self.playlist.byte_range_bytes = self.playlist.byte_range_bytes.saturating_add(range.length);
            if range.offset.is_none() && self.last_range.as_deref() != Some(uri) {
                self.warn(
                    "byterange_offset",
                    line,
                    "a byte range without offset, and none of the same resource before it",
                );
            }
        }
        self.last_range = byte_range.map(|_| uri.to_owned());
        if let Some(target) = self.playlist.target_duration
            // Rounded to the nearest integer (4.4.3.1).
            && duration.round() > target as f64
        {
            self.warn("extinf_over_target", line, format!("EXTINF {duration} is above EXT-X-TARGETDURATION {target}"));
        }
        let playlist = &mut self.playlist;
        playlist.shortest_segment =
            if playlist.segments == 0 { duration } else { playlist.shortest_segment.min(duration) };
        playlist.longest_segment = playlist.longest_segment.max(duration);
        playlist.duration += duration;
        if let Some(keys) = playlist.keys.last_mut() {
            keys.segments += 1;
        }
        if self.list {
            let number = playlist.media_sequence.saturating_add(playlist.segments as u64);
            let uri = redact::url(uri);
            playlist.table.push(SegmentRow { line, number, duration, byte_range, discontinuity, uri });
        }
        playlist.segments += 1;
    }

    fn end(&mut self) {
        let Self { playlist, warnings, .. } = self;
        let mut warn = |code, text: &str| warnings.push(Warning::new(code, "playlist", text));
        if playlist.target_duration.is_none() {
            warn("targetduration_missing", "no EXT-X-TARGETDURATION, which is required");
        }
        if playlist.segments == 0 {
            warn("no_segments", "no segments");
        }
        if playlist.live && playlist.playlist_type.as_deref() == Some("VOD") {
            warn(
                "vod_without_endlist",
                "EXT-X-PLAYLIST-TYPE is VOD, but without EXT-X-ENDLIST players take it for live",
            );
        }
        let sample_keys = playlist.keys.iter().flat_map(|set| &set.keys).any(|key| key.method == "SAMPLE-AES-CTR");
        if playlist.maps.is_empty() && sample_keys {
            warn("map_missing", "SAMPLE-AES-CTR is for CMAF, but there is no EXT-X-MAP");
        }
        for (needed, code_text, used) in [
            (4, "EXT-X-BYTERANGE and EXT-X-I-FRAMES-ONLY", playlist.byte_ranges > 0 || playlist.iframes_only),
            (5, "KEYFORMAT", playlist.keys.iter().flat_map(|set| &set.keys).any(|key| key.keyformat != "identity")),
            (if playlist.iframes_only { 5 } else { 6 }, "EXT-X-MAP", !playlist.maps.is_empty()),
        ] {
            if used && playlist.version < needed {
                let text = format!("{code_text} wants EXT-X-VERSION {needed}, the playlist says {}", playlist.version);
                warnings.push(Warning::new("version_low", "playlist", text));
            }
        }
    }
}
