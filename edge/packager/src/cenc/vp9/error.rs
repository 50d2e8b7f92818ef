use crate::bits::Ended;

/// What is wrong with a VP9 sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The frame ends before its header does.
    #[error("the frame ends within its uncompressed header")]
    Truncated,
    /// `frame_marker` or `frame_sync_code` are not what they must be, or a reserved bit is set.
    #[error("{0} is not what it must be")]
    Marker(&'static str),
    /// The superframe index does not fit the sample.
    #[error("the superframe index and the sample's size disagree")]
    Index,
    /// A frame refers to one that this segment does not bring: it does not begin with a key frame, or frames are missing.
    #[error("a frame refers to reference slot {slot}, which no frame of this segment filled before")]
    MissingReference {
        /// Which of the eight.
        slot: u32,
    },
    /// The header is not followed by what must follow it.
    #[error("an uncompressed header does not end where its syntax does")]
    HeaderEnd,
    /// The compressed header has no bytes, or more than there are.
    #[error("the compressed header has {size} bytes, {available} are there")]
    CompressedHeader {
        /// What the uncompressed header says.
        size: u16,
        /// Bytes behind the uncompressed header.
        available: usize,
    },
}

impl From<Ended> for Error {
    fn from(_: Ended) -> Self {
        Self::Truncated
    }
}
