use super::codec::SampleError;
use crate::{
    bmff::{self, FourCc},
    cipher::SpanError,
};

/// Why media cannot be protected, planned or read. Offsets are in bytes from the start of the file or segment; samples count from 0
/// within their fragment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A box is malformed.
    #[error(transparent)]
    Box(#[from] bmff::Error),
    /// The track's codec is not one that can be protected here, and leaving it clear is not an option.
    #[error("the codec {0} cannot be protected here")]
    UnknownCodec(FourCc),
    /// The media is protected already.
    #[error("{kind} at byte {offset} is protected already; only clear media can be protected")]
    AlreadyProtected {
        /// The box that shows it.
        kind: FourCc,
        /// Where it begins.
        offset: u64,
    },
    /// The media is not protected, or not in a way that can be read here.
    #[error("the media cannot be decrypted: {0}")]
    NotReadable(&'static str),
    /// An IV of the wrong kind for the scheme.
    #[error("the scheme {scheme} wants {wanted}")]
    Iv {
        /// The scheme.
        scheme: &'static str,
        /// What it wants.
        wanted: &'static str,
    },
    /// The sample entry's configuration is malformed.
    #[error("the decoder configuration is malformed: {0}")]
    Configuration(SampleError),
    /// A sample is malformed.
    #[error("sample {sample} at byte {offset}: {source}")]
    Sample {
        /// Which sample.
        sample: usize,
        /// Where it begins.
        offset: u64,
        /// What is wrong.
        source: SampleError,
    },
    /// A sample whose bytes are not within its fragment's `mdat`.
    #[error("sample {sample} at byte {offset} of {size} bytes is not within its fragment's mdat")]
    SampleOutside {
        /// Which sample.
        sample: usize,
        /// Where it is said to begin.
        offset: u64,
        /// How many bytes it is said to have.
        size: u32,
    },
    /// The samples do not cover the fragment's `mdat` once and whole: what no sample claims would leave in the clear.
    #[error("byte {offset} of the mdat belongs to no sample, or to two: samples must cover it once and whole")]
    Coverage {
        /// The first such byte, in bytes from the start of the segment.
        offset: u64,
    },
    /// A sample's subsample map does not fit into the 255 bytes that `saiz` can speak of.
    #[error(
        "sample {sample} at byte {offset} needs {count} subsamples, {scheme} allows {max}: encode with fewer slices or tiles"
    )]
    Subsamples {
        /// Which sample.
        sample: usize,
        /// Where it begins.
        offset: u64,
        /// How many it needs.
        count: usize,
        /// How many there may be.
        max: usize,
        /// The scheme.
        scheme: &'static str,
    },
    /// A decode time that does not fit into a derived IV.
    #[error("decode time {0} does not fit into 52 bits")]
    DecodeTimeSize(u64),
    /// Decode times do not increase, so that two samples would share an IV.
    #[error("decode times do not increase: {next} comes after {previous} (fragment at byte {offset})")]
    DecodeTimeOrder {
        /// Of the sample before.
        previous: u64,
        /// Of the sample.
        next: u64,
        /// Where its fragment begins.
        offset: u64,
    },
    /// The segment does not begin where the track's timeline says.
    #[error("the segment begins at decode time {found}, the track's timeline says {expected}")]
    DecodeTimeStart {
        /// By the timeline.
        expected: u64,
        /// By the media.
        found: u64,
    },
    /// A fragment of another track than the init segment's.
    #[error("the fragment at byte {offset} is of track {found}, the init segment's is {expected}")]
    Track {
        /// By the init segment.
        expected: u32,
        /// By the fragment.
        found: u32,
        /// Where the fragment begins.
        offset: u64,
    },
    /// A box or fragment of more bytes than are held in memory at once.
    #[error("the box or fragment at byte {offset} takes {size} bytes, the limit is {max}")]
    TooLarge {
        /// Where it begins.
        offset: u64,
        /// How large it is.
        size: u64,
        /// The limit.
        max: u64,
    },
    /// A box that has no place there in a media segment.
    #[error("{kind} at byte {offset} has no place there in a media segment")]
    Unexpected {
        /// The box.
        kind: FourCc,
        /// Where it begins.
        offset: u64,
    },
    /// The segment ended within a box or fragment.
    #[error("the segment ends at byte {end}, within the box or fragment that begins at byte {offset}")]
    Truncated {
        /// Where the unfinished box begins.
        offset: u64,
        /// Where the input ended.
        end: u64,
    },
    /// The segment holds no fragment.
    #[error("the segment has no fragment")]
    Empty,
    /// A fragment is not what the plan says of it.
    #[error(
        "fragment {entry} has {clear} bytes in the clear and {protected} protected, the plan says {planned_clear} and {planned_protected}"
    )]
    PlanSize {
        /// Which entry of the segment's plan, from 0.
        entry: usize,
        /// Bytes before protection.
        clear: u64,
        /// Bytes after.
        protected: u64,
        /// By the plan.
        planned_clear: u32,
        /// By the plan.
        planned_protected: u32,
    },
    /// The segment has more or fewer fragments than the plan.
    #[error("the segment has {found} fragments (counting trailing boxes as one), the plan says {planned}")]
    PlanEntries {
        /// By the plan.
        planned: usize,
        /// By the media, or at least.
        found: usize,
    },
    /// A `sidx` whose sizes cannot be told without a plan.
    #[error("sidx at byte {offset} cannot be rewritten without the segment's plan")]
    SidxPlan {
        /// Where it begins.
        offset: u64,
    },
    /// A `sidx` refers to something else than whole fragments of its segment.
    #[error("sidx at byte {offset}: reference {reference} does not end where a fragment of this segment ends")]
    SidxReference {
        /// Where it begins.
        offset: u64,
        /// Which reference, from 0.
        reference: usize,
    },
    /// Sizes or durations that do not fit into their 32-bit fields.
    #[error("{field} at byte {offset} does not fit into its field")]
    Overflow {
        /// What.
        field: &'static str,
        /// Where the fragment or box begins.
        offset: u64,
    },
    /// A protected range that leads out of its fragment.
    #[error(transparent)]
    Span(#[from] SpanError),
}

impl Error {
    /// The same, its offsets counted from `by` bytes earlier: of a segment that is part of a larger file.
    #[must_use]
    pub fn shifted(mut self, by: u64) -> Self {
        match &mut self {
            Self::Box(error) => return Self::Box(error.clone().shifted(by)),
            Self::Truncated { offset, end } => {
                *offset = offset.saturating_add(by);
                *end = end.saturating_add(by);
            }
            Self::AlreadyProtected { offset, .. }
            | Self::Sample { offset, .. }
            | Self::SampleOutside { offset, .. }
            | Self::Coverage { offset }
            | Self::Subsamples { offset, .. }
            | Self::DecodeTimeOrder { offset, .. }
            | Self::Track { offset, .. }
            | Self::TooLarge { offset, .. }
            | Self::Unexpected { offset, .. }
            | Self::SidxPlan { offset }
            | Self::SidxReference { offset, .. }
            | Self::Overflow { offset, .. } => *offset = offset.saturating_add(by),
            Self::UnknownCodec(_)
            | Self::NotReadable(_)
            | Self::Iv { .. }
            | Self::Configuration(_)
            | Self::DecodeTimeSize(_)
            | Self::DecodeTimeStart { .. }
            | Self::Empty
            | Self::PlanSize { .. }
            | Self::PlanEntries { .. }
            | Self::Span(_) => {}
        }
        self
    }
}
