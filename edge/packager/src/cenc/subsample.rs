use crate::{bmff::moof::Subsample, title::Scheme};

/// Most subsamples that `saiz`, with a byte per sample, can speak of: IV and count, then six bytes each (ISO/IEC 23001-7, 7.2).
pub fn max_subsamples(scheme: Scheme) -> usize {
    match scheme {
        Scheme::Cenc => (255 - 8 - 2) / 6,
        Scheme::Cbcs => (255 - 2) / 6,
    }
}

/// A stretch of a sample: bytes that must stay clear, then bytes that may be protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Run {
    /// Bytes that must stay clear.
    pub(super) clear: usize,
    /// Bytes that may be protected.
    pub(super) rest: usize,
}

/// Collects a sample's subsample map, run by run.
///
/// `cenc` protects multiples of 16 bytes, and what is over goes into the *leading* clear run, where players expect it. Clear runs
/// without anything protected behind them merge into the next; runs longer than 16 bits can say are split. What is past
/// [`max_subsamples`] is counted and not kept: such a sample is refused, however many runs it claims.
pub(super) struct Map<'a> {
    scheme: Scheme,
    clear: usize,
    out: &'a mut Vec<Subsample>,
    count: usize,
    max: usize,
}

impl<'a> Map<'a> {
    pub(super) fn new(scheme: Scheme, out: &'a mut Vec<Subsample>) -> Self {
        Self { scheme, clear: 0, out, count: 0, max: max_subsamples(scheme) }
    }

    /// `clear` bytes that stay as they are, then `protected` bytes.
    pub(super) fn add(&mut self, clear: usize, protected: usize) {
        let over = match self.scheme {
            Scheme::Cenc => protected % 16,
            Scheme::Cbcs => 0,
        };
        self.clear += clear + over;
        if protected > over {
            self.close(protected - over);
        }
    }

    /// Closes the sample; how many subsamples it has.
    pub(super) fn finish(mut self) -> usize {
        if self.clear > 0 {
            self.close(0);
        }
        self.count
    }

    fn close(&mut self, protected: usize) {
        let most = usize::from(u16::MAX);
        while self.clear > most {
            self.keep(Subsample { clear: u16::MAX, protected: 0 });
            self.clear -= most;
        }
        // A sample's size is 32 bits, so both fit.
        self.keep(Subsample { clear: self.clear as u16, protected: protected as u32 });
        self.clear = 0;
    }

    fn keep(&mut self, entry: Subsample) {
        self.count += 1;
        if self.count <= self.max {
            self.out.push(entry);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn map(scheme: Scheme, runs: &[(usize, usize)]) -> Vec<(u16, u32)> {
        let mut out = Vec::new();
        let mut map = Map::new(scheme, &mut out);
        for (clear, protected) in runs {
            map.add(*clear, *protected);
        }
        let count = map.finish();
        assert_eq!(count, out.len());
        out.iter().map(|entry| (entry.clear, entry.protected)).collect()
    }

    #[test]
    fn cenc_aligns_by_lengthening_the_leading_clear_run() {
        assert_eq!(map(Scheme::Cenc, &[(4, 12), (1, 0x23000 - 1)]), [(32, 0x22ff0)]);
        assert_eq!(map(Scheme::Cenc, &[(10, 33)]), [(11, 32)]);
        assert_eq!(map(Scheme::Cenc, &[(10, 15)]), [(25, 0)]);
    }

    #[test]
    fn cbcs_protects_from_the_very_byte() {
        assert_eq!(map(Scheme::Cbcs, &[(10, 33), (5, 1)]), [(10, 33), (5, 1)]);
        assert_eq!(map(Scheme::Cbcs, &[(10, 0), (5, 20)]), [(15, 20)]);
    }

    #[test]
    fn long_clear_runs_are_split_and_the_trailing_one_closed() {
        assert_eq!(map(Scheme::Cbcs, &[(65536, 16), (7, 0)]), [(65535, 0), (1, 16), (7, 0)]);
        assert_eq!(map(Scheme::Cbcs, &[(65535, 16)]), [(65535, 16)]);
        assert_eq!(map(Scheme::Cbcs, &[]), []);
    }

    #[test]
    fn past_the_limit_entries_are_counted_and_not_kept() {
        let mut out = Vec::new();
        let mut map = Map::new(Scheme::Cbcs, &mut out);
        (0..100_000).for_each(|_| map.add(1, 1));
        assert_eq!(map.finish(), 100_000);
        assert_eq!(out.len(), 42);
    }

    #[test]
    fn the_limits_are_those_of_saiz() {
        assert_eq!((max_subsamples(Scheme::Cenc), max_subsamples(Scheme::Cbcs)), (40, 42));
    }

    proptest! {
        #[test]
        fn a_map_covers_its_sample_exactly(runs in proptest::collection::vec((0usize..200_000, 0usize..2000), 0..8)) {
            let total: usize = runs.iter().map(|(clear, protected)| clear + protected).sum();
            for scheme in [Scheme::Cenc, Scheme::Cbcs] {
                let entries = map(scheme, &runs);
                let covered: usize =
                    entries.iter().map(|(clear, protected)| usize::from(*clear) + *protected as usize).sum();
                prop_assert_eq!(covered, total);
                if scheme == Scheme::Cenc {
                    prop_assert!(entries.iter().all(|(_, protected)| protected % 16 == 0));
                }
            }
        }
    }
}
