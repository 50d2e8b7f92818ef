//! `sluice index` on what ffmpeg and shaka-packager write, and on the shapes that MediaConvert and Bento4 document: every sample of the
//! input is in the store.

mod made;
mod refusals;
mod renamed;
mod stored;

use made::{Work, input};
use stored::assert_indexed;

macro_rules! needs_tools {
    ($($(#[$doc:meta])* fn $name:ident() $body:block)+) => {$(
        $(#[$doc])*
        #[test]
        #[ignore = "needs ffmpeg and shaka-packager; run by cargo verify packager"]
        fn $name() $body
    )+};
}
pub(crate) use needs_tools;

/// What the input's tracks are, of which there are one of video and one of audio in French.
const LANGUAGE: &str = "fr";

needs_tools! {
    fn ffmpeg_dash_by_number_and_timeline() {
        let work = Work::new();
        work.ffmpeg(&["-map", "0", "-c", "copy", "-f", "dash", "-seg_duration", "2", "out/manifest.mpd"]);
        assert_indexed(&work, "out", &[("video-0", 3), ("audio-1", 4)], Some(LANGUAGE));
        // Without the MPD, by names; the header tells no language, as ffmpeg's muxer gives it none.
        work.remove("out/manifest.mpd");
        assert_indexed(&work, "out", &[("stream0", 3), ("stream1", 4)], None);
    }

    fn ffmpeg_dash_by_duration_alone() {
        let work = Work::new();
        work.ffmpeg(&["-map", "0", "-c", "copy", "-f", "dash", "-seg_duration", "2", "-use_timeline", "0", "out/manifest.mpd"]);
        assert_indexed(&work, "out", &[("video-0", 3), ("audio-1", 4)], Some(LANGUAGE));
    }

    fn ffmpeg_dash_in_one_file_per_track() {
        let work = Work::new();
        work.ffmpeg(&[
            "-map", "0", "-c", "copy", "-f", "dash", "-seg_duration", "2", "-single_file", "1", "-hls_playlist", "1", "out/manifest.mpd",
        ]);
        // A SegmentList of byte ranges; the same in HLS; and by each segment's styp.
        assert_indexed(&work, "out", &[("video-0", 3), ("audio-1", 4)], Some(LANGUAGE));
        assert_indexed(&work, "out/master.m3u8", &[("media_0", 3), ("media_1", 4)], None);
        work.remove("out/manifest.mpd");
        assert_indexed(&work, "out", &[("media_0", 3), ("media_1", 4)], None);
        ["master.m3u8", "media_0.m3u8", "media_1.m3u8"].iter().for_each(|name| work.remove(&format!("out/{name}")));
        assert_indexed(&work, "out", &[("manifest-stream0", 3), ("manifest-stream1", 4)], None);
    }

    fn ffmpeg_hls() {
        for flags in ["independent_segments", "single_file"] {
            let work = Work::new();
            work.ffmpeg(&[
                "-map", "0:v", "-map", "0:a", "-c", "copy", "-f", "hls", "-hls_time", "2", "-hls_playlist_type", "vod",
                "-hls_segment_type", "fmp4", "-hls_flags", flags,
                "-var_stream_map", "v:0,agroup:main a:0,agroup:main,language:fr", "-master_pl_name", "master.m3u8", "out/s%v.m3u8",
            ]);
            assert_indexed(&work, "out", &[("s0", 3), ("s1", 4)], Some(LANGUAGE));
        }
    }

    /// Its default: both in each segment. Each track is taken out.
    fn ffmpeg_hls_of_audio_and_video_together() {
        for flags in ["independent_segments", "single_file"] {
            let work = Work::new();
            work.ffmpeg(&[
                "-map", "0", "-c", "copy", "-f", "hls", "-hls_time", "2", "-hls_segment_type", "fmp4",
                "-hls_playlist_type", "vod", "-hls_flags", flags, "out/film.m3u8",
            ]);
            assert_indexed(&work, "out", &[("film-video", 3), ("film-audio", 3)], Some(LANGUAGE));
            // Damage is told of the track by itself.
            if flags == "independent_segments" {
                work.patch("out/film1.m4s", b"tfdt", b"free");
                let (status, _, said) = work.sluice(&["index", "out", "--title", "film", "--out", "store"]);
                assert!(!status && said.contains("out/film1.m4s: traf at byte") && said.contains("no tfdt"), "{said}");
            }
        }
    }

    fn ffmpeg_fragmented_files() {
        for (format, flags, fragment) in [
            ("mp4", "+frag_keyframe+empty_moov+default_base_moof", "100000"),
            ("mp4", "+frag_keyframe+empty_moov+default_base_moof", "5000000"),
            ("mp4", "+frag_keyframe+dash+global_sidx", "1000000"),
            ("mp4", "+frag_every_frame+empty_moov+default_base_moof", "1000000"),
            // Data offsets from the start of the file.
            ("mp4", "+frag_keyframe+empty_moov", "1000000"),
            // Smooth Streaming: decode times in a box of its own.
            ("ismv", "+frag_keyframe+empty_moov", "1000000"),
        ] {
            let work = Work::new();
            for stream in ["v", "a"] {
                let (map, to) = (format!("0:{stream}"), format!("out/{stream}.mp4"));
                // ffmpeg's ismv gives audio that begins with priming a negative time, which no field of CMAF holds.
                let format = if stream == "a" { "mp4" } else { format };
                work.ffmpeg(&["-map", &map, "-c", "copy", "-f", format, "-movflags", flags, "-frag_duration", fragment, &to]);
            }
            let audio = work.count("out", "a");
            assert_indexed(&work, "out", &[("v", 6), ("a", audio)], Some(LANGUAGE));
            assert!((1..=7).contains(&audio), "{format} {flags} {fragment}: {audio} segments of audio");
        }
    }

    fn shaka_live() {
        for segment in ["$Number$", "$Number%05d$", "$Time$"] {
            let work = Work::new();
            work.shaka_segments(segment, &["--mpd_output", "out/manifest.mpd", "--generate_static_live_mpd", "--hls_master_playlist_output", "out/main.m3u8"]);
            assert_indexed(&work, "out", &[("video-0", 3), ("audio-1", 3)], Some(LANGUAGE));
            assert_indexed(&work, "out/main.m3u8", &[("stream_1", 3), ("stream_0", 3)], Some(LANGUAGE));
            work.remove("out/manifest.mpd");
            ["main.m3u8", "stream_0.m3u8", "stream_1.m3u8"].iter().for_each(|name| work.remove(&format!("out/{name}")));
            assert_indexed(&work, "out", &[("v", 3), ("a", 3)], Some(LANGUAGE));
        }
    }

    fn shaka_on_demand() {
        let work = Work::new();
        work.shaka_files(&["--mpd_output", "out/manifest.mpd", "--hls_master_playlist_output", "out/main.m3u8"]);
        assert_indexed(&work, "out", &[("video-0", 3), ("audio-1", 3)], Some(LANGUAGE));
        assert_indexed(&work, "out/main.m3u8", &[("stream_1", 3), ("stream_0", 3)], Some(LANGUAGE));
        work.remove("out/manifest.mpd");
        work.remove("out/main.m3u8");
        ["stream_0.m3u8", "stream_1.m3u8"].iter().for_each(|name| work.remove(&format!("out/{name}")));
        assert_indexed(&work, "out", &[("v", 3), ("a", 3)], Some(LANGUAGE));
        // A file of one track is a title too.
        assert_eq!(work.count("out/v.mp4", "v"), 3);
    }

    fn shaka_text_in_cmaf() {
        let work = Work::new();
        work.shaka_with_text("WEBVTT\n\n00:00:01.000 --> 00:00:02.500\nEine Schleuse\n\n00:00:05.000 --> 00:00:05.500\nist ein Tor.\n");
        let (status, told, said) = work.sluice(&["index", "out", "--title", "film", "--out", "store"]);
        assert!(status, "{said}");
        assert!(told.contains("text-1: text wvtt de, 3 segments"), "{told}");
        let descriptor: serde_json::Value = serde_json::from_str(&work.read("store/film/descriptor.json")).expect("JSON");
        let folder = format!("store/film/{}/text-1", descriptor["version"].as_str().expect("a version"));
        for (number, cue) in [(1, "Eine Schleuse"), (3, "ist ein Tor.")] {
            assert!(work.read(&format!("{folder}/{number}.vtt")).contains(cue), "{number}");
            let stored = crate::tools::read(&work.path(&format!("{folder}/{number}.m4s")));
            assert_eq!(stored, crate::tools::read(&work.path(&format!("out/t/{number}.m4s"))));
        }
    }

    fn title_toml_names_tracks_and_has_the_last_word() {
        let work = Work::new();
        work.shaka_files(&["--mpd_output", "out/manifest.mpd"]);
        work.write("out/title.toml", "[tracks.v180]\nfrom = \"video-0\"\n[tracks.a-main]\nfrom = \"audio-1\"\nlanguage = \"fr-CA\"\nlabel = \"Québec\"\n");
        assert_indexed(&work, "out", &[("v180", 3), ("a-main", 3)], Some("fr-CA"));
    }

    fn checking_writes_nothing() {
        let work = Work::new();
        work.shaka_files(&["--mpd_output", "out/manifest.mpd"]);
        let (status, told, said) = work.sluice(&["index", "out", "--title", "film", "--out", "store", "--check"]);
        assert!(status && said.is_empty(), "{said}");
        assert!(told.contains("video-0: video avc1.") && told.contains("would be in store/film/"), "{told}");
        assert!(!work.path("store").exists());
        assert!(input().exists());
    }
}
