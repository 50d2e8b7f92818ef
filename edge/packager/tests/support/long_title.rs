use serde_json::{Value, json};
use sluice_packager::{
    manifest::{Addressing, Options},
    title::{Delivery, KeySystem},
};

/// Four hours in segments of two seconds.
pub(crate) const SEGMENTS: u64 = 7200;

/// A descriptor of so many segments (a multiple of four), four tracks of video and six of audio, protected.
///
/// Video at 25 frames per second; AAC at 48 kHz, cut where its frames come nearest: 94, 94, 94 and 93 of them.
pub(crate) fn long_title(segments: u64) -> Value {
    let kid = |byte: u8| format!("{byte:02x}").repeat(16);
    let video = [("v2160", 3840, 2160), ("v1080", 1920, 1080), ("v720", 1280, 720), ("v360", 640, 360)];
    let mut tracks: Vec<Value> = video
        .iter()
        .map(|(id, width, height)| {
            json!({
                "id": id, "kind": "video", "codec": "avc1.640028", "timescale": 12800,
                "peak_bandwidth": 6_000_000, "average_bandwidth": 4_000_000,
                "video": {"width": width, "height": height, "frame_rate": [25, 1],
                    "iframes": {"peak_bandwidth": 500_000, "average_bandwidth": 400_000,
                        "segments": {"bandwidth": 450_000, "max_playout_rate": 50}}},
                "timeline": {"start": 0, "runs": [{"d": 25_600, "n": segments, "f": 2}]}
            })
        })
        .collect();
    for language in ["en", "fr", "de", "es", "it", "pt"] {
        tracks.push(json!({
            "id": format!("a-{language}"), "kind": "audio", "codec": "mp4a.40.2", "timescale": 48_000,
            "peak_bandwidth": 140_000, "average_bandwidth": 128_000, "language": language, "default": language == "en",
            "audio": {"channels": 2, "sample_rate": 48_000},
            "timeline": {"start": 0, "runs": [{"times": segments / 4, "of": [{"d": 96_256, "n": 3, "f": 2}, {"d": 95_232, "n": 1, "f": 2}]}]}
        }));
    }
    json!({
        "v": 1, "title": "long", "version": "k7wq2mzt5a", "tracks": tracks,
        "key_policy": {"systems": ["widevine", "playready", "fairplay"],
            "schemes": [{"scheme": "cbcs", "keys": [
                {"kid": kid(1), "scope": "video"}, {"kid": kid(2), "scope": "audio"}
            ]}]}
    })
}

/// As it is asked for: three key systems, and `EXT-X-DEFINE` or not.
pub(crate) fn options(define: bool) -> Options<'static> {
    Options {
        delivery: Delivery::Cbcs,
        systems: &[KeySystem::Widevine, KeySystem::Playready, KeySystem::Fairplay],
        max_height: None,
        codecs: None,
        base: "https://edge.example/v1/long",
        query: "",
        define,
        provided: None,
        addressing: Addressing::Segments,
    }
}
