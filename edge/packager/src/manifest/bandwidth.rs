use crate::title::{Scheme, Track};

/// Samples of an audio codec whose frame size the descriptor does not tell: AAC's, which is the smallest in use but for Opus and AC-4.
const AUDIO_FRAME: u32 = 1024;
/// `senc`, `saiz` and `saio` of a fragment without their entries (16 + 17 + 20 bytes), for a fragment each second.
const PER_FRAGMENT: u64 = 53;

/// Highest bits per second over any segment, as delivered: the clear media's, and an estimate of what protection adds.
pub(crate) fn peak(track: &Track, scheme: Option<Scheme>) -> u64 {
    u64::from(track.peak_bandwidth) + added(track, scheme)
}

/// Bits per second over the whole track, as delivered.
pub(crate) fn average(track: &Track, scheme: Option<Scheme>) -> u64 {
    u64::from(track.average_bandwidth) + added(track, scheme)
}

/// What `senc` and `saiz` add (ISO/IEC 23001-7, 7): per video sample a subsample count and two entries, and a size; in `cenc`
/// eight bytes of IV per sample. Only a plan knows it to the byte, and manifests are written without reading plans.
fn added(track: &Track, scheme: Option<Scheme>) -> u64 {
    let Some(scheme) = scheme else { return 0 };
    let iv = match scheme {
        Scheme::Cenc => 8,
        Scheme::Cbcs => 0,
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
    use crate::manifest::fixture;

    #[test]
    fn protection_adds_its_boxes_and_text_has_none() {
        let descriptor = fixture::protected();
        let track = |id: &str| descriptor.tracks.iter().find(|track| track.id.as_str() == id).expect("track");
        let video = track("v720");
        assert_eq!(peak(video, None), 3_000_000);
        assert_eq!(peak(video, Some(Scheme::Cenc)), 3_000_000 + (25 * 23 + 53) * 8);
        assert_eq!(average(video, Some(Scheme::Cbcs)), 2_500_000 + (25 * 15 + 53) * 8);
        assert_eq!(peak(track("en"), Some(Scheme::Cenc)), 130_000 + (47 * 8 + 53) * 8);
        assert_eq!(peak(track("subs-en"), Some(Scheme::Cenc)), 800);
    }
}
