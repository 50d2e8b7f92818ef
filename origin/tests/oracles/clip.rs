//! Clear tracks to protect: two of the sample title's, and short ones that ffmpeg encodes when first asked for.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use crate::tools;

/// A clear track as files: an init segment and media segments of several fragments each.
pub(crate) struct Clip {
    pub(crate) name: &'static str,
    /// What shaka-packager calls the stream: `video` or `audio`.
    pub(crate) stream: &'static str,
    pub(crate) init: PathBuf,
    pub(crate) segments: Vec<PathBuf>,
}

impl Clip {
    /// The whole track in one: init and segments, concatenated.
    pub(crate) fn whole(&self) -> Vec<u8> {
        std::iter::once(&self.init).chain(&self.segments).flat_map(|path| tools::read(path)).collect()
    }

    pub(crate) fn in_folder(name: &'static str, stream: &'static str, folder: &Path) -> Self {
        let segments: Vec<_> =
            (1..).map(|n| folder.join(format!("{n}.m4s"))).take_while(|path| path.exists()).collect();
        assert!(segments.len() >= 2, "{}: fewer than two segments", folder.display());
        Self { name, stream, init: folder.join("init.mp4"), segments }
    }

    fn of_sample_title(name: &'static str, stream: &'static str, track: &str) -> Self {
        let title = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/media/title/demo");
        Self::in_folder(name, stream, &Path::new(title).join(track))
    }

    /// Encodes four seconds of `filter` by libx264 or libx265.
    fn encoded(name: &'static str, filter: &str, encoder: &str, codec: &[&str]) -> Self {
        Self::encoded_as(name, "video", filter, &[&["-c:v", encoder, "-sc_threshold", "0"], codec].concat())
    }

    /// Encodes four seconds of `filter`: GOPs and fragments of one second, segments of two.
    pub(crate) fn encoded_as(name: &'static str, stream: &'static str, filter: &str, codec: &[&str]) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("oracles").join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder).expect("the last run's clip can be removed");
        }
        fs::create_dir_all(&folder).expect("a folder for the clip");
        let manifest = folder.join("clip.mpd");
        // FLAC in MP4 is experimental to ffmpeg 5.1.
        let mut arguments = vec!["-v", "error", "-nostdin", "-f", "lavfi", "-i", filter, "-strict", "experimental"];
        if stream == "video" {
            arguments.extend(["-g", "25", "-keyint_min", "25"]);
        }
        arguments.extend(codec);
        arguments.extend(["-f", "dash", "-dash_segment_type", "mp4", "-seg_duration", "2"]);
        arguments.extend(["-frag_type", "duration", "-frag_duration", "1"]);
        arguments.extend(["-init_seg_name", "init.mp4", "-media_seg_name", "$Number$.m4s"]);
        arguments.push(manifest.to_str().expect("a path in UTF-8"));
        tools::ffmpeg(&arguments, &[]);
        Self::in_folder(name, stream, &folder)
    }
}

/// 1080p High, CABAC, B-frames that are references too; one `sidx` of four references per segment.
pub(crate) fn high_1080p() -> &'static Clip {
    static CLIP: OnceLock<Clip> = OnceLock::new();
    CLIP.get_or_init(|| Clip::of_sample_title("avc_1080p_b_frames", "video", "v1080"))
}

/// AAC-LC, stereo; segments without a `sidx`.
pub(crate) fn aac() -> &'static Clip {
    static CLIP: OnceLock<Clip> = OnceLock::new();
    CLIP.get_or_init(|| Clip::of_sample_title("aac", "audio", "a-en"))
}

/// Main, eight slices per picture, several references, and a fade, on which x264 writes explicit prediction weights.
pub(crate) fn slices() -> &'static Clip {
    static CLIP: OnceLock<Clip> = OnceLock::new();
    CLIP.get_or_init(|| {
        Clip::encoded(
            "avc_slices_weighted",
            "testsrc2=size=640x360:rate=25:duration=4,fade=out:40:50,format=yuv420p",
            "libx264",
            &["-profile:v", "main", "-x264-params", "slices=8:weightp=2:weightb=1:bframes=3:b-pyramid=normal:ref=4"],
        )
    })
}

