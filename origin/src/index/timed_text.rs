use anyhow::{anyhow, bail};
use sha2::{Digest, Sha256};
use sluice_packager::{
    bmff::{Error, moov::Init},
    cenc,
    title::{Schedule, Text, Timeline, TrackKind},
};

use super::{
    source::{Piece, TrackFiles},
    track::{ReadFile, ReadTrack, load},
};
use crate::text::Transcriber;

/// Largest segment of text, in bytes.
const LARGEST: u64 = 16 << 20;

/// A file that indexing makes and stores beside the media.
pub(super) struct Made {
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
    pub(super) digest: [u8; 32],
}

/// Reads `wvtt` or `stpp` in CMAF, and makes the WebVTT file of each segment.
pub(super) fn read(
    source: &TrackFiles,
    init_path: &Piece,
    init_bytes: &[u8],
    init_file: ReadFile,
) -> anyhow::Result<ReadTrack> {
    let at_init = |error: Error| anyhow!("{}: {error}", init_path.display());
    let init = Init::parse(init_bytes).map_err(at_init)?;
    let codec = init.entry.codec_string().map_err(at_init)?;
    let mut transcriber = Transcriber::new(init_bytes).map_err(|error| anyhow!("{}: {error}", init_path.display()))?;
    let mut files = vec![init_file];
    // Decode time and end of each segment.
    let mut spans: Vec<core::ops::Range<u64>> = Vec::new();
    for path in &source.segments {
        if path.size()? > LARGEST {
            bail!("{}: a segment of text has at most {LARGEST} bytes", path.display());
        }
        let (bytes, file) = load(path)?;
        let span = transcriber.push(&bytes);
        let span = span.map_err(|error| anyhow!("{}: {}", path.display(), error.shifted(path.start())))?;
        if let Some(before) = spans.last().filter(|before| span.start < before.end) {
            let (start, end) = (span.start, before.end);
            bail!("{}: begins at decode time {start}, before the end of the segment before, {end}", path.display());
        }
        if span.is_empty() {
            bail!("{}: has no duration", path.display());
        }
        spans.push(span);
        files.push(file);
    }
    let mut timeline = Timeline { start: spans.first().map_or(0, |span| span.start), runs: Vec::new() };
    for (index, span) in spans.iter().enumerate() {
        // Where nothing is shown for a while there may be no segment: the one before lasts until the next.
        let end = spans.get(index + 1).map_or(span.end, |next| next.start);
        timeline.push(end - span.start, 0);
    }
    let written = transcriber.finish().map_err(|error| anyhow!("track {}: {error}", source.id))?;
    let made = (1u32..).zip(written).map(|(number, text)| {
        let bytes = text.into_bytes();
        Made { name: format!("{number}.vtt"), digest: Sha256::digest(&bytes).into(), bytes }
    });
    Ok(ReadTrack {
        id: source.id.clone(),
        kind: TrackKind::Text,
        codec,
        timescale: init.timescale,
        video: None,
        audio: None,
        text: Some(Text { fragmented: true }),
        thumbnails: None,
        sample_entry: cenc::record_bytes(init_bytes).map_err(|error| anyhow!("{}: {error}", init_path.display()))?,
        init: Vec::new(),
        timeline,
        schedule: Schedule::default(),
        plan: Vec::new(),
        files,
        made: made.collect(),
    })
}
