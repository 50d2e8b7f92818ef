use anyhow::{Context, bail};
use dash_mpd_core::SegmentTimeline;

use crate::index::source::MOST_SEGMENTS;

/// A segment of a timeline, in its timescale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) time: u64,
    pub(super) duration: u64,
}

/// The segments of a SegmentTimeline (ISO/IEC 23009-1, 5.3.9.6). `length` is the period's, in the timescale.
///
/// # Errors
/// Segments without a duration, before the end of the one before, or without end.
pub(super) fn expand(timeline: &SegmentTimeline, length: Option<f64>) -> anyhow::Result<Vec<Span>> {
    let mut spans: Vec<Span> = Vec::new();
    let mut time = 0u64;
    for (index, run) in timeline.segments.iter().enumerate() {
        if run.d == 0 {
            bail!("its SegmentTimeline has a segment of no duration (S {})", index + 1);
        }
        if let Some(start) = run.t {
            if start < time && index > 0 {
                bail!("its SegmentTimeline goes back from {time} to {start} (S {})", index + 1);
            }
            time = start;
        }
        let count = match run.r.unwrap_or(0) {
            repeat @ 0.. => repeat.unsigned_abs().saturating_add(1),
            // To the next one, or to the end.
            _ => {
                let start = timeline.segments.first().and_then(|first| first.t).unwrap_or(0);
                let end = match timeline.segments.get(index + 1) {
                    Some(next) => next.t,
                    None => length.map(|length| start.saturating_add(length as u64)),
                };
                let end =
                    end.context("its SegmentTimeline repeats without an end (r=\"-1\", and no duration is given)")?;
                end.saturating_sub(time).div_ceil(run.d).max(1)
            }
        };
        for _ in 0..count {
            if spans.len() == MOST_SEGMENTS {
                bail!("its SegmentTimeline has more than {MOST_SEGMENTS} segments");
            }
            spans.push(Span { time, duration: run.d });
            time = time.checked_add(run.d).context("its SegmentTimeline is longer than 64 bits can tell")?;
        }
    }
    if spans.is_empty() {
        bail!("its SegmentTimeline has no segment");
    }
    Ok(spans)
}

#[cfg(test)]
mod tests {
    use dash_mpd_core::S;
    use proptest::prelude::*;

    use super::*;

    fn timeline(runs: &[(Option<u64>, u64, Option<i64>)]) -> SegmentTimeline {
        SegmentTimeline { segments: runs.iter().map(|(t, d, r)| S { t: *t, d: *d, r: *r, ..S::default() }).collect() }
    }

    fn spans(runs: &[(Option<u64>, u64, Option<i64>)], length: Option<f64>) -> anyhow::Result<Vec<(u64, u64)>> {
        Ok(expand(&timeline(runs), length)?.into_iter().map(|span| (span.time, span.duration)).collect())
    }

    #[test]
    fn runs_repeat_and_go_on_from_one_another() {
        let listed = spans(&[(Some(10), 4, Some(1)), (None, 3, None), (Some(30), 5, None)], None).expect("a timeline");
        assert_eq!(listed, [(10, 4), (14, 4), (18, 3), (30, 5)]);
        // -1: to the next, or to the period's end.
        let open = spans(&[(Some(0), 4, Some(-1)), (Some(8), 2, Some(-1))], Some(13.0)).expect("a timeline");
        assert_eq!(open, [(0, 4), (4, 4), (8, 2), (10, 2), (12, 2)]);
        for (bad, says) in [
            (&[][..], "no segment"),
            (&[(Some(0), 0, None)], "no duration"),
            (&[(Some(9), 4, None), (Some(3), 4, None)], "goes back"),
            (&[(None, 4, Some(-1))], "without an end"),
            (&[(None, 1, Some(i64::MAX))], "more than"),
            (&[(Some(u64::MAX), 1, None)], "64 bits"),
        ] {
            let said = spans(bad, None).expect_err(says).to_string();
            assert!(said.contains(says), "{said}");
        }
    }

    proptest! {
        #[test]
        fn any_timeline_ends(
            runs in proptest::collection::vec((any::<Option<u64>>(), any::<u64>(), any::<Option<i64>>()), 0..6),
            length in any::<Option<f64>>(),
        ) {
            if let Ok(spans) = spans(&runs, length) {
                prop_assert!(spans.len() <= MOST_SEGMENTS);
            }
        }
    }
}
