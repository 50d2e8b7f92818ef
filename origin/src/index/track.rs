use anyhow::{Context, bail};
use sha2::{Digest, Sha256};
use sluice_packager::{
    bmff::moov::{EntryKind, Init},
    cenc::{self, TrackConfig, plan_segment_as, read::Reader},
    title::{Audio, Schedule, Text, Thumbnails, Timeline, TrackId, TrackKind, Video, VideoRange, plan::Entry},
};

use super::{
    check, iframes,
    problems::Problems,
    protecting::Protecting,
    settings::TrackSettings,
    source::{Piece, TrackFiles},
    thumbnails,
    timed_text::{self, Made},
};

/// A track's media, read and checked.
pub(super) struct ReadTrack {
    pub(super) id: TrackId,
    pub(super) kind: TrackKind,
    pub(super) codec: String,
    pub(super) timescale: u32,
    pub(super) video: Option<Video>,
    pub(super) audio: Option<Audio>,
    /// `None` for plain WebVTT, which gets its timeline from the video.
    pub(super) text: Option<Text>,
    pub(super) thumbnails: Option<Thumbnails>,
    /// The init segment; empty for text and thumbnails.
    pub(super) init: Vec<u8>,
    /// What the record keeps of it.
    pub(super) sample_entry: Vec<u8>,
    /// Thumbnails too get theirs from the video.
    pub(super) timeline: Timeline,
    pub(super) schedule: Schedule,
    pub(super) plan: Vec<Entry>,
    /// The init segment first, then the segments.
    pub(super) files: Vec<ReadFile>,
    /// What is stored beside them.
    pub(super) made: Vec<Made>,
}

/// A file as it was read.
pub(super) struct ReadFile {
    pub(super) piece: Piece,
    pub(super) name: String,
    pub(super) digest: [u8; 32],
    pub(super) size: u64,
}

impl ReadTrack {
    /// A track that is its files, without an init segment, a plan, and for now a timeline: plain WebVTT, thumbnails.
    pub(super) fn of_files(id: TrackId, kind: TrackKind, codec: &str, files: Vec<ReadFile>) -> Self {
        Self {
            id,
            kind,
            codec: codec.to_owned(),
            timescale: 1,
            video: None,
            audio: None,
            text: None,
            thumbnails: None,
            init: Vec::new(),
            sample_entry: Vec::new(),
            timeline: Timeline { start: 0, runs: Vec::new() },
            schedule: Schedule::default(),
            plan: Vec::new(),
            files,
            made: Vec::new(),
        }
    }

    /// Bytes of all files.
    pub(super) fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.size).sum()
    }

    /// The segments' files.
    pub(super) fn segments(&self) -> &[ReadFile] {
        match (self.kind, self.text) {
            (TrackKind::Text, None) | (TrackKind::Thumbnail, _) => &self.files,
            _ => self.files.get(1..).unwrap_or_default(),
        }
    }
}

/// Reads a piece and its digest.
pub(super) fn load(piece: &Piece) -> anyhow::Result<(Vec<u8>, ReadFile)> {
    let bytes = piece.read()?;
    let name = piece.name().to_owned();
    let file = ReadFile { piece: piece.clone(), name, digest: Sha256::digest(&bytes).into(), size: bytes.len() as u64 };
    Ok((bytes, file))
}

pub(super) fn read(
    source: &TrackFiles,
    protecting: &Protecting,
    settings: &TrackSettings,
) -> anyhow::Result<ReadTrack> {
    match &source.init {
        Some(init) => media(source, init, protecting),
        None => match source.image {
            Some(format) => thumbnails::read(source, format, settings),
            None => text(source),
        },
    }
}

fn text(source: &TrackFiles) -> anyhow::Result<ReadTrack> {
    let mut files = Vec::new();
    for path in &source.segments {
        let (bytes, file) = load(path)?;
        let text = std::str::from_utf8(&bytes).with_context(|| format!("{}: not UTF-8", path.display()))?;
        if !text.trim_start_matches('\u{feff}').starts_with("WEBVTT") {
            bail!("{}: does not begin with WEBVTT", path.display());
        }
        files.push(file);
    }
    Ok(ReadTrack::of_files(source.id.clone(), TrackKind::Text, "wvtt", files))
}

