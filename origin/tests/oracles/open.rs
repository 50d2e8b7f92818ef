//! Video of AV1 and VP9.

use std::sync::OnceLock;

use crate::clip::Clip;

fn encoded(name: &'static str, size: &str, format: &str, codec: &[&str]) -> Clip {
    let filter = format!("testsrc2=size={size}:rate=25:duration=4,format={format}");
    Clip::encoded_as(name, "video", &filter, &[&["-c:v"], codec].concat())
}

/// AV1 by SVT-AV1, a tile per frame; super-resolution and film grain.
pub(crate) fn av1_grain() -> &'static Clip {
    static CLIP: OnceLock<Clip> = OnceLock::new();
    let parameters = "superres-mode=1:superres-denom=11:film-grain=15";
    CLIP.get_or_init(|| {
        encoded("av1_grain", "320x180", "yuv420p", &["libsvtav1", "-preset", "8", "-svtav1-params", parameters])
    })
}

/// AV1 by libaom, two by two tiles in two tile groups, frames that are shown later than they are decoded.
pub(crate) fn av1_tiles() -> &'static Clip {
    static CLIP: OnceLock<Clip> = OnceLock::new();
    let codec = ["libaom-av1", "-cpu-used", "8", "-crf", "45", "-lag-in-frames", "19", "-tiles", "2x2"];
    let parameters = ["-aom-params", "num-tile-groups=2:timing-info=model:enable-qm=1"];
    CLIP.get_or_init(|| encoded("av1_tiles", "640x360", "yuv420p", &[&codec[..], &parameters].concat()))
}

/// AV1 of RGB screen content by libaom: palettes and block copies, error-resilient frames.
pub(crate) fn av1_screen() -> &'static Clip {
    static CLIP: OnceLock<Clip> = OnceLock::new();
    let codec = ["libaom-av1", "-cpu-used", "8", "-crf", "45", "-error-resilience", "default"];
    let parameters = ["-aom-params", "tune-content=screen:aq-mode=1"];
    CLIP.get_or_init(|| encoded("av1_screen", "160x90", "gbrp", &[&codec[..], &parameters].concat()))
}

/// VP9 of 8 bits: superframes with hidden frames, two tile columns.
pub(crate) fn vp9() -> &'static Clip {
    static CLIP: OnceLock<Clip> = OnceLock::new();
    let codec =
        ["libvpx-vp9", "-cpu-used", "5", "-crf", "45", "-b:v", "0", "-auto-alt-ref", "1", "-lag-in-frames", "16"];
    CLIP.get_or_init(|| encoded("vp9", "640x360", "yuv420p", &[&codec[..], &["-tile-columns", "1"]].concat()))
}

/// VP9 of 10 bits (profile 2), with segmentation.
pub(crate) fn vp9_10bit() -> &'static Clip {
    static CLIP: OnceLock<Clip> = OnceLock::new();
    let codec = ["libvpx-vp9", "-cpu-used", "5", "-crf", "45", "-b:v", "0", "-aq-mode", "2"];
    CLIP.get_or_init(|| encoded("vp9_10bit", "320x180", "yuv420p10", &codec))
}
