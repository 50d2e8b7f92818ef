use anyhow::anyhow;
use sluice_packager::{
    cenc::{SegmentPlan, TrackConfig, plan_segment},
    title::{IFrameSegments, IFrames, Timeline, plan::Entry},
    trick::{Cutter, Error, Pictures},
};

/// The most that each segment's I-frames take alone, protected; `None` where one has none at its start, so that they cannot be offered alone.
pub(super) struct Alone(Option<Vec<u32>>);

impl Default for Alone {
    fn default() -> Self {
        Self(Some(Vec::new()))
    }
}

impl Alone {
    /// Takes the I-frames out of the next segment, as the edge will.
    ///
    /// # Errors
    /// What would fail at the edge fails here already.
    pub(super) fn add(&mut self, config: &TrackConfig, plan: &SegmentPlan, clear: &[u8]) -> anyhow::Result<()> {
        let Some(sizes) = &mut self.0 else { return Ok(()) };
        let pictures = match Pictures::of(&plan.entries) {
            Ok(pictures) => pictures,
            Err(Error::NoPicture) => {
                self.0 = None;
                return Ok(());
            }
            Err(error) => return Err(anyhow!("I-frames: {error}")),
        };
        let mut cutter = Cutter::new(config, pictures);
        let cut = cutter.push(clear).and_then(|()| cutter.finish(plan.decode_time + plan.duration));
        let cut = cut.map_err(|error| anyhow!("I-frames: {error}"))?;
        let alone = plan_segment(config, &cut).map_err(|error| anyhow!("I-frames: {error}"))?;
        sizes.push(alone.entries.iter().map(|entry| entry.cenc.max(entry.cbcs)).sum());
        Ok(())
    }
}

/// What the I-frames of a plan take; `None` where it has none, or they cannot be described in 32 bits.
///
/// As delivered in `cenc`, which adds the most: a bound for every scheme. `frame_rate`: a fraction.
pub(super) fn measure(
    plan: &[Entry],
    timeline: &Timeline,
    timescale: u32,
    frame_rate: (u32, u32),
    alone: &Alone,
) -> Option<IFrames> {
    let mut pictures: Vec<(u64, u64)> = Vec::new();
    for entry in plan {
        if entry.first_picture_cenc > 0 {
            pictures.push((entry.first_picture_cenc.into(), 0));
        }
        if let Some((_, duration)) = pictures.last_mut() {
            *duration += u64::from(entry.duration);
        }
    }
    let rate = |bytes: u64, duration: u64| -> Option<u32> {
        let bits = u128::from(bytes) * 8 * u128::from(timescale);
        u32::try_from(bits.div_ceil(u128::from(duration.max(1)))).ok()
    };
    let sum = pictures.iter().fold((0, 0), |sum, picture| (sum.0 + picture.0, sum.1 + picture.1));
    let peak = pictures.iter().map(|(bytes, duration)| rate(*bytes, *duration)).collect::<Option<Vec<_>>>()?;
    let shortest = pictures.iter().map(|(_, duration)| *duration).min()?;
    let segments = || {
        let durations = timeline.runs.iter().flat_map(|run| (0..run.n).map(move |_| run.d));
        let rates = alone.0.as_ref()?.iter().zip(durations).map(|(bytes, duration)| rate((*bytes).into(), duration));
        let (frames, per) = frame_rate;
        let ticks = u128::from(timescale) * u128::from(per.max(1));
        let max_playout_rate = u128::from(shortest) * u128::from(frames) / ticks.max(1);
        Some(IFrameSegments {
            bandwidth: rates.collect::<Option<Vec<_>>>()?.into_iter().max()?,
            max_playout_rate: u32::try_from(max_playout_rate).ok()?.max(1),
        })
    };
    let (peak_bandwidth, average_bandwidth) = (peak.into_iter().max()?, rate(sum.0, sum.1)?);
    Some(IFrames { peak_bandwidth, average_bandwidth, segments: segments() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_lasts_until_the_next() {
        let entry = |first_picture_cenc, duration| Entry {
            clear: 0,
            cenc: 0,
            cbcs: 0,
            duration,
            first_picture_cenc,
            first_picture_cbcs: 0,
        };
        // 1000 bytes for two seconds, 500 for one.
        let plan = [entry(1000, 10), entry(0, 10), entry(500, 10)];
        let mut timeline = Timeline { start: 0, runs: Vec::new() };
        timeline.push(20, 2);
        timeline.push(10, 1);
        let measured = |plan: &[Entry], alone| measure(plan, &timeline, 10, (25, 1), &Alone(alone));
        let segments = IFrameSegments { bandwidth: 3600, max_playout_rate: 25 };
        let of = |segments| Some(IFrames { peak_bandwidth: 4000, average_bandwidth: 4000, segments });
        assert_eq!(measured(&plan, Some(vec![900, 400])), of(Some(segments)));
        assert_eq!(measured(&plan, None), of(None));
        assert_eq!(measured(&[entry(0, 10)], None), None);
        assert_eq!(measured(&[], None), None);
    }
}