fn media(source: &TrackFiles, init_path: &Piece, protecting: &Protecting) -> anyhow::Result<ReadTrack> {
    let (init_bytes, init_file) = load(init_path)?;
    check::init(init_path, &init_bytes)?;
    let at_init = |error: cenc::Error| check::at(init_path, error);
    let init = Init::parse(&init_bytes).map_err(|error| at_init(error.into()))?;
    if init.entry.kind == EntryKind::Text {
        return timed_text::read(source, init_path, &init_bytes, init_file);
    }
    let config = TrackConfig::from_init(&init_bytes).map_err(at_init)?;
    let reader = Reader::new(&init_bytes).map_err(at_init)?;
    let mut files = vec![init_file];
    let (mut plan, mut frame_rate) = (Vec::new(), (0, 1));
    let mut alone = iframes::Alone::default();
    // Per segment: decode time, end, entries.
    let mut spans: Vec<(u64, u64, u32)> = Vec::new();
    let access = check::RandomAccess::of(&init);
    let mut problems = Problems::default();
    // The end of the segment before, where that could be read.
    let mut before = None;
    for (index, path) in source.segments.iter().enumerate() {
        let mut segment = || -> anyhow::Result<()> {
            let ended = before.take();
            let (bytes, file) = load(path)?;
            let at = |error: cenc::Error| check::at(path, error);
            let samples = reader.samples(&bytes).map_err(at)?;
            let begin = samples.first().map_or(0, |first| first.decode_time);
            let after = begin.saturating_sub(spans.first().map_or(begin, |first| first.0));
            let segment = plan_segment_as(&config, &bytes, protecting.forms(after, init.timescale)).map_err(at)?;
            if spans.is_empty() {
                frame_rate = rate(init.timescale, samples.iter().map(|sample| sample.duration));
            }
            before = Some(segment.decode_time + segment.duration);
            if init.handler.0 == *b"vide" {
                access.check(path, &bytes, &samples)?;
                alone.add(&config, &segment, &bytes).with_context(|| path.display().to_string())?;
            }
            if let Some(end) = ended {
                follows(path, end, segment.decode_time, init.timescale)?;
            }
            if segment.duration == 0 {
                bail!("{}: the segment at byte {} has no duration", path.display(), path.start());
            }
            check::agrees(path, segment.duration, init.timescale, index + 1 == source.segments.len())?;
            spans.push((segment.decode_time, segment.decode_time + segment.duration, segment.entries.len() as u32));
            plan.extend(segment.entries);
            files.push(file);
            Ok(())
        };
        let result = segment();
        problems.note(result);
        if problems.enough() {
            break;
        }
    }
    problems.none()?;
    let mut timeline = Timeline { start: spans.first().map_or(0, |span| span.0), runs: Vec::new() };
    for (index, (start, end, entries)) in spans.iter().enumerate() {
        // To the next segment's start, where there is one, so that no rounding adds up.
        let end = spans.get(index + 1).map_or(*end, |next| next.0);
        timeline.push(end - start, *entries);
    }
    let at_codec = |error: sluice_packager::bmff::Error| at_init(error.into());
    let codec = init.entry.codec_string().map_err(at_codec)?;
    let (kind, video, audio) = match init.entry.kind {
        EntryKind::Visual { width, height } => {
            let iframes = iframes::measure(&plan, &timeline, init.timescale, frame_rate, &alone);
            let range = init.entry.transfer_characteristics().map_err(at_codec)?.and_then(VideoRange::of);
            let video = Video { width: width.into(), height: height.into(), frame_rate, range, iframes };
            (TrackKind::Video, Some(video), None)
        }
        EntryKind::Audio { channels, sample_rate } => {
            let channels = init.entry.coded_channels().map_err(at_codec)?.unwrap_or(channels.into());
            (TrackKind::Audio, None, Some(Audio { channels, sample_rate }))
        }
        EntryKind::Text | EntryKind::Other => {
            return Err(at_init(cenc::Error::UnknownCodec(init.entry.codec())));
        }
    };
    Ok(ReadTrack {
        id: source.id.clone(),
        kind,
        codec,
        timescale: init.timescale,
        video,
        audio,
        text: None,
        thumbnails: None,
        sample_entry: cenc::record_bytes(&init_bytes).map_err(at_init)?,
        schedule: protecting.schedule(source.id.as_str(), &timeline, init.timescale)?,
        timeline,
        plan,
        init: init_bytes,
        files,
        made: Vec::new(),
    })
}

/// A segment begins where the one before ends: never earlier, and later by less than a second (encoders round).
fn follows(piece: &Piece, end: u64, start: u64, timescale: u32) -> anyhow::Result<()> {
    let (path, at) = (piece.display(), piece.start());
    if start < end {
        bail!(
            "{path}: the segment at byte {at} begins at decode time {start}, before the end of the segment before, {end}"
        );
    }
    if start - end > u64::from(timescale) {
        bail!(
            "{path}: the segment at byte {at} begins at decode time {start}, more than a second after the end of the segment before, {end}: one is missing"
        );
    }
    Ok(())
}

/// Frames per second: exact where all samples last equally long, else the mean.
fn rate(timescale: u32, durations: impl Iterator<Item = u32>) -> (u32, u32) {
    let durations: Vec<u32> = durations.collect();
    let count = durations.len() as u64;
    let total: u64 = durations.iter().map(|duration| u64::from(*duration)).sum();
    if count == 0 || total == 0 {
        return (0, 1);
    }
    let (frames, ticks) = (count * u64::from(timescale), total);
    let common = gcd(frames, ticks);
    let (mut frames, mut ticks) = (frames / common, ticks / common);
    while frames > u64::from(u32::MAX) || ticks > u64::from(u32::MAX) {
        (frames, ticks) = (frames / 2, (ticks / 2).max(1));
    }
    (frames as u32, ticks as u32)
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frame_rates_are_reduced_fractions() {
        assert_eq!(rate(90_000, [3600; 25].into_iter()), (25, 1));
        assert_eq!(rate(30_000, [1001; 30].into_iter()), (30_000, 1001));
        assert_eq!(rate(90_000, [3000, 6000].into_iter()), (20, 1));
        assert_eq!(rate(90_000, [].into_iter()), (0, 1));
    }
}
