use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow, bail};
use sha2::{Digest, Sha256};
use sluice_packager::{
    bmff::moov::{EntryKind, Init},
    cenc::{self, TrackConfig, plan_segment, read::Reader},
    title::{Audio, Thumbnails, Timeline, TrackId, TrackKind, Video, VideoRange, plan::Entry},
};

use super::{iframes, settings::TrackSettings, source::TrackFiles, thumbnails};

/// A track's media, read and checked.
pub(super) struct ReadTrack {
    pub(super) id: TrackId,
    pub(super) kind: TrackKind,
    pub(super) codec: String,
    pub(super) timescale: u32,
    pub(super) video: Option<Video>,
    pub(super) audio: Option<Audio>,
    pub(super) thumbnails: Option<Thumbnails>,
    /// What the record keeps of the init segment.
    pub(super) sample_entry: Vec<u8>,
    /// Text and thumbnails get theirs from the video.
    pub(super) timeline: Timeline,
    pub(super) plan: Vec<Entry>,
    /// The init segment first, then the segments.
    pub(super) files: Vec<ReadFile>,
}

/// A file as it was read.
pub(super) struct ReadFile {
    pub(super) path: PathBuf,
    pub(super) name: String,
    pub(super) digest: [u8; 32],
    pub(super) size: u64,
}

impl ReadTrack {
    /// Bytes of all files.
    pub(super) fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.size).sum()
    }

    /// The segments' files.
    pub(super) fn segments(&self) -> &[ReadFile] {
        match self.kind {
            TrackKind::Text | TrackKind::Thumbnail => &self.files,
            TrackKind::Video | TrackKind::Audio => self.files.get(1..).unwrap_or_default(),
        }
    }
}

/// Reads a file and its digest.
pub(super) fn load(path: &Path) -> anyhow::Result<(Vec<u8>, ReadFile)> {
    let bytes = fs::read(path).with_context(|| format!("{}: cannot be read", path.display()))?;
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
    let file =
        ReadFile { path: path.to_owned(), name, digest: Sha256::digest(&bytes).into(), size: bytes.len() as u64 };
    Ok((bytes, file))
}

pub(super) fn read(source: &TrackFiles, settings: &TrackSettings) -> anyhow::Result<ReadTrack> {
    match &source.init {
        Some(init) => media(source, init),
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
    Ok(ReadTrack {
        id: source.id.clone(),
        kind: TrackKind::Text,
        codec: "wvtt".to_owned(),
        timescale: 1,
        video: None,
        audio: None,
        thumbnails: None,
        sample_entry: Vec::new(),
        timeline: Timeline { start: 0, runs: Vec::new() },
        plan: Vec::new(),
        files,
    })
}

fn media(source: &TrackFiles, init_path: &Path) -> anyhow::Result<ReadTrack> {
    let (init_bytes, init_file) = load(init_path)?;
    let at_init = |error: cenc::Error| anyhow!("{}: {error}", init_path.display());
    let init = Init::parse(&init_bytes).map_err(|error| at_init(error.into()))?;
    let config = TrackConfig::from_init(&init_bytes).map_err(at_init)?;
    let reader = Reader::new(&init_bytes).map_err(at_init)?;
    let mut files = vec![init_file];
    let (mut plan, mut frame_rate) = (Vec::new(), (0, 1));
    let mut alone = iframes::Alone::default();
    // Per segment: decode time, end, entries.
    let mut spans: Vec<(u64, u64, u32)> = Vec::new();
    for path in &source.segments {
        let (bytes, file) = load(path)?;
        let at = |error: cenc::Error| anyhow!("{}: {error}", path.display());
        let segment = plan_segment(&config, &bytes).map_err(at)?;
        if init.handler.0 == *b"vide" && !segment.starts_with_sync {
            bail!("{}: does not begin with a sync sample, so players cannot begin or switch there", path.display());
        }
        if init.handler.0 == *b"vide" {
            alone.add(&config, &segment, &bytes).with_context(|| path.display().to_string())?;
        }
        if spans.is_empty() {
            let samples = reader.samples(&bytes).map_err(at)?;
            frame_rate = rate(init.timescale, samples.iter().map(|sample| sample.duration));
        }
        if let Some((_, end, _)) = spans.last() {
            follows(path, *end, segment.decode_time, init.timescale)?;
        }
        if segment.duration == 0 {
            bail!("{}: has no duration", path.display());
        }
        spans.push((segment.decode_time, segment.decode_time + segment.duration, segment.entries.len() as u32));
        plan.extend(segment.entries);
        files.push(file);
    }
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
        EntryKind::Other => bail!("{}: {}", init_path.display(), cenc::Error::UnknownCodec(init.entry.codec())),
    };
    Ok(ReadTrack {
        id: source.id.clone(),
        kind,
        codec,
        timescale: init.timescale,
        video,
        audio,
        thumbnails: None,
        sample_entry: cenc::record_bytes(&init_bytes).map_err(at_init)?,
        timeline,
        plan,
        files,
    })
}

/// A segment begins where the one before ends: never earlier, and later by less than a second (encoders round).
fn follows(path: &Path, end: u64, start: u64, timescale: u32) -> anyhow::Result<()> {
    let path = path.display();
    if start < end {
        bail!("{path}: begins at decode time {start}, before the end of the segment before, {end}");
    }
    if start - end > u64::from(timescale) {
        bail!("{path}: begins at decode time {start}, more than a second after the end of the segment before, {end}");
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
