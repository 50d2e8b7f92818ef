//! Subtitles through `sluice index`: shaka-packager makes `wvtt` and `stpp` of a WebVTT file, and ffmpeg reads the cues of the file and those of what is
//! served.

use std::{fs, path::Path, process::Command};

use crate::{process::shaka_binary, tools};

/// Cues that cross segments, overlap, follow without a pause, have lines, settings, no identifier, and pauses longer than a segment.
const CUES: &str = "WEBVTT

1
00:00:01.000 --> 00:00:03.000
Hello & world

2
00:00:03.500 --> 00:00:09.250
A cue of
two lines over three segments

3
00:00:05.000 --> 00:00:06.040 line:10% align:start
Two at once

00:00:06.040 --> 00:00:07.000
without an identifier

5
00:00:20.000 --> 00:00:24.000
From boundary to boundary: é, ☺

6
00:00:24.000 --> 00:00:24.500
The end
";

/// The sample title's video with a text track that shaka-packager made, indexed; the version's folder of the text track.
fn indexed(work: &Path, name: &str, format: &str, cues: &str) -> std::path::PathBuf {
    let (source, out) = (work.join("source"), work.join("out"));
    let track = source.join(name);
    fs::create_dir_all(&track).expect("a folder");
    let video = source.join("v360");
    fs::create_dir_all(&video).expect("a folder");
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/media/title/demo/v360");
    for entry in fs::read_dir(sample).expect("the sample title").flatten() {
        fs::copy(entry.path(), video.join(entry.file_name())).expect("copies");
    }
    let input = work.join("cues.vtt");
    fs::write(&input, cues).expect("writes");
    let mut command = Command::new(shaka_binary());
    command.arg(format!(
        "in={},stream=text,format={format},init_segment={track}/init.mp4,segment_template={track}/$Number$.m4s,language=en",
        input.display(),
        track = track.display()
    ));
    command.args(["--segment_duration", "4"]);
    tools::run(command, &[], "shaka-packager");
    let mut command = Command::new(env!("CARGO_BIN_EXE_sluice"));
    command.arg("index").arg(&source).args(["--title", "text", "--out"]).arg(&out);
    tools::run(command, &[], "sluice index");
    let title = out.join("text");
    let version = fs::read_dir(&title).expect("lists").flatten().map(|entry| entry.path()).find(|path| path.is_dir());
    version.expect("a version").join(name)
}

/// The cues that ffmpeg reads of a WebVTT file, as SubRip without the numbers.
fn ffmpeg_cues(vtt: &[u8]) -> Vec<String> {
    let text = tools::ffmpeg(&["-v", "error", "-f", "webvtt", "-i", "pipe:0", "-f", "srt", "-"], vtt);
    let text = String::from_utf8(text).expect("UTF-8");
    let cues = text.split("\n\n").filter(|cue| !cue.trim().is_empty());
    cues.map(|cue| cue.trim_start().split_once('\n').expect("a number").1.trim_end().to_owned()).collect()
}

/// What is served, segment after segment, is the file: each cue in every segment that shows some of it, and in no other.
fn serves_the_cues(format: &str, cues: &str, codec: &str) {
    let work = tempfile::tempdir().expect("a temporary folder");
    let folder = indexed(work.path(), "s-en", format, cues);
    let descriptor = String::from_utf8(tools::read(&folder.join("../../descriptor.json"))).expect("UTF-8");
    assert!(descriptor.contains(&format!("\"codec\": \"{codec}\"")), "{descriptor}");
    let source = ffmpeg_cues(cues.as_bytes());
    assert_eq!(source.len(), 6);
    let millis = |stamp: &str| -> u64 {
        let parts: Vec<u64> = stamp.split([':', ',']).map(|part| part.trim().parse().expect("a number")).collect();
        ((parts[0] * 60 + parts[1]) * 60 + parts[2]) * 1000 + parts[3]
    };
    let mut served = Vec::new();
    for number in 1.. {
        let path = folder.join(format!("{number}.vtt"));
        if !path.exists() {
            assert!(number > 6, "{number} is missing");
            break;
        }
        assert!(folder.join(format!("{number}.m4s")).exists());
        let found = ffmpeg_cues(&tools::read(&path));
        let shows = |cue: &&String| {
            let (from, to) = cue.lines().next().and_then(|times| times.split_once(" --> ")).expect("times");
            millis(from) < number * 4000 && millis(to) > (number - 1) * 4000
        };
        assert_eq!(found, source.iter().filter(shows).cloned().collect::<Vec<_>>(), "segment {number} of {format}");
        served.extend(found);
    }
    served.dedup();
    assert!(source.iter().all(|cue| served.contains(cue)));
}

#[test]
#[ignore = "needs ffmpeg and shaka-packager; run by cargo verify packager"]
fn wvtt_is_served_as_the_file_that_it_was() {
    // Tags and escapes are cue text, which wvtt keeps.
    let styled = CUES.replace("Hello & world", "<i>Hello</i> &amp; <b>world</b>");
    serves_the_cues("mp4", &styled, "wvtt");
}

#[test]
#[ignore = "needs ffmpeg and shaka-packager; run by cargo verify packager"]
fn stpp_is_served_as_the_file_that_it_was() {
    serves_the_cues("ttml+mp4", CUES, "stpp.ttml.im1t");
}

#[test]
#[ignore = "needs ffmpeg and shaka-packager; run by cargo verify packager"]
fn settings_are_kept_by_wvtt() {
    let work = tempfile::tempdir().expect("a temporary folder");
    let folder = indexed(work.path(), "w-en", "mp4", CUES);
    let text = String::from_utf8(tools::read(&folder.join("2.vtt"))).expect("UTF-8");
    assert!(text.contains("\n3\n00:00:05.000 --> 00:00:06.040 line:10% align:start\nTwo at once\n"), "{text}");
    assert!(text.starts_with("WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n\n"), "{text}");
}
