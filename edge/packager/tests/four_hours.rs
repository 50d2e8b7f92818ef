//! What the manifests of four hours in segments of two seconds take, in bytes: ten tracks, protected.

#[path = "support/long_title.rs"]
mod long_title;

use long_title::{SEGMENTS, long_title};
use sluice_packager::{
    dash, hls,
    manifest::{Addressing, Options},
    title::{Delivery, Descriptor, KeySystem, TrackKind},
};

fn descriptor() -> Descriptor {
    serde_json::from_value(long_title()).expect("a descriptor")
}

fn options(define: bool) -> Options<'static> {
    Options {
        delivery: Delivery::Cbcs,
        systems: &[KeySystem::Widevine, KeySystem::Playready, KeySystem::Fairplay],
        max_height: None,
        codecs: None,
        base: "https://edge.example/v1/long",
        query: "",
        define,
        addressing: Addressing::Segments,
    }
}

#[test]
fn a_descriptor_grows_with_what_differs_and_not_with_the_length() {
    let bytes = serde_json::to_vec(&descriptor()).expect("writes").len();
    assert!(bytes < 6_000, "{bytes}");
}

#[test]
fn video_is_a_line_of_the_mpd_and_audio_two_to_each_eight_seconds() {
    let title = descriptor();
    let text = dash::mpd(&title, &options(false)).expect("a manifest");
    let mut video = title.clone();
    video.tracks.retain(|track| track.kind == TrackKind::Video);
    let video = dash::mpd(&video, &options(false)).expect("a manifest").len();
    assert!(video < 10_000, "{video}");
    let audio = (text.len() - video) as u64 / 6;
    assert!(audio < SEGMENTS / 4 * 38 + 4_000, "{audio}");
}

#[test]
fn a_playlist_is_a_few_bytes_a_segment() {
    let title = descriptor();
    for (track, define, most) in
        [("v1080", false, 39.0), ("a-en", false, 42.0), ("v1080", true, 25.0), ("a-en", true, 29.0)]
    {
        let track = title.tracks.iter().find(|found| found.id.as_str() == track).expect("a track");
        let text = hls::media(&title, &track.id, &options(define)).expect("a playlist");
        let constant = text.find("#EXTINF").expect("a segment");
        assert!(constant < 2_500, "{constant}");
        let each = (text.len() - constant) as f64 / SEGMENTS as f64;
        assert!(each <= most, "{}: {each}", track.id);
        let sum: f64 =
            text.lines().filter_map(|line| line.strip_prefix("#EXTINF:")?.strip_suffix(',')?.parse::<f64>().ok()).sum();
        assert!((sum - 14_400.0).abs() < 0.001, "{sum}");
    }
}
