use sluice_packager::{bmff, bmff::FourCc, cenc};

/// Why a track gives no WebVTT. Offsets are in bytes from the start of the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Its boxes cannot be read.
    #[error(transparent)]
    Box(#[from] bmff::Error),
    /// Its samples cannot be found.
    #[error(transparent)]
    Media(#[from] cenc::Error),
    /// Not text of a kind that is known.
    #[error("{0} is no timed text that is read here: wvtt or stpp")]
    Codec(FourCc),
    /// A segment has no samples.
    #[error("has no sample: a segment without cues has an empty one (vtte, or a TTML document without content)")]
    Empty,
    /// Samples overlap.
    #[error("the sample at byte {offset} begins at decode time {next}, before the end of the one before, {end}")]
    Order {
        /// Of the sample.
        offset: u64,
        /// Of the sample before, in the track's timescale.
        end: u64,
        /// In the track's timescale.
        next: u64,
    },
    /// The track's edit list moves its text.
    #[error(
        "elst at byte {offset} moves the text: times are taken from the track's timeline; write it without edit list"
    )]
    EditList {
        /// Of `elst`.
        offset: u64,
    },
    /// Subtitles drawn as images.
    #[error("the text at byte {offset} is drawn as images: only text can be made into WebVTT (IMSC text profile)")]
    Images {
        /// Of what says so.
        offset: u64,
    },
    /// A document that is not read.
    #[error("TTML at byte {offset}: {what}")]
    Document {
        /// Where in the file, about.
        offset: u64,
        /// What is wrong.
        what: String,
    },
    /// No cue of the whole track would ever be shown.
    #[error(
        "none of its {0} cues lies within its sample: times count from the start of the track, not of the sample (ISO/IEC 14496-30, 5)"
    )]
    Outside(u64),
}

impl Error {
    /// The same, its offset counted from `by` bytes earlier: of a segment that is part of a larger file.
    #[must_use]
    pub fn shifted(mut self, by: u64) -> Self {
        match &mut self {
            Self::Box(error) => return Self::Box(error.clone().shifted(by)),
            Self::Media(error) => return Self::Media(error.clone().shifted(by)),
            Self::Order { offset, .. }
            | Self::EditList { offset }
            | Self::Images { offset }
            | Self::Document { offset, .. } => *offset = offset.saturating_add(by),
            Self::Codec(_) | Self::Empty | Self::Outside(_) => {}
        }
        self
    }
}
