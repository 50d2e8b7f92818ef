//! Runs other people's tools. Included by path by other tests that do.

use std::{
    fs,
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
};

/// What ffmpeg is called in errors.
pub(crate) const FFMPEG: &str = "ffmpeg (apt-get install ffmpeg)";

/// The packets that ffmpeg demuxes from a track, a line each: times, size, MD5. Given a key, it decrypts them first.
///
/// The track comes through a pipe, as from a seekable file ffmpeg 5.1 mixes up the encryption indexes of several fragments.
pub(crate) fn ffmpeg_packets(track: &[u8], key: Option<&str>) -> Result<String, String> {
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
    let mut command = Command::new("ffmpeg");
    command.args(arguments);
    let packets = try_run(command, track, FFMPEG)?;
    Ok(String::from_utf8(packets).expect("hashes are ASCII"))
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
pub(crate) fn run(command: Command, stdin: &[u8], name: &str) -> Vec<u8> {
    try_run(command, stdin, name).unwrap_or_else(|said| panic!("{said}"))
}

/// The same; what the command said, if it fails.
pub(crate) fn try_run(mut command: Command, stdin: &[u8], name: &str) -> Result<Vec<u8>, String> {
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
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(format!("{name}: {}\n{command:?}\n{}", output.status, String::from_utf8_lossy(&output.stderr)))
}
