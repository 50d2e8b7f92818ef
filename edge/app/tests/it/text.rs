//! Text tracks: plain WebVTT, and timed text in CMAF with its WebVTT beside it.

use serde_json::json;

use super::support::{MemoryHost, descriptor};

/// The title with its plain track, and the track `s-en` in CMAF.
fn host() -> MemoryHost {
    let host = MemoryHost::new();
    let timeline = json!({"start": 0, "runs": [{"d": 4000, "n": 2}]});
    let mut title = descriptor(&["clearkey"], json!({"state": "published"}));
    let tracks = title["tracks"].as_array_mut().expect("tracks");
    tracks.push(json!({
        "id": "s-en", "kind": "text", "codec": "stpp.ttml.im1t", "timescale": 1000, "peak_bandwidth": 100, "average_bandwidth": 100,
        "language": "en", "text": {"fragmented": true}, "timeline": timeline
    }));
    tracks.push(json!({
        "id": "a-en", "kind": "audio", "codec": "mp4a.40.2", "timescale": 1000, "peak_bandwidth": 100, "average_bandwidth": 100,
        "language": "en", "audio": {"channels": 2, "sample_rate": 48_000}, "timeline": timeline
    }));
    host.describe(&title);
    let record = json!({
        "v": 1, "track": "s-en", "version": "1", "kind": "text", "number": 1, "timescale": 1000,
        "sample_entry": "AAAAKw==", "timeline": timeline
    });
    host.put("/titles/film/1/s-en/record.json", record.to_string().into_bytes());
    for name in ["init.mp4", "1.m4s", "2.m4s", "1.vtt", "2.vtt"] {
        host.put(&format!("/titles/film/1/s-en/{name}"), format!("clear {name}").into_bytes());
    }
    host
}

#[test]
fn timed_text_leaves_byte_for_byte_in_every_delivery() {
    let host = host();
    let base = MemoryHost::handle_path(&host.create("ann", "tv"));
    for delivery in ["cenc", "cbcs"] {
        for (name, content_type) in [
            ("init.mp4", "application/mp4"),
            ("1.m4s", "application/mp4"),
            ("2.m4s", "application/mp4"),
            ("1.vtt", "text/vtt; charset=utf-8"),
            ("2.vtt", "text/vtt; charset=utf-8"),
        ] {
            let url = format!("{base}/{delivery}/s-en/{name}?v=1");
            let whole = host.get(&url, &[]);
            assert_eq!((whole.status, whole.header("content-type")), (200, Some(content_type)), "{name}");
            assert_eq!(whole.body, format!("clear {name}").into_bytes());
            let part = host.get(&url, &[("range", "bytes=6-")]);
            assert_eq!((part.status, part.body), (206, name.as_bytes().to_vec()));
            let etag = whole.header("etag").expect("an ETag").to_owned();
            assert_eq!(host.get(&url, &[("if-none-match", &etag)]).status, 304, "{name}");
        }
        for name in ["3.m4s", "3.vtt"] {
            assert_eq!(
                host.get(&format!("{base}/{delivery}/s-en/{name}?v=1"), &[]).problem(),
                (404, "unknown_segment".to_owned())
            );
        }
    }
    // Plain WebVTT has no other form.
    for name in ["init.mp4", "1.m4s"] {
        let got = host.get(&format!("{base}/cenc/t-en/{name}?v=1"), &[]).problem();
        assert_eq!(got, (404, "unknown_segment".to_owned()));
    }
}

#[test]
fn hls_lists_webvtt_of_every_text_track_and_dash_the_cmaf() {
    let host = host();
    let base = MemoryHost::handle_path(&host.create("ann", "tv"));
    let text = |path: &str| String::from_utf8(host.get(&format!("{base}/cbcs/{path}"), &[]).body).expect("UTF-8");
    let main = text("main.m3u8");
    assert_eq!(main.matches("TYPE=SUBTITLES").count(), 2, "{main}");
    let playlist = text("s-en.m3u8");
    assert!(playlist.contains("\ns-en/1.vtt?v=1\n") && !playlist.contains("EXT-X-MAP"), "{playlist}");
    let mpd = text("manifest.mpd");
    assert!(mpd.contains("codecs=\"stpp.ttml.im1t\"") && mpd.contains("mimeType=\"text/vtt\""), "{mpd}");
}
