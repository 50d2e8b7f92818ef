//! What the manifests of four hours in segments of two seconds take, in bytes: ten tracks, protected.

#[path = "support/long_title.rs"]
mod long_title;

use long_title::{SEGMENTS, long_title, options};
use sluice_packager::{dash, hls, title::Descriptor};

fn descriptor() -> Descriptor {
    serde_json::from_value(long_title(SEGMENTS)).expect("a descriptor")
}

#[test]
fn a_descriptor_grows_with_what_differs_and_not_with_the_length() {
    let bytes = serde_json::to_vec(&descriptor()).expect("writes").len();
    assert!(bytes < 6_000, "{bytes}");
}

#[test]
fn a_manifest_is_as_long_as_its_tracks_are_many() {
    let title = descriptor();
    let whole = dash::mpd(&title, &options(false)).expect("a manifest");
    assert!(whole.len() < 40_000, "{}", whole.len());
    // Audio alternates between two durations for four hours: one stands for all of them.
    assert!(whole.contains("startNumber=\"1\" duration=\"96000"), "{whole}");
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
