//! What `sluice inspect` finds in files of ffmpeg's and shaka-packager's making, against what ffprobe finds in them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::{clip::Clip, tools};

const KEYS: &str = "label=:key_id=a0a1a2a3a4a5a6a7a8a9aaabacadaeaf:key=00112233445566778899aabbccddeeff";

/// Durations of audio, which ffprobe has from the codec and not from the file: decode times, which it has from there, sum them up.
const UNTOLD: i64 = -1;

/// Files that the two tools write from one synthetic title, made when first asked for.
struct Made {
    folder: tempfile::TempDir,
}

impl Made {
    fn new() -> Self {
        let made = Self { folder: tempfile::tempdir().expect("a temporary folder") };
        let clear = made.path("clear.mp4");
        let source =
            ["-f", "lavfi", "-i", "testsrc=size=320x180:rate=25:duration=8", "-f", "lavfi", "-i", "sine=duration=8"];
        let coded =
            ["-c:v", "libx264", "-g", "50", "-bf", "2", "-sc_threshold", "0", "-preset", "ultrafast", "-c:a", "aac"];
        tools::ffmpeg(&[&["-v", "error", "-nostdin"][..], &source, &coded, &[&clear]].concat(), &[]);
        made
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().expect("a path in UTF-8").to_owned()
    }

    /// Has ffmpeg mux the title anew.
    fn ffmpeg(&self, options: &[&str], name: &str) -> PathBuf {
        let (clear, out) = (self.path("clear.mp4"), self.path(name));
        tools::ffmpeg(&[&["-v", "error", "-nostdin", "-i", &clear, "-c", "copy"][..], options, &[&out]].concat(), &[]);
        out.into()
    }

    /// Has shaka-packager write the title's video, in one file beside manifests.
    fn shaka(&self, name: &str, options: &[&str]) -> PathBuf {
        let (clear, out) = (self.path("clear.mp4"), self.path(&format!("{name}.mp4")));
        let mut command = Command::new(crate::process::shaka_binary());
        command.arg(format!("in={clear},stream=video,output={out}")).args(options);
        command.args(["--enable_raw_key_encryption", "--keys", KEYS, "--segment_duration", "2"]);
        command.args(["--protection_systems", "Widevine,PlayReady,CommonSystem"]);
        command.args(["--mpd_output", &self.path(&format!("{name}.mpd"))]);
        command.args(["--hls_master_playlist_output", &self.path(&format!("{name}.m3u8"))]);
        tools::run(command, &[], "shaka-packager");
        out.into()
    }
}

fn inspect(file: &Path) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sluice"));
    command.args(["inspect", "--json", "--samples"]).arg(file);
    serde_json::from_slice(&tools::run(command, &[], "sluice inspect")).expect("JSON")
}

fn list<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value[name].as_array().into_iter().flatten()
}

/// The boxes whose type is one of ffmpeg's, as its demuxer logs them: type, parent, size.
fn traced(file: &Path) -> Vec<(String, String, u64)> {
    let mut command = Command::new("ffprobe");
    command.args(["-v", "trace"]).arg(file);
    let output = command.output().expect("ffprobe");
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    let quoted = |line: &str, name: &str| Some(line.split_once(&format!("{name}:'"))?.1.split('\'').next()?.to_owned());
    let boxes = log.lines().filter_map(|line| {
        let size = line.split_once(" sz: ")?.1.split_whitespace().next()?.parse().ok()?;
        Some((quoted(line, " type")?, quoted(line, "parent")?, size))
    });
    boxes.collect()
}

/// As ffmpeg logs them: what a sample entry holds is `stsd`'s.
fn flatten(nodes: &Value, parent: &str, entries: bool, out: &mut Vec<(String, String, u64)>) {
    for node in nodes.as_array().into_iter().flatten() {
        let kind = node["type"].as_str().expect("a type");
        out.push((kind.to_owned(), parent.to_owned(), node["size"].as_u64().expect("a size")));
        flatten(&node["children"], if entries { parent } else { kind }, kind == "stsd", out);
    }
}

/// Every box that ffmpeg's demuxer sees on its way is in the tree, under the same parent and of the same size.
fn same_boxes(file: &Path) {
    let report = inspect(file);
    let mut ours = Vec::new();
    flatten(&report["boxes"], "root", false, &mut ours);
    let theirs = traced(file);
    assert!(theirs.len() > 20, "{}: ffprobe names {} boxes", file.display(), theirs.len());
    for found in &theirs {
        // It writes bytes that are not ASCII in another way.
        assert!(ours.contains(found) || found.0.contains('['), "{}: {found:?} is not in the tree", file.display());
    }
}

