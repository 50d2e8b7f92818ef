//! Shapes of tools that do not run here, made by hand of shaka-packager's segments: names and manifests as their documentation gives them.

use super::{LANGUAGE, made::Work, needs_tools, stored::assert_indexed};

/// shaka-packager's segments under MediaConvert's names: `NAME + NAME_MODIFIER + _init.cmfi`, `… + _000000001.cmfv` (AWS Elemental MediaConvert User
/// Guide, CMAF output groups).
fn media_convert() -> Work {
    let work = Work::new();
    work.shaka_segments("$Number$", &[]);
    for (folder, name, extension) in [("v", "film_video_1", "cmfv"), ("a", "film_audio_1", "cmfa")] {
        work.copy(&format!("out/{folder}/init.mp4"), &format!("mc/{name}_init.cmfi"));
        for number in 1..=3 {
            work.copy(&format!("out/{folder}/{number}.m4s"), &format!("mc/{name}_{number:09}.{extension}"));
        }
        let entries: String =
            (1..=3).map(|number| format!("#EXTINF:2.00000,\n{name}_{number:09}.{extension}\n")).collect();
        work.write(
            &format!("mc/{name}.m3u8"),
            format!(
                "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:1\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-MAP:URI=\"{name}_init.cmfi\"\n{entries}#EXT-X-ENDLIST\n"
            ),
        );
    }
    work.write(
        "mc/film.m3u8",
        "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-INDEPENDENT-SEGMENTS\n\
         #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"program_audio_0\",LANGUAGE=\"fra\",NAME=\"Francais\",DEFAULT=YES,AUTOSELECT=YES,URI=\"film_audio_1.m3u8\"\n\
         #EXT-X-STREAM-INF:BANDWIDTH=350000,AVERAGE-BANDWIDTH=330000,CODECS=\"avc1.64000c,mp4a.40.2\",RESOLUTION=320x180,FRAME-RATE=25.000,AUDIO=\"program_audio_0\"\n\
         film_video_1.m3u8\n\
         #EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=50000,CODECS=\"avc1.64000c\",RESOLUTION=320x180,URI=\"film_video_1I-Frame.m3u8\"\n",
    );
    work
}

/// A set of MediaConvert's MPD: representations with numbered templates, durations of nine in ten thousandths of a second.
fn media_convert_set(kind: &str, name: &str, extension: &str, language: &str) -> String {
    format!(
        "<AdaptationSet mimeType=\"{kind}/mp4\" segmentAlignment=\"true\" startWithSAP=\"1\" subsegmentAlignment=\"true\" subsegmentStartsWithSAP=\"1\"{language}>\
         <SegmentTemplate timescale=\"90000\" media=\"film_$RepresentationID$_$Number%09d$.{extension}\" initialization=\"film_$RepresentationID$_init.cmfi\" startNumber=\"1\" duration=\"180000\"/>\
         <Representation id=\"{name}\" bandwidth=\"300000\" codecs=\"avc1.64000c\"/></AdaptationSet>"
    )
}

needs_tools! {
    fn media_convert_cmaf() {
        let work = media_convert();
        assert_indexed(&work, "mc", &[("film_video_1", 3), ("film_audio_1", 3)], Some(LANGUAGE));
        let sets = media_convert_set("video", "video_1", "cmfv", "") + &media_convert_set("audio", "audio_1", "cmfa", " lang=\"fra\"");
        work.write(
            "mc/film.mpd",
            format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" type=\"static\" mediaPresentationDuration=\"PT6S\" minBufferTime=\"PT2S\" profiles=\"urn:mpeg:dash:profile:isoff-live:2011\"><Period start=\"PT0S\" duration=\"PT6S\" id=\"1\">{sets}</Period></MPD>"
            ),
        );
        // It writes both: the MPD is followed, or the one that is named.
        assert_indexed(&work, "mc", &[("video_1", 3), ("audio_1", 3)], Some(LANGUAGE));
        assert_indexed(&work, "mc/film.m3u8", &[("film_video_1", 3), ("film_audio_1", 3)], Some(LANGUAGE));
        for manifest in ["film.mpd", "film.m3u8", "film_video_1.m3u8", "film_audio_1.m3u8"] {
            work.remove(&format!("mc/{manifest}"));
        }
        assert_indexed(&work, "mc", &[("film-video-1", 3), ("film-audio-1", 3)], Some(LANGUAGE));
    }

    /// `mp4dash`: folders by kind, codec and number, `seg-N.m4s`; one BaseURL-less SegmentTemplate per set (Bento4, mp4-dash.py).
    fn bento4_mp4dash() {
        let work = Work::new();
        work.shaka_segments("$Number$", &[]);
        for (folder, to) in [("v", "video/avc1/1"), ("a", "audio/fr/mp4a.40.2")] {
            work.copy(&format!("out/{folder}/init.mp4"), &format!("bento/{to}/init.mp4"));
            for number in 1..=3 {
                work.copy(&format!("out/{folder}/{number}.m4s"), &format!("bento/{to}/seg-{number}.m4s"));
            }
        }
        assert_indexed(&work, "bento", &[("video-avc1-1", 3), ("audio-fr-mp4a-40-2", 3)], Some(LANGUAGE));
        let set = |kind: &str, id: &str, path: &str, language: &str| {
            format!(
                "<AdaptationSet mimeType=\"{kind}/mp4\" segmentAlignment=\"true\" startWithSAP=\"1\"{language}>\
                 <SegmentTemplate timescale=\"1000\" duration=\"2000\" initialization=\"$RepresentationID$/init.mp4\" media=\"$RepresentationID$/seg-$Number$.m4s\" startNumber=\"1\"/>\
                 <Representation id=\"{path}\" bandwidth=\"280000\" codecs=\"{id}\"/></AdaptationSet>"
            )
        };
        let sets = set("video", "avc1.64000C", "video/avc1/1", "") + &set("audio", "mp4a.40.2", "audio/fr/mp4a.40.2", " lang=\"fr\"");
        work.write(
            "bento/stream.mpd",
            format!(
                "<?xml version=\"1.0\" ?>\n<!-- Created with Bento4 mp4-dash.py, VERSION=2.0.0-639 -->\n<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" profiles=\"urn:mpeg:dash:profile:isoff-live:2011\" minBufferTime=\"PT2.00S\" mediaPresentationDuration=\"PT6.023S\" type=\"static\"><Period>{sets}</Period></MPD>"
            ),
        );
        assert_indexed(&work, "bento", &[("video-avc1-1", 3), ("audio-fr-mp4a-40-2", 3)], Some(LANGUAGE));
    }
}
