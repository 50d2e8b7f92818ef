//! Audio of other codecs than AAC, of 5.1 channels.

use std::sync::OnceLock;

use crate::clip::Clip;

/// A quiet noise, so that frames differ in size and content.
fn encoded(name: &'static str, codec: &[&str]) -> Clip {
    let filter = "anoisesrc=amplitude=0.05:sample_rate=48000:duration=4,aformat=channel_layouts=5.1";
    Clip::encoded_as(name, "audio", filter, &[&["-c:a"], codec].concat())
}

pub(crate) fn ac3() -> &'static Clip {
    static CLIP: OnceLock<Clip> = OnceLock::new();
    CLIP.get_or_init(|| encoded("ac3", &["ac3", "-b:a", "192k"]))
}

pub(crate) fn eac3() -> &'static Clip {
    static CLIP: OnceLock<Clip> = OnceLock::new();
    CLIP.get_or_init(|| encoded("eac3", &["eac3", "-b:a", "192k"]))
}

pub(crate) fn opus() -> &'static Clip {
    static CLIP: OnceLock<Clip> = OnceLock::new();
    CLIP.get_or_init(|| encoded("opus", &["libopus", "-vbr", "off", "-b:a", "128k"]))
}

pub(crate) fn flac() -> &'static Clip {
    static CLIP: OnceLock<Clip> = OnceLock::new();
    CLIP.get_or_init(|| encoded("flac", &["flac", "-frame_size", "1152"]))
}
