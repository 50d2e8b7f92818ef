//! The corpus: clips that tests/corpus/make.sh makes of each codec by several muxers, and the layouts that no muxer makes.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
};

use sha2::{Digest, Sha256};

use crate::{
    layouts::{
        boxes::boxes,
        catalogue::{REFUSED, Refused, TAKEN},
        segment::{self, Runs},
        track::Track,
    },
    process::{read, run, shaka_binary},
};

/// The codecs, as make.sh calls them.
pub(crate) const CODECS: [&str; 9] = ["avc", "hevc", "av1", "vp9", "aac", "ac3", "eac3", "opus", "flac"];

/// The muxers of the corpus, as make.sh calls them.
pub(crate) const MUXERS: [&str; 17] = [
    "ffmpeg-dash",
    "ffmpeg-dash-chunks",
    "ffmpeg-hls",
    "ffmpeg-cmaf",
    "ffmpeg-base-is-moof",
    "ffmpeg-explicit-base",
    "ffmpeg-no-base",
    "ffmpeg-delay-moov",
    "ffmpeg-negative-offsets",
    "ffmpeg-global-sidx",
    "ffmpeg-every-frame",
    "ffmpeg-ismv",
    "shaka-live",
    "shaka-live-no-sidx",
    "shaka-fragments",
    "shaka-low-latency",
    "shaka-on-demand",
];

/// A clear track in a layout.
pub(crate) struct Case {
    pub(crate) codec: &'static str,
    /// The muxer's or the layout's name.
    pub(crate) layout: &'static str,
    pub(crate) init: Vec<u8>,
    pub(crate) segments: Vec<Vec<u8>>,
    /// Where it is to be refused: how.
    pub(crate) refused: Option<&'static Refused>,
}

impl Case {
    /// The whole track in one: init and segments, concatenated.
    pub(crate) fn whole(&self) -> Vec<u8> {
        [&self.init[..], &self.segments.concat()].concat()
    }
}

/// A codec's track, and every layout of it; `None` in place of one that cannot carry it.
pub(crate) struct Clip {
    pub(crate) codec: &'static str,
    /// The clip as ffmpeg's dash muxer wrote it: what all layouts carry.
    pub(crate) track: Track,
    pub(crate) cases: Vec<(&'static str, Option<Case>)>,
}

/// Makes the corpus, or finds it made.
pub(crate) fn clips() -> Vec<Clip> {
    let folder = made();
    CODECS.into_iter().map(|codec| clip(&folder.join(codec), codec)).collect()
}

/// A file of two tracks, by ffmpeg's hls muxer.
pub(crate) fn two_tracks() -> (Vec<u8>, Vec<u8>) {
    let folder = made().join("avc+aac/ffmpeg-hls");
    (read(&folder.join("init.mp4")), read(&folder.join("1.m4s")))
}

fn clip(folder: &Path, codec: &'static str) -> Clip {
    let by_muxer = MUXERS.map(|muxer| (muxer, muxed(&folder.join(muxer), codec, muxer)));
    let dash = by_muxer[0].1.as_ref().unwrap_or_else(|| panic!("{}: ffmpeg made no clip", folder.display()));
    // Fragments of some ten samples, whatever the frame rate.
    let track = Track::read(&dash.init, &dash.segments.concat()).regrouped(usize::MAX, 13);
    let whole = track.regrouped(usize::MAX, usize::MAX);
    let by_hand = |layout: &'static str, how: &segment::Layout, refused| {
        // Of several fragments with several runs each ffmpeg 5.1 loses count, so that each of the rows about runs is one fragment;
        // the rows about all have several.
        let of_runs = how.runs != Runs::One && !how.unknown;
        let made = if of_runs { segment::write(&whole, how) } else { segment::write(&track, how) };
        made.map(|made| Case { codec, layout, init: made.init, segments: vec![made.segment], refused })
    };
    let taken: Vec<_> = TAKEN.iter().map(|(name, how)| (*name, by_hand(name, how, None))).collect();
    let refused: Vec<_> = REFUSED.iter().map(|how| (how.name, by_hand(how.name, &how.layout, Some(how)))).collect();
    Clip { codec, cases: by_muxer.into_iter().chain(taken).chain(refused).collect(), track }
}

/// What a muxer wrote: segments, or one file, which is cut behind `moov`.
fn muxed(folder: &Path, codec: &'static str, layout: &'static str) -> Option<Case> {
    if !folder.exists() {
        return None;
    }
    let whole = folder.join("whole.mp4");
    let (init, segments) = if whole.exists() {
        let file = read(&whole);
        let moov = boxes(&file).into_iter().find(|b| &b.kind == b"moov").expect("a moov").end();
        let (init, media) = file.split_at(moov);
        (init.to_vec(), vec![media.to_vec()])
    } else {
        // shaka-packager's low latency counts from 0.
        let first = usize::from(!folder.join("0.m4s").exists());
        let files = (first..).map(|n| folder.join(format!("{n}.m4s"))).take_while(|path| path.exists());
        (read(&folder.join("init.mp4")), files.map(|path| read(&path)).collect())
    };
    assert!(!segments.is_empty(), "{}: no segments", folder.display());
    Some(Case { codec, layout, init, segments, refused: None })
}

/// The folder of the corpus: kept from run to run by what it is made with.
fn made() -> &'static Path {
    static MADE: LazyLock<PathBuf> = LazyLock::new(make);
    &MADE
}

fn make() -> PathBuf {
    let script = sluice_tests::toolchain::workspace().join("tests/corpus/make.sh");
    let version = |program: &Path, argument: &str| {
        let mut command = Command::new(program);
        command.arg(argument);
        run(command, &[], "the version of a tool")
    };
    let mut digest = Sha256::new();
    digest.update(read(&script));
    digest.update(version(Path::new("ffmpeg"), "-version"));
    digest.update(version(&shaka_binary(), "--version"));
    let name: String = digest.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let parent = Path::new(env!("CARGO_TARGET_TMPDIR")).join("corpus");
    let folder = parent.join(name);
    if !folder.exists() {
        // What is made with other tools, or by half, goes.
        if parent.exists() {
            fs::remove_dir_all(&parent).expect("the last corpus can be removed");
        }
        let half = parent.join("half-made");
        fs::create_dir_all(&half).expect("a folder for the corpus");
        let mut command = Command::new(script);
        command.arg(&half).arg(shaka_binary());
        run(command, &[], "tests/corpus/make.sh");
        fs::rename(&half, &folder).expect("the corpus can be moved to its place");
    }
    folder
}
