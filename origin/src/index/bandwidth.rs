//! What a track takes, in the clear and as each delivery sends it: from the plan, which knows every segment's size to the byte.

use anyhow::anyhow;
use sluice_packager::{
    cipher::SegmentEncryptor,
    title::{DeliveredBandwidth, Delivery, Scheme, TrackKind, plan::Entry},
};

use super::track::ReadTrack;

/// Bits per second, rounded up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bandwidth {
    /// Over any one segment.
    pub(super) peak: u32,
    /// Over all.
    pub(super) average: u32,
}

/// Of the clear media.
pub(super) fn clear(track: &ReadTrack) -> anyhow::Result<Bandwidth> {
    measure(track, Delivery::Clear)
}

/// Of the deliveries that protect it: none where the track is in the clear in all of them.
pub(super) fn delivered(track: &ReadTrack, deliveries: &[Delivery]) -> anyhow::Result<Vec<DeliveredBandwidth>> {
    let protecting = deliveries.iter().filter(|_| matches!(track.kind, TrackKind::Video | TrackKind::Audio));
    protecting
        .map(|scheme| {
            let Bandwidth { peak, average } = measure(track, *scheme)?;
            Ok(DeliveredBandwidth { scheme: *scheme, peak, average })
        })
        .collect()
}

fn measure(track: &ReadTrack, delivery: Delivery) -> anyhow::Result<Bandwidth> {
    let rate = |bytes: u64, duration: u64| {
        let bits = u128::from(bytes) * 8 * u128::from(track.timescale);
        u32::try_from(bits.div_ceil(u128::from(duration.max(1))))
            .map_err(|_| anyhow!("track {}: more than 4 Gbit/s cannot be described", track.id))
    };
    let (mut peak, mut total) = (0, 0);
    for (size, duration) in segments(track, delivery) {
        peak = peak.max(rate(size, duration)?);
        total += size;
    }
    Ok(Bandwidth { peak, average: rate(total, track.timeline.duration())? })
}

/// Each segment's size in bytes and its duration, as the delivery sends them.
fn segments(track: &ReadTrack, delivery: Delivery) -> Vec<(u64, u64)> {
    let durations = track.timeline.runs.iter().flat_map(|run| (0..run.n).map(move |_| run));
    if matches!(track.kind, TrackKind::Text | TrackKind::Thumbnail) {
        return track.segments().iter().map(|file| file.size).zip(durations.map(|run| run.d)).collect();
    }
    let mut rest = track.plan.as_slice();
    let mut sizes = Vec::new();
    for run in durations {
        let (entries, later) = rest.split_at_checked(run.f as usize).unwrap_or((rest, &[]));
        rest = later;
        sizes.push((size(entries, delivery), run.d));
    }
    sizes
}

fn size(entries: &[Entry], delivery: Delivery) -> u64 {
    let sum = |scheme: Option<Scheme>| entries.iter().map(|entry| u64::from(entry.delivered(scheme))).sum();
    match delivery {
        Delivery::Aes128 => SegmentEncryptor::encrypted_len(sum(None)),
        Delivery::Cenc | Delivery::Cbcs | Delivery::Clear => sum(delivery.scheme()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_is_the_sum_of_its_entries_as_delivered() {
        let entry = |clear| Entry {
            clear,
            cenc: clear + 30,
            cbcs: clear + 20,
            duration: 1,
            first_picture_cenc: 0,
            first_picture_cbcs: 0,
        };
        let entries = [entry(100), entry(60)];
        let sizes = [Delivery::Clear, Delivery::Cenc, Delivery::Cbcs, Delivery::Aes128].map(|of| size(&entries, of));
        // A segment of whole blocks gets another for padding.
        assert_eq!(sizes, [160, 220, 200, 176]);
    }
}
