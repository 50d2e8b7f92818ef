//! Runs the tools: ours, ffmpeg, shaka-packager.

use std::{
    fs,
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
};

use crate::clip::Clip;

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
    run(command, stdin, "ffmpeg (apt-get install ffmpeg)")
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

/// The packets that ffmpeg demuxes from a track, a line each: times, size, MD5. Given a key, it decrypts them first.
///
/// The track comes through a pipe, as from a seekable file ffmpeg 5.1 mixes up the encryption indexes of several fragments.
pub(crate) fn ffmpeg_packets(track: &[u8], key: Option<&str>) -> String {
    let mut arguments = vec!["-v", "error"];
    if let Some(key) = key {
        arguments.extend(["-decryption_key", key]);
    }
    arguments.extend([
        "-f",
        "mp4",
        "-i",
        "pipe:0",
        "-map",
        "0:0",
        "-c",
        "copy",
        "-f",
        "framehash",
        "-hash",
        "md5",
        "-",
    ]);
    String::from_utf8(ffmpeg(&arguments, track)).expect("hashes are ASCII")
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
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (from, to) = (folder.path().join("in.mp4"), folder.path().join("out.mp4"));
    fs::write(&from, input).expect("shaka-packager's input can be written");
    let mut command = Command::new(shaka_binary());
    command.arg(format!("in={},stream={},output={}", from.display(), clip.stream, to.display()));
    command.args(options).args(["--keys", &format!("label=:key_id={KID}:key={KEY}")]);
    run(command, &[], "shaka-packager");
    read(&to)
}

/// The binary inside the npm package, which its own `index.js` would start.
pub(crate) fn shaka_binary() -> PathBuf {
    let name = match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") => "packager-linux-x64",
        ("linux", "aarch64") => "packager-linux-arm64",
        ("macos", "x86_64") => "packager-osx-x64",
        ("macos", "aarch64") => "packager-osx-arm64",
        (os, arch) => panic!("shaka-packager's npm package has no binary for {os} {arch}"),
    };
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests");
    let binary = tests.join("node_modules/shaka-packager/bin").join(name);
    assert!(binary.exists(), "shaka-packager is missing: run `npm ci` in the repository's `tests` folder");
    binary
}

/// A file's content; the test fails if there is none.
pub(crate) fn read(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Runs a command to its end and returns what it wrote; the test fails if the command does.
pub(crate) fn run(mut command: Command, stdin: &[u8], name: &str) -> Vec<u8> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{name} cannot be run: {error}"));
    let mut pipe = child.stdin.take().expect("a piped input");
    let output = thread::scope(|scope| {
        // Written beside the reading, so that neither side waits for the other.
        scope.spawn(move || match pipe.write_all(stdin) {
            // A tool that stops reading says by its exit status whether that was an error.
            Err(error) if error.kind() != ErrorKind::BrokenPipe => panic!("writing to the tool: {error}"),
            _ => {}
        });
        child.wait_with_output().expect("the tool's output can be read")
    });
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name}: {}\n{command:?}\n{said}", output.status);
    output.stdout
}
