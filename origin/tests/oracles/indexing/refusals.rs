//! What cannot be used, as the tools really write it: named with its file and byte, nothing written.

use super::{
    made::{Work, input},
    needs_tools,
};

/// `sluice index SOURCE` fails, a line for each of `says`, every one with all of its parts; the store stays as it was.
fn assert_refused(work: &Work, source: &str, says: &[&[&str]]) {
    let (status, told, said) = work.sluice(&["index", source, "--title", "film", "--out", "store"]);
    assert!(!status && told.is_empty(), "{source} was taken: {told}");
    assert!(!work.path("store").exists(), "{source}: something was written");
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), says.len(), "{source}: {said}");
    for (line, parts) in lines.iter().zip(says) {
        for part in *parts {
            assert!(line.contains(part), "{source}: {line:?} should say {part:?}");
        }
    }
}

const DASH: [&str; 6] = ["-map", "0", "-f", "dash", "-seg_duration", "2"];

fn encoded(work: &Work, size: &str, codec: &[&str], to: &str) {
    let source = format!("testsrc2=size={size}:rate=25:duration=6,format=yuv420p");
    work.write(to, "");
    let arguments = [&["-y", "-sc_threshold", "0"], codec, &DASH, &[to]].concat();
    work.ffmpeg_on(&["-f", "lavfi", "-i", &source], &arguments);
}

/// Where a box's type is first found, less its size field: where it begins.
fn offset(work: &Work, name: &str, kind: &[u8; 4]) -> String {
    let bytes = crate::tools::read(&work.path(name));
    let at = bytes.windows(4).position(|found| found == kind).expect("the box");
    format!("byte {}", at - 4)
}