/// The samples of the file's first track of that kind: offset, size, decode and presentation time, duration, sync; sorted by offset.
fn samples(file: &Path, handler: &str) -> Vec<[i64; 6]> {
    let report = inspect(file);
    assert_eq!(report["errors"], serde_json::json!([]), "{}", file.display());
    let track = list(&report, "tracks").find(|track| track["handler"] == handler).expect("a track");
    let rows = list(&report, "fragments").filter(|fragment| fragment["track_id"] == track["track_id"]);
    let number = |row: &Value, name: &str| row[name].as_i64().unwrap_or_else(|| panic!("{name} in {row}"));
    let mut rows: Vec<_> = rows
        .flat_map(|fragment| list(fragment, "table"))
        .map(|row| {
            let time = number(row, "decode_time");
            let sync = i64::from(row["sync"].as_bool().expect("sync"));
            let shown = time + number(row, "composition_offset");
            [number(row, "offset"), number(row, "size"), time, shown, number(row, "duration"), sync]
        })
        .collect();
    rows.sort_unstable();
    rows
}

/// The same as ffprobe has it, but for where times begin: it applies edit lists, and moves decode times before composition times.
fn packets(file: &Path, stream: &str) -> Vec<[i64; 6]> {
    let mut command = Command::new("ffprobe");
    command.args(["-v", "error", "-select_streams", stream, "-show_entries", "packet=pos,size,dts,pts,duration,flags"]);
    command.args(["-of", "json"]).arg(file);
    let read: Value = serde_json::from_slice(&tools::run(command, &[], "ffprobe")).expect("JSON");
    let number = |packet: &Value, name: &str| match &packet[name] {
        Value::String(text) => text.parse().expect("a number"),
        value => value.as_i64().unwrap_or_else(|| panic!("{name} in {packet}")),
    };
    let mut packets: Vec<_> = list(&read, "packets")
        .map(|packet| {
            let sync = i64::from(packet["flags"].as_str().is_some_and(|flags| flags.starts_with('K')));
            [
                number(packet, "pos"),
                number(packet, "size"),
                number(packet, "dts"),
                number(packet, "pts"),
                if stream.starts_with('a') { UNTOLD } else { number(packet, "duration") },
                sync,
            ]
        })
        .collect();
    packets.sort_unstable();
    packets
}

fn same_samples(file: &Path, handler: &str, stream: &str) {
    let (ours, theirs) = (samples(file, handler), packets(file, stream));
    assert_eq!(ours.len(), theirs.len(), "{}: samples", file.display());
    assert!(ours.len() > 50, "{}: hardly a sample", file.display());
    let shift = |time: usize| ours[0][time] - theirs[0][time];
    let (decoded, shown) = (shift(2), shift(3));
    for (ours, theirs) in ours.iter().zip(&theirs) {
        let [offset, size, dts, pts, duration, sync] = *theirs;
        let duration = if duration == UNTOLD { ours[4] } else { duration };
        assert_eq!(*ours, [offset, size, dts + decoded, pts + shown, duration, sync], "{}", file.display());
    }
}

fn whole(clip: &Clip) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    fs::write(file.path(), clip.whole()).expect("the clip can be written");
    file
}

#[test]
#[ignore = "needs ffmpeg; run by cargo verify packager"]
fn clips_have_the_boxes_and_samples_that_ffprobe_finds() {
    for (clip, handler, stream) in [
        (crate::clip::high_1080p(), "vide", "v:0"),
        (crate::clip::hevc_main_10(), "vide", "v:0"),
        (crate::clip::aac(), "soun", "a:0"),
    ] {
        let file = whole(clip);
        same_boxes(file.path());
        same_samples(file.path(), handler, stream);
    }
}

