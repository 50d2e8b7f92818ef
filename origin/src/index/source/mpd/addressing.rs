use std::ops::Range;

use anyhow::{Context, anyhow, bail};
use dash_mpd_core::{Initialization, SegmentList, SegmentTemplate};

use super::{
    Inherited,
    template::{self, Names},
    timeline::{self, Span},
};
use crate::index::source::{Declared, MOST_SEGMENTS, Piece, locate, whole};

type Pieces = (Option<Piece>, Vec<Piece>);

/// The init segment and segments of a representation, by whichever of the four addressing schemes it has (ISO/IEC 23009-1, 5.3.9.2).
pub(super) fn media(inherited: &Inherited<'_>) -> anyhow::Result<Pieces> {
    let Inherited { period, set, representation, .. } = inherited;
    let levels = [&representation.SegmentTemplate, &set.SegmentTemplate, &period.SegmentTemplate];
    if levels.iter().any(|level| level.is_some()) {
        return by_template(inherited, &merged(levels.into_iter().flatten()));
    }
    let lists = [&representation.SegmentList, &set.SegmentList, &period.SegmentList];
    if let Some(list) = lists.into_iter().flatten().next() {
        return by_list(inherited, list);
    }
    by_index(inherited)
}

/// A plain WebVTT file.
pub(super) fn text(inherited: &Inherited<'_>) -> anyhow::Result<Pieces> {
    let Inherited { period, set, representation, .. } = inherited;
    if [&representation.SegmentTemplate, &set.SegmentTemplate, &period.SegmentTemplate]
        .iter()
        .any(|level| level.is_some())
    {
        let (_, segments) = media(inherited)?;
        let named = (1..).zip(segments).map(|(number, piece)| Piece::whole(piece.path(), format!("{number}.vtt")));
        return Ok((None, named.collect()));
    }
    Ok((None, vec![Piece::whole(locate::file(&inherited.root, &inherited.base)?, "1.vtt")]))
}

/// Attributes and elements of the nearest level that has them (5.3.9.1).
fn merged<'t>(nearest_first: impl Iterator<Item = &'t SegmentTemplate>) -> SegmentTemplate {
    nearest_first.fold(SegmentTemplate::default(), |mut merged, level| {
        macro_rules! inherit {
            ($($field:ident)+) => {$(
                if merged.$field.is_none() {
                    merged.$field = level.$field.clone();
                }
            )+};
        }
        inherit!(media initialization startNumber endNumber duration timescale Initialization SegmentTimeline);
        merged
    })
}

fn by_template(inherited: &Inherited<'_>, wanted: &SegmentTemplate) -> anyhow::Result<Pieces> {
    let Inherited { root, base, representation, .. } = inherited;
    let id = representation.id.as_deref().unwrap_or_default();
    let names = Names { id, bandwidth: representation.bandwidth, number: None, time: None };
    let locate = |address: &str| locate::file(root, &locate::join(base, address)?);
    let init = match (&wanted.initialization, &wanted.Initialization) {
        (Some(pattern), _) => Some(Piece::whole(locate(&template::expand(pattern, &names)?)?, "init.mp4")),
        (None, Some(element)) => Some(initialization(inherited, element)?),
        (None, None) if super::media_type(inherited.set, representation) == "text/vtt" => None,
        (None, None) => bail!("its SegmentTemplate names no initialization segment"),
    };
    let pattern = wanted.media.as_deref().context("its SegmentTemplate has no media")?;
    let timescale = wanted.timescale.filter(|timescale| *timescale > 0).unwrap_or(1);
    let first = wanted.startNumber.unwrap_or(1);
    let one = |index: usize, time: u64| -> anyhow::Result<_> {
        let number = first.checked_add(index as u64).context("its startNumber is out of range")?;
        template::expand(pattern, &Names { number: Some(number), time: Some(time), ..names })
    };
    let mut segments = Vec::new();
    if let Some(timeline) = &wanted.SegmentTimeline {
        let spans = timeline::expand(timeline, inherited.seconds.map(|seconds| seconds * timescale as f64))?;
        for (index, Span { time, duration }) in spans.into_iter().enumerate() {
            let declared = Declared { seconds: duration as f64 / timescale as f64, nominal: false };
            let path = locate(&one(index, time)?)?;
            segments.push(Piece::whole(path, stored(index)).lasting(Some(declared)));
        }
        return Ok((init, segments));
    }
    let duration = wanted.duration.filter(|duration| *duration >= 1.0);
    let duration = duration.context("its SegmentTemplate has neither a SegmentTimeline nor a duration")?;
    let declared = Declared { seconds: duration / timescale as f64, nominal: true };
    // By files, as the last segment of audio may be one more or one fewer than the presentation's length suggests.
    while segments.len() < MOST_SEGMENTS {
        let index = segments.len();
        let address = one(index, (index as f64 * duration) as u64)?;
        match locate(&address) {
            Ok(path) => segments.push(Piece::whole(path, stored(index)).lasting(Some(declared))),
            Err(missing) if index == 0 => return Err(missing),
            Err(missing) => {
                let expected = match wanted.endNumber {
                    Some(last) => Some(last.saturating_sub(first).saturating_add(1)),
                    None => inherited.seconds.map(|seconds| (seconds / declared.seconds).floor() as u64),
                };
                if expected.is_some_and(|expected| (index as u64) < expected) {
                    return Err(missing);
                }
                break;
            }
        }
    }
    Ok((init, segments))
}