needs_tools! {
    fn files_that_are_not_fragmented() {
        let work = Work::new();
        work.write("out/film.mp4", crate::tools::read(input()));
        let moov = offset(&work, "out/film.mp4", b"moov");
        assert_refused(&work, "out", &[&["out/film.mp4", &moov, "not fragmented", "-movflags"]]);
    }

    fn audio_and_video_in_one_file() {
        let work = Work::new();
        work.ffmpeg(&["-map", "0", "-c", "copy", "-movflags", "+frag_keyframe+empty_moov+default_base_moof", "out/film.mp4"]);
        let moov = offset(&work, "out/film.mp4", b"moov");
        assert_refused(&work, "out", &[&["out/film.mp4", &moov, "2 tracks", "-var_stream_map"]]);
    }

    fn transport_streams() {
        let work = Work::new();
        work.ffmpeg(&["-map", "0:v", "-c", "copy", "-f", "hls", "-hls_playlist_type", "vod", "out/main.m3u8"]);
        assert_refused(&work, "out", &[&["out/main.m3u8", "EXT-X-MAP", "MPEG-TS", "-hls_segment_type fmp4"]]);
        work.remove("out/main.m3u8");
        assert_refused(&work, "out", &[&["out/main0.ts", "no fragmented MP4"], &["out/main1.ts"], &["out/main2.ts"]]);
    }

    fn fragments_without_decode_times() {
        let work = Work::new();
        work.ffmpeg(&["-map", "0:v", "-c", "copy", "-f", "ismv", "out/film.ismv"]);
        // The extended type of the box that has them in Smooth Streaming.
        work.patch("out/film.ismv", &[0x6d, 0x1d, 0x9b, 0x05], &[0; 4]);
        let traf = offset(&work, "out/film.ismv", b"traf");
        assert_refused(&work, "out", &[&["out/film.ismv", &traf, "no tfdt", "told nowhere"]]);
    }

    fn protected_media() {
        let work = Work::new();
        let keys = "label=:key_id=a0a1a2a3a4a5a6a7a8a9aaabacadaeaf:key=00112233445566778899aabbccddeeff";
        work.shaka_files(&["--mpd_output", "out/manifest.mpd", "--enable_raw_key_encryption", "--keys", keys]);
        assert_refused(&work, "out", &[&["representation 0", "ContentProtection"], &["representation 1", "ContentProtection"]]);
        work.remove("out/manifest.mpd");
        let (audio, video) = (offset(&work, "out/a.mp4", b"enca"), offset(&work, "out/v.mp4", b"encv"));
        assert_refused(&work, "out", &[
            &["out/a.mp4", &audio, "protected already", "clear media"],
            &["out/v.mp4", &video, "protected already"],
        ]);
    }

    fn renditions_that_are_not_aligned() {
        let (high, low) = ("testsrc2=size=320x180:rate=25:duration=6", "testsrc2=size=160x90:rate=25:duration=6");
        let work = Work::new();
        work.ffmpeg_on(&["-f", "lavfi", "-i", high, "-f", "lavfi", "-i", low], &[
            "-map", "0", "-map", "1", "-c:v", "libx264", "-sc_threshold", "0", "-flags", "+cgop",
            "-g:v:0", "50", "-g:v:1", "60", "-f", "dash", "-seg_duration", "2", "out/manifest.mpd",
        ]);
        assert_refused(&work, "out", &[&["track video-1: segment 1", "0 to 30720 of 12800", "that of video-0 is 0 to 25600"]]);
    }

    fn open_gops_of_avc() {
        let work = Work::new();
        encoded(&work, "320x180", &["-c:v", "libx264", "-g", "50", "-bf", "3", "-x264-params", "open-gop=1"], "out/manifest.mpd");
        let refused: [&[&str]; 2] = [
            &["out/chunk-stream0-00002.m4s", "sample 0 at byte", "not an IDR", "open-gop=0"],
            &["out/chunk-stream0-00003.m4s", "sample 0 at byte", "not an IDR"],
        ];
        assert_refused(&work, "out", &refused);
    }

    fn open_gops_of_hevc() {
        let work = Work::new();
        let parameters = "log-level=error:keyint=50:min-keyint=50:scenecut=0:bframes=3:open-gop=1";
        encoded(&work, "320x180", &["-c:v", "libx265", "-tag:v", "hvc1", "-x265-params", parameters], "out/manifest.mpd");
        let refused: [&[&str]; 2] = [
            &["out/chunk-stream0-00002.m4s", "CRA", "sample 1 at byte", "RASL", "open-gop=0"],
            &["out/chunk-stream0-00003.m4s", "CRA", "RASL"],
        ];
        assert_refused(&work, "out", &refused);
    }

    fn segments_cut_between_key_frames() {
        let work = Work::new();
        work.ffmpeg(&[
            "-map", "0:v", "-c", "copy", "-f", "hls", "-hls_time", "1.5", "-hls_flags", "split_by_time",
            "-hls_segment_type", "fmp4", "-hls_playlist_type", "vod", "out/main.m3u8",
        ]);
        let first = offset(&work, "out/main1.m4s", b"mdat").replace("byte ", "").parse::<u64>().expect("a number") + 8;
        assert_refused(&work, "out", &[
            &["out/main1.m4s", "sync sample", &format!("byte {first}")],
            &["out/main3.m4s", "sync sample"],
        ]);
    }

    fn pictures_of_too_many_slices() {
        let work = Work::new();
        encoded(&work, "640x360", &["-c:v", "libx264", "-g", "150", "-flags", "+cgop", "-x264-params", "slice-max-size=150"], "out/manifest.mpd");
        assert_refused(&work, "out", &[&["out/chunk-stream0-00001.m4s", "sample 0 at byte", "subsamples, cenc allows 40", "fewer slices"]]);
    }

    fn streams_that_may_go_on() {
        let work = Work::new();
        work.shaka_segments("$Number$", &["--mpd_output", "out/manifest.mpd"]);
        assert_refused(&work, "out", &[&["out/manifest.mpd", "dynamic", "--generate_static_live_mpd"]]);
    }

    fn manifests_that_disagree_with_the_media() {
        let work = Work::new();
        work.shaka_segments("$Number$", &["--mpd_output", "out/manifest.mpd", "--generate_static_live_mpd"]);
        let told = work.read("out/manifest.mpd");
        work.write("out/manifest.mpd", told.replace("d=\"25600\" r=\"2\"", "d=\"51200\" r=\"2\""));
        let lasts = ["lasts 2.000 s, the manifest says 4.000 s"];
        assert_refused(&work, "out", &[
            &["out/v/1.m4s", lasts[0]],
            &["out/v/2.m4s", lasts[0]],
            &["out/v/3.m4s", lasts[0]],
        ]);
        work.write("out/manifest.mpd", told.replace("d=\"25600\" r=\"2\"", "d=\"25600\" r=\"3\""));
        assert_refused(&work, "out", &[&["representation 0", "v/4.m4s", "no file"]]);
        work.write("out/manifest.mpd", told.replace("v/$Number$.m4s", "../v/$Number$.m4s").replace("a/init.mp4", "https://cdn.example/init.mp4"));
        assert_refused(&work, "out", &[&["representation 0", "leads out"], &["representation 1", "another host"]]);
    }

    /// Damage of several kinds at once: all of it is told.
    fn damaged_media() {
        let work = Work::new();
        work.shaka_segments("$Number$", &[]);
        work.patch("out/v/init.mp4", b"avcC", b"free");
        let whole = crate::tools::read(&work.path("out/a/2.m4s"));
        work.write("out/a/2.m4s", &whole[..whole.len() - 100]);
        work.remove("out/a/3.m4s");
        work.write("out/a/3.m4s", crate::tools::read(&work.path("out/a/1.m4s")));
        let bytes = crate::tools::read(&work.path("out/v/init.mp4"));
        // The brand avc1 is in ftyp, before the sample entry.
        let entry = bytes.windows(4).rposition(|found| found == b"avc1").expect("an entry") - 4;
        assert_refused(&work, "out", &[
            &["out/a/2.m4s", "sample 85 at byte 17", "not complete"],
            &["out/v/init.mp4", &format!("avc1 at byte {entry} has no avcC"), "configuration is missing"],
        ]);
    }
}