#[test]
#[ignore = "needs ffmpeg and shaka-packager; run by cargo verify packager"]
fn files_of_both_tools_have_the_boxes_and_samples_that_ffprobe_finds() {
    let made = Made::new();
    for (name, options) in [
        ("fragmented.mp4", &["-movflags", "+frag_keyframe+empty_moov+default_base_moof"][..]),
        // Neither default-base-is-moof nor base_data_offset, composition offsets below zero, an index at the end.
        ("offsets.mp4", &["-movflags", "+frag_keyframe+empty_moov+omit_tfhd_offset+negative_cts_offsets"]),
        ("absolute.mp4", &["-movflags", "+frag_keyframe+empty_moov"]),
        ("smooth.ismv", &["-f", "ismv"]),
    ] {
        let file = made.ffmpeg(options, name);
        same_boxes(&file);
        if name != "smooth.ismv" {
            same_samples(&file, "vide", "v:0");
            same_samples(&file, "soun", "a:0");
        }
    }
    same_boxes(Path::new(&made.path("clear.mp4")));
    for (name, options) in [
        ("lead_cbcs", &["--protection_scheme", "cbcs", "--clear_lead", "3"][..]),
        ("lead_cenc", &["--protection_scheme", "cenc", "--clear_lead", "3"]),
    ] {
        let file = made.shaka(name, options);
        same_boxes(&file);
        let report = inspect(&file);
        let kinds: Vec<_> = list(&report, "fragments").map(|fragment| fragment["protection"].as_str()).collect();
        assert_eq!(kinds, [Some("clear"), Some("clear"), Some("subsamples"), Some("subsamples")], "{name}");
        let rows: Vec<_> = list(&report, "fragments").flat_map(|fragment| list(fragment, "table")).collect();
        assert!(rows.iter().all(|row| row["map_covers"] != false), "{name}");
        assert_eq!(report["warnings"], serde_json::json!([]), "{name}");
        same_samples(&file, "vide", "v:0");
    }
}

/// The `segments` of a representation or playlist.
fn segments(report: &Value) -> Vec<u64> {
    match report["kind"].as_str() {
        Some("mpd") => list(report, "periods")
            .flat_map(|period| list(period, "adaptation_sets"))
            .flat_map(|set| list(set, "representations"))
            .filter_map(|representation| representation["addressing"]["segments"].as_u64())
            .collect(),
        _ => report["segments"].as_u64().into_iter().collect(),
    }
}

#[test]
#[ignore = "needs ffmpeg and shaka-packager; run by cargo verify packager"]
fn manifests_of_both_tools_are_explained() {
    let made = Made::new();
    let mpd = made.ffmpeg(&["-f", "dash", "-seg_duration", "2"], "ffmpeg.mpd");
    let chunks = |stream: u32| {
        let chunk = |n: &u64| Path::new(&made.path(&format!("chunk-stream{stream}-{n:05}.m4s"))).exists();
        (1..).take_while(chunk).count() as u64
    };
    assert_eq!(segments(&inspect(&mpd)), [chunks(0), chunks(1)]);

    let options = ["-f", "hls", "-hls_time", "2", "-hls_segment_type", "fmp4", "-hls_playlist_type", "vod"];
    let playlist = made.ffmpeg(&options, "ffmpeg.m3u8");
    let report = inspect(&playlist);
    assert_eq!((report["live"].as_bool(), report["segments"].as_u64()), (Some(false), Some(4)));
    assert!(report["duration"].as_f64().is_some_and(|seconds| (seconds - 8.0).abs() < 0.1), "{report}");

    made.shaka("shaka", &["--protection_scheme", "cbcs", "--clear_lead", "0"]);
    let kid = "a0a1a2a3-a4a5-a6a7-a8a9-aaabacadaeaf";
    let report = inspect(Path::new(&made.path("shaka.mpd")));
    let set = &report["periods"][0]["adaptation_sets"][0];
    let signalled: Vec<_> = list(set, "protection").flat_map(|given| list(given, "signalling")).collect();
    assert!(signalled.len() >= 3, "{report}");
    assert!(signalled.iter().all(|said| said["key_ids"] == serde_json::json!([kid])), "{report}");
    assert!(set["representations"][0]["addressing"]["index_range"].is_string(), "{report}");

    // A data: URI of identity, which may be a key: shaka-packager writes one, inspect does not repeat it.
    let path = made.path("stream_0.m3u8");
    let written = String::from_utf8(tools::read(Path::new(&path))).expect("UTF-8");
    let identity = written.lines().find(|line| line.contains("KEYFORMAT=\"identity\"")).expect("a key of identity");
    let raw = identity.split_once("base64,").and_then(|(_, rest)| rest.split('"').next()).expect("a data: URI");
    assert_eq!(raw.len(), 24, "{identity}");
    let report = inspect(Path::new(&path));
    assert!(!report.to_string().contains(raw), "{report}");
    assert!(
        list(&report["keys"][0], "keys").any(|key| key["signalling"]["widevine"]["protection_scheme"] == "cbcs"),
        "{report}"
    );
}
