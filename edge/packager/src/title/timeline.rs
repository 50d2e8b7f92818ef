use serde::{Deserialize, Serialize};
use sluice_document::members;

/// `count` segments in a row of the same duration and fragment count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Run {
    /// Duration of each segment, in the track's timescale.
    pub d: u64,
    /// How many segments.
    pub n: u32,
    /// Entries of the plan per segment: its fragments, and one more where bytes follow the last `mdat`. 0 for text.
    #[serde(skip_serializing_if = "is_zero")]
    pub f: u32,
}

members!(Run { d, n, f = 0 });

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_zero(n: &u32) -> bool {
    *n == 0
}

/// A track's segments, run-length coded. Segments are numbered from 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timeline {
    /// Decode time of the first segment, in the track's timescale.
    pub start: u64,
    /// Segments follow one another without gaps. In documents what repeats is folded: `{"times":N,"of":[RUN,…]}` stands for N times those runs.
    #[serde(with = "super::folded")]
    pub runs: Vec<Run>,
}

/// One segment's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Counts from 1.
    pub number: u32,
    /// Decode time, in the track's timescale.
    pub time: u64,
    /// In the track's timescale.
    pub duration: u64,
    /// Index of the segment's first entry in the track's plan.
    pub first_entry: u64,
    /// How many entries of the plan are the segment's.
    pub entries: u32,
}

impl Timeline {
    /// How many segments there are; saturates.
    pub fn count(&self) -> u32 {
        self.runs.iter().fold(0, |sum, run| sum.saturating_add(run.n))
    }

    /// Total duration in the track's timescale; saturates.
    pub fn duration(&self) -> u64 {
        self.runs.iter().fold(0, |sum, run| sum.saturating_add(run.d.saturating_mul(run.n.into())))
    }

    /// The longest segment, in the track's timescale (HLS `EXT-X-TARGETDURATION`).
    pub fn longest(&self) -> u64 {
        self.runs.iter().map(|run| run.d).max().unwrap_or(0)
    }

    /// Segment `number`, or `None` past the end. Costs the number of runs, not of segments.
    pub fn segment(&self, number: u32) -> Option<Segment> {
        let mut before = number.checked_sub(1)?;
        let (mut time, mut first_entry) = (self.start, 0u64);
        for run in &self.runs {
            let skipped = before.min(run.n);
            time = time.checked_add(run.d.checked_mul(skipped.into())?)?;
            first_entry = first_entry.checked_add(u64::from(run.f) * u64::from(skipped))?;
            if before < run.n {
                return Some(Segment { number, time, duration: run.d, first_entry, entries: run.f });
            }
            before -= run.n;
        }
        None
    }

    /// Appends a segment, joining it to the last run where it is alike.
    pub fn push(&mut self, d: u64, f: u32) {
        match self.runs.last_mut() {
            Some(run) if run.d == d && run.f == f => run.n += 1,
            _ => self.runs.push(Run { d, n: 1, f }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_found_by_number() {
        let mut timeline = Timeline { start: 100, runs: Vec::new() };
        for (d, f) in [(40, 4), (40, 4), (38, 4), (20, 2)] {
            timeline.push(d, f);
        }
        assert_eq!(timeline.runs.len(), 3);
        assert_eq!((timeline.count(), timeline.duration(), timeline.longest()), (4, 138, 40));
        let places: Vec<_> =
            (0..=5).map(|n| timeline.segment(n).map(|s| (s.time, s.duration, s.first_entry, s.entries))).collect();
        assert_eq!(
            places,
            [None, Some((100, 40, 0, 4)), Some((140, 40, 4, 4)), Some((180, 38, 8, 4)), Some((218, 20, 12, 2)), None]
        );
    }

    #[test]
    fn a_lying_timeline_does_not_overflow() {
        let timeline = Timeline { start: u64::MAX, runs: vec![Run { d: u64::MAX, n: u32::MAX, f: u32::MAX }; 3] };
        assert_eq!(timeline.segment(u32::MAX), None);
        assert_eq!((timeline.count(), timeline.duration()), (u32::MAX, u64::MAX));
    }
}
