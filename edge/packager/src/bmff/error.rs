use super::FourCc;

/// What is wrong with the boxes of a file or segment. Every message names the box and where it begins.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The box, or the file, ends before a field that it must have.
    #[error("{kind} at byte {offset} ends before its {field}")]
    Truncated {
        /// The box.
        kind: FourCc,
        /// Where it begins, in bytes.
        offset: u64,
        /// The field that is missing.
        field: &'static str,
    },
    /// The size field is smaller than the header, or 0 (to the end of the file), which no CMAF box may have.
    #[error("{kind} at byte {offset} has the impossible size {size}")]
    Size {
        /// The box.
        kind: FourCc,
        /// Where it begins, in bytes.
        offset: u64,
        /// The size that it claims, in bytes.
        size: u64,
    },
    /// The box claims more bytes than its parent has.
    #[error("{kind} at byte {offset} claims {size} bytes, but only {available} are there")]
    PastEnd {
        /// The box.
        kind: FourCc,
        /// Where it begins, in bytes.
        offset: u64,
        /// The size that it claims, in bytes.
        size: u64,
        /// Bytes from its start to the end of its parent.
        available: u64,
    },
    /// A mandatory child is missing.
    #[error("{parent} at byte {offset} has no {missing}")]
    Missing {
        /// The parent.
        parent: FourCc,
        /// Where the parent begins, in bytes.
        offset: u64,
        /// The child.
        missing: FourCc,
    },
    /// A child that may occur once occurs again.
    #[error("second {kind} at byte {offset}, only one is allowed")]
    Repeated {
        /// The box.
        kind: FourCc,
        /// Where the second begins, in bytes.
        offset: u64,
    },
    /// A version that this build does not know.
    #[error("{kind} at byte {offset} has the unknown version {version}")]
    Version {
        /// The box.
        kind: FourCc,
        /// Where it begins, in bytes.
        offset: u64,
        /// The version.
        version: u8,
    },
    /// A count that the bytes of the box, or those that it speaks of, cannot hold.
    #[error("{kind} at byte {offset} claims {count} entries, more than its bytes, or those of its mdat, can hold")]
    Count {
        /// The box.
        kind: FourCc,
        /// Where it begins, in bytes.
        offset: u64,
        /// The count that it claims.
        count: u64,
    },
    /// A value that the standard does not allow or that cannot be handled.
    #[error("{kind} at byte {offset}: {what}")]
    Invalid {
        /// The box.
        kind: FourCc,
        /// Where it begins, in bytes.
        offset: u64,
        /// What is wrong.
        what: &'static str,
    },
}

impl Error {
    /// The same, its offset counted from `by` bytes earlier: of media that is part of a larger file.
    #[must_use]
    pub fn shifted(mut self, by: u64) -> Self {
        match &mut self {
            Self::Truncated { offset, .. }
            | Self::Size { offset, .. }
            | Self::PastEnd { offset, .. }
            | Self::Missing { offset, .. }
            | Self::Repeated { offset, .. }
            | Self::Version { offset, .. }
            | Self::Count { offset, .. }
            | Self::Invalid { offset, .. } => *offset = offset.saturating_add(by),
        }
        self
    }
}
