use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use crate::{process, tools};

/// Six seconds: AVC in closed GOPs of one second, and AAC in French, in a progressive MP4.
pub(super) fn input() -> &'static Path {
    static INPUT: OnceLock<PathBuf> = OnceLock::new();
    INPUT.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("indexing");
        fs::create_dir_all(&folder).expect("a folder for the input");
        let path = folder.join("input.mp4");
        let mut arguments =
            vec!["-v", "error", "-nostdin", "-y", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=6"];
        arguments.extend(["-f", "lavfi", "-i", "sine=duration=6", "-c:v", "libx264", "-g", "25", "-keyint_min", "25"]);
        arguments.extend(["-sc_threshold", "0", "-flags", "+cgop", "-c:a", "aac", "-metadata:s:a:0", "language=fra"]);
        arguments.push(path.to_str().expect("a path in UTF-8"));
        tools::ffmpeg(&arguments, &[]);
        path
    })
}

/// A folder in which tools write, with `out` in it.
pub(super) struct Work(tempfile::TempDir);

impl Work {
    pub(super) fn new() -> Self {
        let work = Self(tempfile::tempdir().expect("a temporary folder"));
        fs::create_dir(work.path("out")).expect("a folder");
        work
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(super) fn read(&self, name: &str) -> String {
        String::from_utf8(tools::read(&self.path(name))).expect("UTF-8")
    }

    pub(super) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("creates");
        fs::write(path, content).expect("writes");
    }

    pub(super) fn remove(&self, name: &str) {
        fs::remove_file(self.path(name)).expect("removes");
    }

    pub(super) fn copy(&self, from: &str, to: &str) {
        self.write(to, tools::read(&self.path(from)));
    }

    /// Replaces bytes of a file by as many others; they must be there.
    pub(super) fn patch(&self, name: &str, from: &[u8], to: &[u8]) {
        let mut bytes = tools::read(&self.path(name));
        let at = bytes.windows(from.len()).position(|found| found == from).expect("the bytes to be replaced");
        bytes[at..at + to.len()].copy_from_slice(to);
        self.write(name, bytes);
    }

    /// Runs ffmpeg on the input, here.
    pub(super) fn ffmpeg(&self, arguments: &[&str]) {
        self.ffmpeg_on(&["-i", input().to_str().expect("a path in UTF-8")], arguments);
    }

    /// Runs ffmpeg on other inputs, here.
    pub(super) fn ffmpeg_on(&self, inputs: &[&str], arguments: &[&str]) {
        let mut command = Command::new("ffmpeg");
        command.args(["-v", "error", "-nostdin"]).args(inputs).args(arguments).current_dir(self.0.path());
        process::run(command, &[], "ffmpeg (apt-get install ffmpeg)");
    }

    /// shaka-packager's segments of a WebVTT file beside those of the input, with an MPD.
    pub(super) fn shaka_with_text(&self, cues: &str) {
        self.write("cues.vtt", cues);
        let stream = |kind: &str, folder: &str| {
            format!(
                "in={},stream={kind},init_segment=out/{folder}/init.mp4,segment_template=out/{folder}/$Number$.m4s",
                input().display()
            )
        };
        let text =
            stream("text", "t").replace(&input().display().to_string(), "cues.vtt") + ",format=vtt+mp4,language=de";
        self.run_shaka(
            &[stream("video", "v"), text],
            &["--mpd_output", "out/manifest.mpd", "--generate_static_live_mpd"],
        );
    }

    fn shaka(&self, streams: [String; 2], options: &[&str]) {
        self.run_shaka(&streams.map(|stream| format!("in={},{stream}", input().display())), options);
    }

    fn run_shaka(&self, streams: &[String], options: &[&str]) {
        let mut command = Command::new(process::shaka_binary());
        command.args(streams);
        command.args(["--segment_duration", "2"]).args(options).current_dir(self.0.path());
        process::run(command, &[], "shaka-packager");
    }

    /// shaka-packager's segments of the input, `out/{v,a}/{init.mp4,…}`.
    pub(super) fn shaka_segments(&self, segment: &str, options: &[&str]) {
        let stream = |kind: &str, folder: &str| {
            format!("stream={kind},init_segment=out/{folder}/init.mp4,segment_template=out/{folder}/{segment}.m4s")
        };
        self.shaka([stream("video", "v"), stream("audio", "a")], options);
    }

    /// shaka-packager's files of the input, `out/{v,a}.mp4`.
    pub(super) fn shaka_files(&self, options: &[&str]) {
        let stream = |kind: &str, name: &str| format!("stream={kind},output=out/{name}.mp4");
        self.shaka([stream("video", "v"), stream("audio", "a")], options);
    }

    /// Runs `sluice` here: whether it succeeded, its standard output and error.
    pub(super) fn sluice(&self, arguments: &[&str]) -> (bool, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sluice"));
        let output = command.args(arguments).current_dir(self.0.path()).output().expect("sluice runs");
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        (output.status.success(), text(output.stdout), text(output.stderr))
    }

    /// How many segments `sluice index` finds in a track of `source`.
    pub(super) fn count(&self, source: &str, track: &str) -> usize {
        let (_, told, said) = self.sluice(&["index", source, "--title", "film", "--out", "store", "--check"]);
        let line = told.lines().find(|line| line.starts_with(&format!("{track}: ")));
        let line = line.unwrap_or_else(|| panic!("no track {track}: {told}{said}"));
        let count = line.split(", ").nth(1).and_then(|part| part.strip_suffix(" segments")).expect("a number");
        count.parse().expect("a number")
    }
}
