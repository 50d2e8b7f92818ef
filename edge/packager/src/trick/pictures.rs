use core::ops::Range;

use super::Error;
use crate::title::plan::Entry;

/// Most bytes of one segment's I-frames, the heads of their fragments counted.
pub const MAX_PICTURES: u64 = 16 << 20;

/// Where a clear segment's pictures are at which decoding can begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pictures {
    /// Each from the start of its entry of the plan to the end of the picture; in bytes from the start of the segment, in order, apart.
    pub(super) ranges: Vec<Range<u64>>,
}

impl Pictures {
    /// `plan`: the segment's entries.
    ///
    /// # Errors
    /// [`Error::NoPicture`], [`Error::PlanPicture`], [`Error::TooLarge`]
    pub fn of(plan: &[Entry]) -> Result<Self, Error> {
        let mut ranges = Vec::new();
        let (mut start, mut total) = (0u64, 0u64);
        for (at, entry) in plan.iter().enumerate() {
            if let Some(length) = entry.first_picture(None) {
                if length == 0 || length > entry.clear {
                    return Err(Error::PlanPicture(at));
                }
                total += u64::from(length);
                ranges.push(start..start + u64::from(length));
            }
            start += u64::from(entry.clear);
        }
        if plan.first().and_then(|entry| entry.first_picture(None)).is_none() {
            return Err(Error::NoPicture);
        }
        if total > MAX_PICTURES { Err(Error::TooLarge(total)) } else { Ok(Self { ranges }) }
    }

    /// How many bytes of the clear segment, from its start, hold them all.
    pub fn end(&self) -> u64 {
        self.ranges.last().map_or(0, |range| range.end)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.ranges.len()
    }
}
