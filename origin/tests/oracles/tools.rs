//! Runs the tools: ours, ffmpeg, shaka-packager.

use std::{fs, path::PathBuf, process::Command};

pub(crate) use crate::process::{read, run};
use crate::{
    clip::Clip,
    process::{FFMPEG, shaka_binary},
};

/// The content key of all tests here.
pub(crate) const KEY: &str = "00112233445566778899aabbccddeeff";
/// One bit away from [`KEY`].
pub(crate) const WRONG_KEY: &str = "00112233445566778899aabbccddeefe";
const KID: &str = "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf";

/// Which IVs `sluice protect` uses.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ivs {
    /// The edge's own.
    Derived,
    /// The one that [`shaka_encrypt`] is given too.
    Given,
}

/// What `sluice protect` wrote.
pub(crate) struct Protected {
    pub(crate) init: Vec<u8>,
    pub(crate) segments: Vec<Vec<u8>>,
}

impl Protected {
    /// The whole track in one: init and segments, concatenated.
    pub(crate) fn whole(&self) -> Vec<u8> {
        std::iter::once(&self.init).chain(&self.segments).flatten().copied().collect()
    }
}

/// For `cenc` sixteen below a carry through all eight bytes, so that the counting of even a short clip crosses it.
fn given_iv(scheme: &str) -> &'static str {
    match scheme {
        "cenc" => "01fffffffffffff0",
        "cbcs" => "0102030405060708090a0b0c0d0e0f10",
        other => panic!("no scheme {other:?}"),
    }
}

/// Protects a clip by the operator's binary.
pub(crate) fn sluice_protect(clip: &Clip, scheme: &str, ivs: Ivs) -> Protected {
    let out = tempfile::tempdir().expect("a temporary folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_sluice"));
    command.args(["protect", "--scheme", scheme, "--kid", KID, "--key", KEY]);
    if ivs == Ivs::Given {
        command.args(["--iv", given_iv(scheme)]);
    }
    command.arg("--init").arg(&clip.init).arg("--out").arg(out.path()).args(&clip.segments);
    run(command, &[], "sluice protect");
    let written = |clear: &PathBuf| read(&out.path().join(clear.file_name().expect("a file")));
    Protected { init: written(&clip.init), segments: clip.segments.iter().map(written).collect() }
}

/// Runs ffmpeg; its standard output.
pub(crate) fn ffmpeg(arguments: &[&str], stdin: &[u8]) -> Vec<u8> {
    let mut command = Command::new("ffmpeg");
    command.args(arguments);
    run(command, stdin, FFMPEG)
}

/// What a bitstream filter of ffmpeg says of a track as it passes.
pub(crate) fn ffmpeg_trace(track: &[u8], filter: &str) -> String {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "trace", "-f", "mp4", "-i", "pipe:0", "-map", "0:0", "-c", "copy", "-bsf:v", filter]);
    // ffmpeg logs to its standard error; this tool's goes into a file, which has room for all of it.
    let folder = tempfile::tempdir().expect("a temporary folder");
    let log = folder.path().join("trace.log");
    command.args(["-f", "null", "-"]).env("FFREPORT", format!("file={}:level=56", log.display()));
    run(command, track, "ffmpeg");
    String::from_utf8_lossy(&read(&log)).into_owned()
}

/// What ffprobe says of a track, as comma-separated values.
pub(crate) fn ffprobe(track: &[u8], entries: &str) -> String {
    let mut command = Command::new("ffprobe");
    command.args(["-v", "error", "-show_entries", entries, "-of", "csv=print_section=0", "-i", "pipe:0"]);
    String::from_utf8(run(command, track, "ffprobe")).expect("ASCII")
}

/// shaka-packager's own encryption of a clear clip, in one file.
pub(crate) fn shaka_encrypt(clip: &Clip, scheme: &str) -> Vec<u8> {
    let mut options = vec!["--enable_raw_key_encryption", "--protection_scheme", scheme, "--iv", given_iv(scheme)];
    options.extend(["--clear_lead", "0", "--segment_duration", "2", "--fragment_duration", "1"]);
    shaka(clip, &clip.whole(), &options)
}

/// shaka-packager's decryption of a protected clip, in one file.
pub(crate) fn shaka_decrypt(clip: &Clip, protected: &[u8]) -> Vec<u8> {
    shaka(clip, protected, &["--enable_raw_key_decryption"])
}

/// The same with these keys, in shaka-packager's form.
pub(crate) fn shaka_decrypt_with(clip: &Clip, protected: &[u8], keys: &str) -> Vec<u8> {
    shaka_with(clip, protected, &["--enable_raw_key_decryption"], keys)
}

/// The codec string that shaka-packager puts into a manifest.
pub(crate) fn shaka_codec(clip: &Clip) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let manifest = folder.path().join("out.mpd");
    shaka(clip, &clip.whole(), &["--mpd_output", manifest.to_str().expect("a path in UTF-8")]);
    let manifest = String::from_utf8(read(&manifest)).expect("UTF-8");
    let codecs = manifest.split("codecs=\"").nth(1).expect("a codec string");
    codecs.split('"').next().expect("what is in quotes").to_owned()
}

fn shaka(clip: &Clip, input: &[u8], options: &[&str]) -> Vec<u8> {
    shaka_with(clip, input, options, &format!("label=:key_id={KID}:key={KEY}"))
}

fn shaka_with(clip: &Clip, input: &[u8], options: &[&str], keys: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (from, to) = (folder.path().join("in.mp4"), folder.path().join("out.mp4"));
    fs::write(&from, input).expect("shaka-packager's input can be written");
    let mut command = Command::new(shaka_binary());
    command.arg(format!("in={},stream={},output={}", from.display(), clip.stream, to.display()));
    command.args(options).args(["--keys", keys]);
    run(command, &[], "shaka-packager");
    read(&to)
}
