use std::ops::Range;

use anyhow::bail;
use sluice_packager::bmff::{BoxView, sidx::Sidx};

use super::boxes::{Span, TopLevel};
use crate::index::{check, source::MOST_SEGMENTS};

/// How deep indexes may refer to indexes.
const DEEPEST: usize = 4;

/// Where an index is, and the segments that it tells.
pub(super) struct Indexed {
    pub(super) index: Range<u64>,
    pub(super) segments: Vec<Range<u64>>,
}

/// The segments by the `sidx` before the first fragment (`first`, its place among the boxes); `None` where there is none, or it
/// speaks of a part of the media only.
pub(super) fn ranges(file: &TopLevel, moov: &Span, first: usize) -> anyhow::Result<Option<Indexed>> {
    let before = file.boxes.get(..first).unwrap_or_default();
    let Some(sidx) = before.iter().find(|one| one.is(b"sidx") && one.start >= moov.end()) else { return Ok(None) };
    let mut segments = Vec::new();
    collect(file, sidx, 0, &mut segments)?;
    let media_start = segments.first().map_or(0, |range: &Range<u64>| range.start);
    let media_end = segments.last().map_or(0, |range| range.end);
    let fragments = || file.boxes.iter().filter(|one| one.is(b"moof"));
    if fragments().any(|moof| moof.start >= media_end || moof.start < media_start) {
        return Ok(None);
    }
    // Indexes between segments, of a hierarchy, are no media.
    if let Some(pair) = segments.windows(2).find(|pair| pair[1].start < pair[0].end) {
        bail!("{}: sidx at byte {} refers to byte {} twice", file.path.display(), sidx.start, pair[1].start);
    }
    Ok(Some(Indexed { index: sidx.start..sidx.end(), segments }))
}

fn collect(file: &TopLevel, sidx: &Span, depth: usize, out: &mut Vec<Range<u64>>) -> anyhow::Result<()> {
    let path = file.path.display();
    if depth > DEEPEST {
        bail!("{path}: sidx at byte {}: more than {DEEPEST} indexes within one another", sidx.start);
    }
    let bytes = file.read(sidx)?;
    let at = |error| check::at_file(&file.path, 0, error);
    let view = BoxView::parse(&bytes, sidx.start).map_err(|error| at(error.into()))?;
    let parsed = Sidx::parse(&view).map_err(|error| at(error.into()))?;
    let mut start = sidx.end().saturating_add(parsed.first_offset);
    for (number, reference) in parsed.references().enumerate() {
        let end = start.saturating_add(reference.size.into());
        let begins = file.boxes.binary_search_by_key(&start, |one| one.start).ok();
        let ends = file.boxes.binary_search_by_key(&end, |one| one.start).is_ok()
            || file.boxes.last().is_some_and(|last| last.end() == end);
        let (Some(begins), true) = (begins, ends && start < end) else {
            bail!(
                "{path}: sidx at byte {}: reference {number} is of bytes {start} to {}, where no box begins or ends",
                sidx.start,
                end.saturating_sub(1)
            );
        };
        let target = file.boxes[begins];
        if reference.to_index {
            if !target.is(b"sidx") || target.start <= sidx.start {
                bail!(
                    "{path}: sidx at byte {}: reference {number} is to an index at byte {start}, where there is none",
                    sidx.start
                );
            }
            collect(file, &target, depth + 1, out)?;
        } else {
            if out.len() == MOST_SEGMENTS {
                bail!("{path}: sidx at byte {}: more than {MOST_SEGMENTS} segments", sidx.start);
            }
            out.push(start..end);
        }
        start = end;
    }
    Ok(())
}
