//! What is not as it should be in the matrix, and why.

/// A hole of the matrix.
pub(crate) struct Hole {
    /// The layout or muxer.
    pub(crate) layout: &'static str,
    /// Of these codecs; of all, where there is none.
    pub(crate) codecs: &'static [&'static str],
    /// Which column: a judge, `clear`, or `carries` for a layout that does not exist of these codecs.
    pub(crate) column: &'static str,
    /// Why.
    pub(crate) reason: &'static str,
}

const LOSES_COUNT: &str = "ffmpeg 5.1 loses count of samples where a fragment with fewer trun follows";
const WIDE_MOOF: &str = "ffmpeg 5.1 takes the header of moof for 8 bytes, in clear media too";
const FOLLOWING: &str = "ffmpeg reads a run without an offset from the start of moof, against 14496-12, 8.8.8";

/// All of them: another hole fails the test, and so does one that is none any more.
pub(crate) const HOLES: &[Hole] = &[
    hole("ffmpeg-ismv", &["av1", "vp9", "opus", "flac"], "carries", "ffmpeg's ismv muxer has no such codec"),
    hole(
        "defaults in trex",
        &["avc", "hevc", "av1", "vp9", "aac", "opus", "flac"],
        "carries",
        "samples differ in size or duration, which trex gives once",
    ),
    hole("64-bit moof, traf, mdat", &[], "clear", WIDE_MOOF),
    hole("64-bit moof, traf, mdat", &[], "ffmpeg", WIDE_MOOF),
    hole("several trun, following", &[], "clear", FOLLOWING),
    hole("two traf in a moof", &[], "clear", "the second traf is a copy, and so are its samples"),
    hole("no base, no data_offset", &[], "clear", "samples would begin where moof does"),
    hole("all and runs", &[], "ffmpeg", LOSES_COUNT),
];

const fn hole(
    layout: &'static str,
    codecs: &'static [&'static str],
    column: &'static str,
    reason: &'static str,
) -> Hole {
    Hole { layout, codecs, column, reason }
}
