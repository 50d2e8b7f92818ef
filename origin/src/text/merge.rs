use core::ops::Range;
use std::collections::HashMap;

use super::{Content, Cue, Error};

/// Joins what samples show into cues, and says which segments each is to stand in.
#[derive(Default)]
pub(super) struct Merger {
    cues: Vec<Placed>,
    /// Of the last sample: where it ends, in ticks, and the cues that last until there.
    end: Option<u64>,
    open: HashMap<Content, Vec<usize>>,
    segments: usize,
    /// Cues read, and those of them that their sample shows.
    read: u64,
    shown: u64,
}

struct Placed {
    cue: Cue,
    /// Indexes of the first and last segment.
    segments: (usize, usize),
}

impl Merger {
    pub(super) fn begin_segment(&mut self) {
        self.segments += 1;
    }

    /// A sample of the segment that was begun last: its time in ticks and in milliseconds, and its cues, which it shows so far as they lie within it.
    pub(super) fn sample(&mut self, ticks: Range<u64>, shown: Range<u64>, cues: Vec<Cue>) {
        let mut before = core::mem::take(&mut self.open);
        if self.end.replace(ticks.end) != Some(ticks.start) {
            before.clear();
        }
        let segment = self.segments.saturating_sub(1);
        for Cue { time, content } in cues {
            self.read += 1;
            let clipped = time.start.max(shown.start)..time.end.min(shown.end);
            if clipped.is_empty() {
                continue;
            }
            self.shown += 1;
            let lasts = clipped.end == shown.end;
            let goes_on = clipped.start == shown.start;
            let earlier = if goes_on { before.get_mut(&content).and_then(Vec::pop) } else { None };
            let at = match earlier.and_then(|at| Some((at, self.cues.get_mut(at)?))) {
                Some((at, placed)) => {
                    placed.cue.time.end = clipped.end;
                    placed.segments.1 = segment;
                    at
                }
                None => {
                    let cue = Cue { time: clipped, content: content.clone() };
                    self.cues.push(Placed { cue, segments: (segment, segment) });
                    self.cues.len() - 1
                }
            };
            if lasts {
                self.open.entry(content).or_default().push(at);
            }
        }
    }

    /// The cues of each segment, in order of their times.
    pub(super) fn finish(self) -> Result<Vec<Vec<Cue>>, Error> {
        if self.read > 0 && self.shown == 0 {
            return Err(Error::Outside(self.read));
        }
        let mut segments = vec![Vec::new(); self.segments];
        for placed in &self.cues {
            let (first, last) = placed.segments;
            segments.get_mut(first..=last).into_iter().flatten().for_each(|cues| cues.push(placed.cue.clone()));
        }
        for cues in &mut segments {
            cues.sort_by_key(|cue: &Cue| (cue.time.start, cue.time.end));
        }
        Ok(segments)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cue(time: Range<u64>, text: &str) -> Cue {
        Cue { time, content: Content::new("", "", text).expect("shows") }
    }

    fn listed(segments: &[Vec<Cue>]) -> Vec<Vec<(u64, u64, &str)>> {
        let of = |cue: &'_ Cue| (cue.time.start, cue.time.end);
        segments
            .iter()
            .map(|cues| cues.iter().map(|cue| (of(cue).0, of(cue).1, cue.content.text())).collect())
            .collect()
    }

    #[test]
    fn what_runs_on_is_one_cue_in_each_segment_that_shows_it() {
        let mut merger = Merger::default();
        let mut sample = |first: bool, span: Range<u64>, cues: &[Cue]| {
            if first {
                merger.begin_segment();
            }
            merger.sample(span.clone(), span, cues.to_vec());
        };
        sample(true, 0..10, &[cue(0..10, "a"), cue(5..40, "long")]);
        sample(false, 10..20, &[cue(10..20, "a"), cue(5..40, "long")]);
        // The same words after a while, and twice at once.
        sample(true, 20..30, &[cue(5..40, "long"), cue(21..30, "a"), cue(21..30, "a")]);
        sample(true, 30..40, &[cue(5..40, "long"), cue(30..31, "a"), cue(30..31, "a")]);
        // A gap ends what was open.
        sample(true, 50..60, &[cue(5..70, "long")]);
        let segments = merger.finish().expect("shown");
        assert_eq!(
            listed(&segments),
            [
                vec![(0, 20, "a"), (5, 40, "long")],
                vec![(5, 40, "long"), (21, 31, "a"), (21, 31, "a")],
                vec![(5, 40, "long"), (21, 31, "a"), (21, 31, "a")],
                vec![(50, 60, "long")],
            ]
        );
    }

    #[test]
    fn times_of_another_timeline_are_an_error_only_where_nothing_is_shown() {
        let mut merger = Merger::default();
        merger.begin_segment();
        merger.sample(100..110, 100..110, vec![cue(0..10, "relative")]);
        assert_eq!(merger.finish(), Err(Error::Outside(1)));
        let mut merger = Merger::default();
        merger.begin_segment();
        merger.sample(100..110, 100..110, vec![cue(0..10, "before"), cue(105..106, "now")]);
        merger.begin_segment();
        let segments = merger.finish().expect("shown");
        assert_eq!(listed(&segments), [vec![(105, 106, "now")], vec![]]);
    }
}
