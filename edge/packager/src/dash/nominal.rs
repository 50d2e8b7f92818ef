use crate::{manifest::Seconds, title::Track};

/// Entries that a `SegmentTimeline` may take. Longer ones are of audio whose frames do not fit its segments, so that durations alternate to the end.
const LONGEST_TIMELINE: usize = 512;
/// How far a segment may begin from where one duration for all puts it, in milliseconds. The standard allows half a segment (ISO/IEC 23009-1, 7.2.1).
const FARTHEST: u128 = 100;

/// What the timescale is multiplied by: in ticks of the media's own, a duration rounded up would be a tenth of a second off after some thousand segments.
pub(super) const FINER: u32 = 1000;

/// One duration for all segments of a track (`@duration`, 5.3.9.2.2), in [`FINER`] parts of its timescale, where its timeline would be long and the
/// segments are cut as evenly as their frames allow; `None` where a timeline tells.
///
/// `entries`: of the timeline. `offset`: where the period begins, in the timescale. `period`: how long it is; players count the segments by it.
pub(super) fn duration(track: &Track, entries: usize, offset: u64, period: Seconds) -> Option<u64> {
    if entries <= LONGEST_TIMELINE {
        return None;
    }
    let count = u128::from(track.timeline.count()).max(1);
    let timescale = u128::from(track.timescale.max(1).checked_mul(FINER)?);
    let finer = |ticks: u64| u128::from(ticks) * u128::from(FINER);
    let length = period.micros() * timescale;
    // The last segment may be a short one; told by the others' duration it is still one, and the last.
    let last = track.timeline.segment(track.timeline.count())?.time;
    let even = finer(last - track.timeline.start).div_ceil((count - 1).max(1));
    let duration = length.div_ceil(1_000_000 * count).max(even);
    if duration == 0 || duration * (count - 1) * 1_000_000 >= length {
        return None;
    }
    let mut begin = finer(track.timeline.start.checked_sub(offset)?);
    let mut nominal = 0u128;
    for run in &track.timeline.runs {
        for _ in 0..run.n {
            if begin.abs_diff(nominal) * 1000 > FARTHEST * timescale {
                return None;
            }
            begin += finer(run.d);
            nominal += duration;
        }
    }
    u64::try_from(duration).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{manifest::fixture, title::Run};

    /// Two seconds of AAC at 48 kHz: 94 frames, or 93.
    fn audio(cycles: usize) -> Track {
        let mut track = fixture::audio("en", "en", "English", true);
        track.timeline.runs = [Run { d: 96_256, n: 3, f: 2 }, Run { d: 95_232, n: 1, f: 2 }].repeat(cycles);
        track
    }

    fn of(track: &Track, offset: u64, period: Seconds) -> Option<u64> {
        duration(track, track.timeline.runs.len(), offset, period)
    }

    /// To a thousandth of a percent.
    fn is_two_seconds(duration: Option<u64>) -> bool {
        duration.is_some_and(|duration| duration.abs_diff(96_000_000) < 960)
    }

    #[test]
    fn even_segments_of_long_titles_have_one_duration() {
        let track = audio(1800);
        let period = Seconds::up(track.timeline.duration(), track.timescale);
        assert!(is_two_seconds(of(&track, 0, period)));
        // Players take the period's length by the duration, rounded up, for the number of segments.
        for more in [0, 1, 1000, 3_000] {
            let period = Seconds::up(track.timeline.duration() + more, track.timescale);
            let one = of(&track, 0, period).expect("a duration");
            assert_eq!((period.micros() * 48_000_000).div_ceil(1_000_000 * u128::from(one)), 7200, "{more}");
        }
        let much_longer = Seconds::up(track.timeline.duration() + 40_000, track.timescale);
        assert_eq!(of(&track, 0, much_longer), None, "the last segments would be told too late");
        assert_eq!(of(&audio(200), 0, period), None, "short enough for a timeline");
    }

    #[test]
    fn a_short_last_segment_is_one_too() {
        let mut track = audio(1800);
        track.timeline.runs.push(Run { d: 2048, n: 1, f: 1 });
        let period = Seconds::up(track.timeline.duration(), track.timescale);
        let one = of(&track, 0, period).expect("a duration");
        assert_eq!((period.micros() * 48_000_000).div_ceil(1_000_000 * u128::from(one)), 7201);
        assert!(is_two_seconds(Some(one)));
    }

    #[test]
    fn uneven_segments_have_a_timeline() {
        let mut track = audio(1800);
        let period = Seconds::up(track.timeline.duration(), track.timescale);
        // A tenth of a second late, from somewhere on.
        track.timeline.runs[900].d += 5_000;
        assert_eq!(of(&track, 0, period), None);
        let mut late = audio(1800);
        late.timeline.start = 6_000;
        assert_eq!(of(&late, 0, period), None);
        assert!(is_two_seconds(of(&late, 6_000, period)));
        assert_eq!(of(&late, 6_001, period), None, "before the period");
        assert_eq!(of(&audio(1800), 0, Seconds::up(1, 1)), None, "a period that it is not of");
    }
}
