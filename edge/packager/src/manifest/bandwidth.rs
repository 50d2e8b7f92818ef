use crate::{
    cipher::SegmentEncryptor,
    title::{Delivery, Track, TrackKind},
};

/// Samples of an audio codec whose frame size the descriptor does not tell: AAC's, which is the smallest in use but for Opus and AC-4.
const AUDIO_FRAME: u32 = 1024;
/// `senc`, `saiz` and `saio` of a fragment without their entries (16 + 17 + 20 bytes), for a fragment each second.
const PER_FRAGMENT: u64 = 53;

/// Highest bits per second over any segment, as delivered.
pub(crate) fn peak(track: &Track, delivery: Delivery) -> u64 {
    let measured = track.delivered(delivery).map(|measured| measured.peak.into());
    measured.unwrap_or_else(|| u64::from(track.peak_bandwidth).saturating_add(added(track, delivery)))
}

/// Bits per second over the whole track, as delivered.
pub(crate) fn average(track: &Track, delivery: Delivery) -> u64 {
    let measured = track.delivered(delivery).map(|measured| measured.average.into());
    measured.unwrap_or_else(|| u64::from(track.average_bandwidth).saturating_add(added(track, delivery)))
}

/// What protection adds, for descriptors that were written before it was measured: an estimate, for a segment each second.
///
/// `senc` and `saiz` (ISO/IEC 23001-7, 7) have per video sample a subsample count and two entries, and a size; in `cenc` eight bytes of IV per
/// sample. AES-128 fills the last block.
fn added(track: &Track, delivery: Delivery) -> u64 {
    let iv = match (track.kind, delivery) {
        (TrackKind::Text | TrackKind::Thumbnail, _) | (_, Delivery::Clear) => return 0,
        (_, Delivery::Aes128) => return SegmentEncryptor::encrypted_len(0).saturating_mul(8),
        (_, Delivery::Cenc) => 8,
        (_, Delivery::Cbcs) => 0,
    };
    let per_second = if let Some(video) = track.video {
        let (frames, per) = video.frame_rate;
        u64::from(frames).div_ceil(u64::from(per.max(1))).saturating_mul(iv + 2 + 2 * 6 + 1)
    } else if let Some(audio) = track.audio {
        u64::from(audio.sample_rate.div_ceil(AUDIO_FRAME)) * iv
    } else {
        return 0;
    };
    per_second.saturating_add(PER_FRAGMENT).saturating_mul(8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{manifest::fixture, title::DeliveredBandwidth};

    #[test]
    fn what_was_measured_goes_before_what_is_estimated() {
        let mut descriptor = fixture::protected();
        let mut track = descriptor.tracks.remove(0);
        let estimated = peak(&track, Delivery::Cbcs);
        track.delivered = vec![DeliveredBandwidth { scheme: Delivery::Cenc, peak: 3_000_001, average: 2_500_001 }];
        assert_eq!((peak(&track, Delivery::Cenc), average(&track, Delivery::Cenc)), (3_000_001, 2_500_001));
        assert_eq!(peak(&track, Delivery::Cbcs), estimated);
        assert_eq!((peak(&track, Delivery::Clear), average(&track, Delivery::Clear)), (3_000_000, 2_500_000));
    }

    #[test]
    fn protection_adds_its_boxes_and_text_has_none() {
        let descriptor = fixture::protected();
        let track = |id: &str| descriptor.tracks.iter().find(|track| track.id.as_str() == id).expect("track");
        let video = track("v720");
        assert_eq!(peak(video, Delivery::Clear), 3_000_000);
        assert_eq!(peak(video, Delivery::Cenc), 3_000_000 + (25 * 23 + 53) * 8);
        assert_eq!(average(video, Delivery::Cbcs), 2_500_000 + (25 * 15 + 53) * 8);
        assert_eq!(peak(video, Delivery::Aes128), 3_000_000 + 16 * 8);
        assert_eq!(peak(track("en"), Delivery::Cenc), 130_000 + (47 * 8 + 53) * 8);
        assert_eq!(peak(track("subs-en"), Delivery::Cenc), 800);
    }
}
