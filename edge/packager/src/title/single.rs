use core::ops::Range;

use serde::Serialize;
use sluice_document::members;

use super::{Scheme, Timeline, plan::Entry};
use crate::bmff::sidx;

/// Bytes of a track's init segment, in the clear and as it leaves in each scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct InitSize {
    /// In the clear.
    pub clear: u32,
    /// In `cenc`.
    pub cenc: u32,
    /// In `cbcs`.
    pub cbcs: u32,
}

members!(InitSize { clear, cenc, cbcs });

impl InitSize {
    /// As delivered: in the clear where `scheme` is `None`.
    pub fn delivered(&self, scheme: Option<Scheme>) -> u32 {
        match scheme {
            None => self.clear,
            Some(Scheme::Cenc) => self.cenc,
            Some(Scheme::Cbcs) => self.cbcs,
        }
    }
}

/// Most segments of a track that one file can have: as many as an index can refer to.
pub const MAX_SEGMENTS: usize = u16::MAX as usize;

/// A track as one file, which nobody stores: its init segment, an index (`sidx`), and its segments one after another, as they leave in a scheme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SingleFile {
    init: u64,
    index: u64,
    /// Where each segment ends, in bytes from the start of the file.
    ends: Vec<u64>,
    durations: Vec<u64>,
}

/// Why a track is no single file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SingleFileError {
    /// The plan is of another timeline.
    #[error("the plan is not of the track's timeline")]
    Plan,
    /// More segments than an index can refer to.
    #[error("the track has more than {MAX_SEGMENTS} segments, more than the index of one file can refer to")]
    Segments,
    /// A segment that an index cannot refer to.
    #[error("segment {0} is too large or too long for the index of one file")]
    Reference(u32),
}

impl SingleFile {
    /// Lays the file out: `init` bytes of init segment, then what the whole `plan` says of the segments, in the clear where `scheme` is `None`.
    ///
    /// # Errors
    /// [`SingleFileError`]
    pub fn new(
        init: u64,
        timeline: &Timeline,
        plan: &[Entry],
        scheme: Option<Scheme>,
    ) -> Result<Self, SingleFileError> {
        let count = timeline.count() as usize;
        if count > MAX_SEGMENTS {
            return Err(SingleFileError::Segments);
        }
        let index = sidx::written_len(count) as u64;
        let (mut ends, mut durations) = (Vec::with_capacity(count), Vec::with_capacity(count));
        let (mut at, mut rest) = (init + index, plan);
        for run in &timeline.runs {
            for _ in 0..run.n {
                let (entries, later) = rest.split_at_checked(run.f as usize).ok_or(SingleFileError::Plan)?;
                at += entries.iter().map(|entry| u64::from(entry.delivered(scheme))).sum::<u64>();
                ends.push(at);
                durations.push(run.d);
                rest = later;
            }
        }
        if rest.is_empty() { Ok(Self { init, index, ends, durations }) } else { Err(SingleFileError::Plan) }
    }

    /// Bytes of the whole file.
    pub fn total(&self) -> u64 {
        self.ends.last().copied().unwrap_or(self.init + self.index)
    }

    /// Where the segment of that number (from 1) is, in bytes from the start of the file.
    pub fn segment(&self, number: u32) -> Option<Range<u64>> {
        let at = usize::try_from(number).ok()?.checked_sub(1)?;
        let end = *self.ends.get(at)?;
        let start = at.checked_sub(1).and_then(|before| self.ends.get(before)).copied();
        Some(start.unwrap_or(self.init + self.index)..end)
    }

    /// The number of the segment that holds a byte of the file; `None` before the first one and behind the last.
    pub fn segment_at(&self, byte: u64) -> Option<u32> {
        if byte < self.init + self.index {
            return None;
        }
        let at = self.ends.partition_point(|end| *end <= byte);
        u32::try_from(at + 1).ok().filter(|_| at < self.ends.len())
    }

    /// The index.
    ///
    /// # Errors
    /// [`SingleFileError::Reference`]
    pub fn index(&self, track_id: u32, timescale: u32, timeline: &Timeline) -> Result<Vec<u8>, SingleFileError> {
        let mut references = Vec::with_capacity(self.ends.len());
        let mut start = self.init + self.index;
        for (number, (end, duration)) in (1..).zip(self.ends.iter().zip(&self.durations)) {
            let duration = u32::try_from(*duration).map_err(|_| SingleFileError::Reference(number))?;
            let size = *end - start;
            if size >> 31 != 0 {
                return Err(SingleFileError::Reference(number));
            }
            references.push((size, duration));
            start = *end;
        }
        sidx::write(track_id, timescale, timeline.start, &references).map_err(|_| SingleFileError::Segments)
    }
}

/// Where a file's index is: the bytes between its init segment and its first segment.
pub fn index_range(init: u64, timeline: &Timeline) -> Range<u64> {
    init..init + sidx::written_len(timeline.count() as usize) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::title::Run;

    fn entry(n: u32) -> Entry {
        Entry { clear: n, cenc: n + 10, cbcs: n + 5, duration: 1, first_picture_cenc: 0, first_picture_cbcs: 0 }
    }

    #[test]
    fn every_byte_belongs_to_the_head_or_to_one_segment() {
        let timeline = Timeline { start: 9, runs: vec![Run { d: 4, n: 2, f: 2 }, Run { d: 2, n: 1, f: 1 }] };
        let plan: Vec<_> = [100, 200, 300, 400, 500].map(entry).to_vec();
        let file = SingleFile::new(700, &timeline, &plan, Some(Scheme::Cbcs)).expect("fits");
        let head = 700 + 40 + 3 * 12;
        assert_eq!(index_range(700, &timeline), 700..head);
        assert_eq!(file.segment(1), Some(head..head + 310));
        assert_eq!(file.segment(3), Some(head + 310 + 710..head + 310 + 710 + 505));
        assert_eq!((file.segment(0), file.segment(4), file.total()), (None, None, head + 1525));
        for (byte, segment) in
            [(0, None), (head - 1, None), (head, Some(1)), (head + 310, Some(2)), (head + 1525, None)]
        {
            assert_eq!(file.segment_at(byte), segment, "{byte}");
        }
        let index = file.index(1, 90_000, &timeline).expect("fits");
        assert_eq!(index.len() as u64, head - 700);
        assert_eq!(index[40..48], [0, 0, 1, 54, 0, 0, 0, 4]);
        assert_eq!(SingleFile::new(0, &timeline, &plan[1..], None), Err(SingleFileError::Plan));
        let long = Timeline { start: 0, runs: vec![Run { d: 1, n: 65_536, f: 0 }] };
        assert_eq!(SingleFile::new(0, &long, &[], None), Err(SingleFileError::Segments));
    }
}