fn by_list(inherited: &Inherited<'_>, list: &SegmentList) -> anyhow::Result<Pieces> {
    let Inherited { root, base, .. } = inherited;
    if list.href.is_some() {
        bail!("its SegmentList is in another document (xlink), which is not followed");
    }
    let init = list.Initialization.as_ref().context("its SegmentList has no Initialization")?;
    let init = initialization(inherited, init)?;
    let timescale = list.timescale.filter(|timescale| *timescale > 0).unwrap_or(1) as f64;
    let nominal = list.duration.map(|duration| Declared { seconds: duration as f64 / timescale, nominal: true });
    let spans = match &list.SegmentTimeline {
        Some(timeline) => timeline::expand(timeline, inherited.seconds.map(|seconds| seconds * timescale))?,
        None => Vec::new(),
    };
    let mut segments = Vec::new();
    for (index, url) in list.segment_urls.iter().enumerate() {
        let address = locate::join(base, url.media.as_deref().unwrap_or_default())?;
        let path = locate::file(root, &address).with_context(|| format!("segment {}", index + 1))?;
        let own = spans.get(index).map(|span| Declared { seconds: span.duration as f64 / timescale, nominal: false });
        let range = url.mediaRange.as_deref().map(range).transpose()?;
        segments.push(Piece::of(path, range, stored(index)).lasting(own.or(nominal)));
    }
    if segments.is_empty() {
        bail!("its SegmentList names no segment");
    }
    Ok((Some(init), segments))
}

/// One file with an index of its own, or without one.
fn by_index(inherited: &Inherited<'_>) -> anyhow::Result<Pieces> {
    let Inherited { root, base, representation, set, period, .. } = inherited;
    let path = locate::file(root, base)?;
    let split = whole::split(&path)?;
    let levels = [&representation.SegmentBase, &set.SegmentBase, &period.SegmentBase];
    if let Some(said) = levels.into_iter().flatten().next().and_then(|level| level.indexRange.as_deref()) {
        let said = range(said)?;
        if split.index.as_ref().is_some_and(|found| found.start != said.start) || split.index.is_none() {
            bail!(
                "{}: the manifest has its index at byte {}, where there is no sidx of all its segments",
                path.display(),
                said.start
            );
        }
    }
    Ok((Some(split.init), split.segments))
}

fn initialization(inherited: &Inherited<'_>, element: &Initialization) -> anyhow::Result<Piece> {
    let address = locate::join(&inherited.base, element.sourceURL.as_deref().unwrap_or_default())?;
    let range = element.range.as_deref().map(range).transpose()?;
    Ok(Piece::of(locate::file(&inherited.root, &address)?, range, "init.mp4"))
}

fn stored(index: usize) -> String {
    format!("{}.m4s", index + 1)
}

/// `FIRST-LAST`, both included.
fn range(text: &str) -> anyhow::Result<Range<u64>> {
    let parsed = || {
        let (first, last) = text.trim().split_once('-')?;
        let range = first.parse().ok()?..last.parse::<u64>().ok()?.checked_add(1)?;
        (range.start < range.end).then_some(range)
    };
    parsed().ok_or_else(|| anyhow!("has the byte range {text:?}, which is not FIRST-LAST"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn byte_ranges_include_their_last_byte() {
        assert_eq!(range("0-877").expect("a range"), 0..878);
        for bad in ["", "5", "5-", "-5", "6-5", "a-b", "0-18446744073709551615"] {
            assert!(range(bad).is_err(), "{bad}");
        }
    }
}
