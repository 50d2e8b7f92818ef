use crate::{bits::Ended, obu::ObuError};

/// What is wrong with an AV1 sample or configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A unit is malformed.
    #[error(transparent)]
    Obu(#[from] ObuError),
    /// A frame comes before any sequence header.
    #[error("a frame comes before any sequence header, and av1C has none")]
    NoSequence,
    /// A header refers to a frame that this segment does not bring: it does not begin with a key frame, or frames are missing.
    #[error("a frame header refers to reference slot {slot}, which no frame of this segment filled before")]
    MissingReference {
        /// Which of the eight.
        slot: u32,
    },
    /// A value outside of its range.
    #[error("{field} is {value}, out of range")]
    Range {
        /// The syntax element.
        field: &'static str,
        /// What it is.
        value: u32,
    },
    /// A frame header is not followed by the bits that must follow it.
    #[error("a frame header does not end where its syntax does")]
    HeaderEnd,
    /// A unit where it has no place.
    #[error("{0} comes where none can be")]
    Order(&'static str),
    /// The sample, or the temporal unit, ends before all tiles of a frame are there, or the next frame begins.
    #[error("a frame ends before all of its tiles are there")]
    Unfinished,
    /// A tile of no bytes, or of more than there are.
    #[error("the tile at byte {at} of the sample has {size} bytes, {available} are there")]
    TileSize {
        /// Where the tile begins.
        at: usize,
        /// Its size.
        size: u64,
        /// Bytes up to the end of its OBU.
        available: usize,
    },
    /// Large-scale tiles.
    #[error("tile lists cannot be protected here")]
    TileList,
}

impl From<Ended> for Error {
    fn from(_: Ended) -> Self {
        Self::Obu(ObuError::Truncated)
    }
}