/// Constrained Baseline, CAVLC, slices of at most 400 bytes, so that their number differs from picture to picture.
pub(crate) fn baseline() -> &'static Clip {
    static CLIP: OnceLock<Clip> = OnceLock::new();
    CLIP.get_or_init(|| {
        Clip::encoded(
            "avc_baseline_cavlc",
            "testsrc2=size=320x180:rate=25:duration=4,format=yuv420p",
            "libx264",
            &["-profile:v", "baseline", "-x264-params", "slice-max-size=400:ref=3"],
        )
    })
}

/// High, interlaced with macroblock-adaptive frame and field coding, two slices per picture.
pub(crate) fn mbaff() -> &'static Clip {
    static CLIP: OnceLock<Clip> = OnceLock::new();
    CLIP.get_or_init(|| {
        Clip::encoded(
            "avc_interlaced_mbaff",
            "testsrc2=size=720x576:rate=50:duration=4,interlace=lowpass=off,format=yuv420p",
            "libx264",
            &["-profile:v", "high", "-flags", "+ildct+ilme", "-x264-params", "tff=1:bframes=2:slices=2:ref=3"],
        )
    })
}

/// HEVC Main as hvc1: four slices per picture with wavefronts in them, several references, and a fade, on which x265 writes
/// explicit prediction weights for P and B pictures.
pub(crate) fn hevc_slices() -> &'static Clip {
    static CLIP: OnceLock<Clip> = OnceLock::new();
    CLIP.get_or_init(|| {
        hevc(
            "hevc_slices_weighted",
            "testsrc2=size=640x360:rate=25:duration=4,fade=out:40:50,format=yuv420p",
            "hvc1",
            "slices=4:wpp=1:ctu=32:weightp=1:weightb=1:bframes=3:b-pyramid=1:ref=4:open-gop=0",
        )
    })
}

/// HEVC Main 10 as hev1: parameter sets before every random access picture, open GOPs (so CRA and RASL pictures), temporal
/// layers, no wavefronts and no SAO, deblocking offsets.
pub(crate) fn hevc_main_10() -> &'static Clip {
    static CLIP: OnceLock<Clip> = OnceLock::new();
    CLIP.get_or_init(|| {
        hevc(
            "hevc_main_10_in_band",
            "testsrc2=size=320x180:rate=25:duration=4,format=yuv420p10le",
            "hev1",
            "repeat-headers=1:aud=1:wpp=0:no-sao=1:deblock=2,-2:open-gop=1:radl=0:temporal-layers=1:bframes=4:b-adapt=0",
        )
    })
}

/// HEVC range extensions: 4:2:2 at ten bits, many rows of wavefronts, no deblocking, chroma offsets, transform skip.
///
/// SAO stays on: without it and without deblocking, shaka-packager 3.4.2 reads a `slice_loop_filter_across_slices_enabled_flag` that is
/// not there (it takes `slice_deblocking_filter_disabled_flag` for 0 where ITU-T H.265, 7.4.7.1 infers it from the PPS).
pub(crate) fn hevc_422() -> &'static Clip {
    static CLIP: OnceLock<Clip> = OnceLock::new();
    CLIP.get_or_init(|| {
        hevc(
            "hevc_422_wavefronts",
            "testsrc2=size=416x240:rate=25:duration=4,format=yuv422p10le",
            "hvc1",
            "wpp=1:ctu=16:no-deblock=1:cbqpoffs=3:crqpoffs=-2:tskip=1:bframes=2:ref=5:rect=1:open-gop=0",
        )
    })
}

fn hevc(name: &'static str, filter: &str, tag: &str, parameters: &str) -> Clip {
    let parameters = format!("log-level=error:scenecut=0:pools=1:{parameters}");
    Clip::encoded(name, filter, "libx265", &["-preset", "veryfast", "-tag:v", tag, "-x265-params", &parameters])
}
