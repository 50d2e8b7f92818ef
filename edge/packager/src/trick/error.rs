use crate::{bmff, cenc};

/// Why a segment's I-frames cannot be had alone. Offsets are in bytes from the start of the clear segment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A box is malformed.
    #[error(transparent)]
    Box(#[from] bmff::Error),
    /// What was cut cannot be protected.
    #[error(transparent)]
    Protection(#[from] cenc::Error),
    /// The plan tells of no picture at the start of the segment: players would have nothing to show there.
    #[error("the plan has no picture at the segment's start")]
    NoPicture,
    /// A picture ends outside of its entry of the plan.
    #[error("entry {0} of the segment's plan has a picture that ends outside of it")]
    PlanPicture(usize),
    /// More bytes of pictures than are held in memory at once.
    #[error("the segment's I-frames take {0} bytes, the limit is {max}", max = super::MAX_PICTURES)]
    TooLarge(u64),
    /// The bytes up to where the plan says that a picture ends are not a fragment's head and its first sample.
    #[error("the fragment at byte {offset}: {what}")]
    Picture {
        /// Where the entry of the plan begins.
        offset: u64,
        /// What is wrong.
        what: &'static str,
    },
    /// The segment ended before its last picture did.
    #[error("the segment ends at byte {found}, its last picture at byte {expected}")]
    Truncated {
        /// By the plan.
        expected: u64,
        /// By the media.
        found: u64,
    },
    /// Times of the pictures that do not increase, or do not fit into their fields.
    #[error("the picture at decode time {0} lasts until a time that is not after it, or is too far")]
    Times(u64),
}
