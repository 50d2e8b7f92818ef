//! A track in one file: fragmented MP4 with or without an index.

mod boxes;
mod fragments;
mod index;

use std::{ops::Range, path::Path};

use anyhow::{anyhow, bail};
use sluice_packager::bmff::moov::Init;

use super::Piece;
use crate::index::check;
pub(super) use boxes::TopLevel;

/// A file as pieces.
pub(super) struct Split {
    pub(super) init: Piece,
    /// The `sidx` by which it was cut, if it was by one.
    pub(super) index: Option<Range<u64>>,
    pub(super) segments: Vec<Piece>,
}

/// Cuts a file into its init segment and segments: by a `sidx` that speaks of all its media, else before fragments that
/// players can begin at. `sidx` before the media, and `mfra` after it, are left out.
///
/// # Errors
/// A file that is not fragmented, or whose index does not agree with its boxes; with the offset.
pub(super) fn split(path: &Path) -> anyhow::Result<Split> {
    let file = TopLevel::scan(path)?;
    let moov = *file.first(b"moov").ok_or_else(|| {
        anyhow!("{}: no moov at byte 0 or later: a media segment without its init segment, or no MP4", path.display())
    })?;
    let init = Piece::part(path, 0..moov.end(), "init.mp4");
    let first = file.boxes.iter().position(|one| one.is(b"moof"));
    let Some(first) = first.filter(|at| file.boxes[*at].start > moov.start) else {
        bail!("{}", not_fragmented(path, moov.start));
    };
    let bytes = init.read()?;
    check::init(&init, &bytes)?;
    let parsed = Init::parse(&bytes).map_err(|error| check::at(&init, error.into()))?;
    let (index, ranges) = match index::ranges(&file, &moov, first)? {
        Some(found) => (Some(found.index), found.segments),
        None => (None, fragments::ranges(&file, first, &parsed)?),
    };
    let segments = ranges.into_iter().enumerate();
    let segments = segments.map(|(at, range)| Piece::part(path, range, format!("{}.m4s", at + 1)));
    Ok(Split { init, index, segments: segments.collect() })
}

/// What to say of a progressive MP4.
pub(in crate::index) fn not_fragmented(path: &Path, moov: u64) -> String {
    format!(
        "{}: moov at byte {moov} is of a progressive MP4, which is not fragmented: write it as fragments, one track a file, with `ffmpeg -i FILE -map 0:v:0 -c copy -movflags +frag_keyframe+empty_moov+default_base_moof+negative_cts_offsets OUT.mp4`, or segment it by shaka-packager or ffmpeg's dash muxer",
        path.display()
    )
}
