use std::ops::Range;

use anyhow::bail;
use sluice_packager::bmff::{BoxView, moof::Moof, moov::Init};

use super::boxes::{Span, TopLevel};
use crate::index::{check, source::MOST_SEGMENTS};

/// A fragment and the boxes before it that belong to it.
struct Unit {
    range: Range<u64>,
    /// Whether a `styp` is among them.
    typed: bool,
    /// Whether it begins with a sync sample.
    sync: bool,
    /// Decode time of its first sample, in ticks.
    time: u64,
}

/// Segments by fragments: of video one begins at each fragment that begins with a sync sample, of anything else at the first after nine tenths of a
/// second; where the file has several `styp`, only at those (ISO/IEC 14496-12, 8.16.2).
pub(super) fn ranges(file: &TopLevel, first: usize, init: &Init<'_>) -> anyhow::Result<Vec<Range<u64>>> {
    let units = units(file, first, init)?;
    let is_video = init.handler.0 == *b"vide";
    let typed = units.iter().filter(|unit| unit.typed).count() > 1;
    let mut segments: Vec<Range<u64>> = Vec::new();
    let mut began = 0;
    for unit in units {
        let long_enough = unit.time.saturating_sub(began) >= u64::from(init.timescale) * 9 / 10;
        let here = match (is_video, typed) {
            (true, _) => unit.sync && (unit.typed || !typed),
            (false, true) => unit.typed,
            (false, false) => long_enough,
        };
        match segments.last_mut().filter(|_| !here) {
            Some(segment) => segment.end = unit.range.end,
            None => {
                if segments.len() == MOST_SEGMENTS {
                    bail!("{}: more than {MOST_SEGMENTS} segments by byte {}", file.path.display(), unit.range.start);
                }
                began = unit.time;
                segments.push(unit.range);
            }
        }
    }
    Ok(segments)
}

fn units(file: &TopLevel, first: usize, init: &Init<'_>) -> anyhow::Result<Vec<Unit>> {
    let mut units: Vec<Unit> = Vec::new();
    // The first fragment's own boxes: those behind moov.
    let from = file.boxes.iter().position(|one| one.is(b"moov")).map_or(first, |moov| moov + 1).min(first);
    let mut pending: Vec<&Span> = Vec::new();
    for span in file.boxes.iter().skip(from) {
        pending.push(span);
        if !span.is(b"mdat") {
            continue;
        }
        let path = file.path.display();
        let mut moofs = pending.iter().filter(|one| one.is(b"moof"));
        let (Some(moof), None) = (moofs.next(), moofs.next()) else {
            bail!("{path}: the mdat at byte {} does not follow one moof", span.start);
        };
        let bytes = file.read(moof)?;
        let at = |error| check::at_file(&file.path, 0, error);
        let view = BoxView::parse(&bytes, moof.start).map_err(|error| at(error.into()))?;
        let parsed = Moof::parse(view).map_err(|error| at(error.into()))?;
        let samples = parsed.samples(init.trex.as_ref()).map_err(|error| at(error.into()))?;
        let start = pending.first().map_or(moof.start, |one| one.start);
        units.push(Unit {
            range: start..span.end(),
            typed: pending.iter().any(|one| one.is(b"styp")),
            sync: samples.first().is_some_and(|sample| sample.sync),
            time: parsed.traf.decode_time,
        });
        pending.clear();
    }
    // What follows the last fragment stays with it; mfra speaks of the file as it was, free and skip of nothing.
    let rest = pending.iter().take_while(|one| ![b"mfra", b"free", b"skip", b"moof"].iter().any(|kind| one.is(kind)));
    if let (Some(end), Some(last)) = (rest.last().map(|one| one.end()), units.last_mut()) {
        last.range.end = end;
    }
    if let Some(moof) = pending.iter().find(|one| one.is(b"moof")) {
        bail!(
            "{}: the moof at byte {} is not followed by its mdat: the file is not complete",
            file.path.display(),
            moof.start
        );
    }
    Ok(units)
}
