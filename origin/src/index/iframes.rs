use sluice_packager::title::{IFrames, plan::Entry};

/// What the I-frames of a plan take, alone; `None` where it has none, or they cannot be described in 32 bits.
///
/// As delivered in `cenc`, which adds the most: a bound for every scheme.
pub(super) fn measure(plan: &[Entry], timescale: u32) -> Option<IFrames> {
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
    Some(IFrames { peak_bandwidth: peak.into_iter().max()?, average_bandwidth: rate(sum.0, sum.1)? })
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
        let measured = measure(&plan, 10);
        assert_eq!(measured, Some(IFrames { peak_bandwidth: 4000, average_bandwidth: 4000 }));
        assert_eq!(measure(&[entry(0, 10)], 10), None);
        assert_eq!(measure(&[], 10), None);
    }
}
