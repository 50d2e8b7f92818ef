use super::Error;

/// What a later header can need of a frame (AV1 specification, 7.20).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Saved {
    /// It is a key frame.
    pub(super) key: bool,
    pub(super) order_hint: u32,
    /// Upscaled width, and height; `None` of a frame that stands in for one that is missing.
    pub(super) size: Option<[u32; 2]>,
    /// `FeatureData` of `SEG_LVL_ALT_Q`, by segment.
    pub(super) segment_q: [Option<i32>; 8],
}

/// The eight reference slots.
#[derive(Clone, Debug, Default)]
pub(super) struct References([Option<Saved>; 8]);

impl References {
    /// # Errors
    /// [`Error::MissingReference`]
    pub(super) fn slot(&self, slot: u32) -> Result<&Saved, Error> {
        let saved = self.0.get(slot as usize).and_then(Option::as_ref);
        saved.ok_or(Error::MissingReference { slot })
    }

    /// Reference frame update process (7.20).
    pub(super) fn refresh(&mut self, flags: u32, saved: &Saved) {
        for (_, slot) in self.0.iter_mut().enumerate().filter(|(at, _)| flags >> at & 1 == 1) {
            *slot = Some(saved.clone());
        }
    }

    /// What `ref_order_hint` says of a slot. If another frame is in it, or none, libaom, the reference decoder, puts a grey one there
    /// of that hint.
    pub(super) fn expect(&mut self, slot: usize, order_hint: u32) {
        if let Some(slot) = self.0.get_mut(slot)
            && slot.as_ref().is_none_or(|saved| saved.order_hint != order_hint)
        {
            *slot = Some(Saved { order_hint, ..Saved::default() });
        }
    }

    /// Set frame refs process (7.8): all seven references, from those of LAST and GOLDEN.
    ///
    /// # Errors
    /// [`Error::MissingReference`]
    pub(super) fn short_signaling(&self, hints: Hints, last: u32, gold: u32) -> Result<[u32; 7], Error> {
        let mut distances = [0; 8];
        for (slot, distance) in (0..).zip(&mut distances) {
            *distance = hints.distance(self.slot(slot)?.order_hint, hints.current);
        }
        let mut picks = Picks { distances, free: (0..8).filter(|slot| ![last, gold].contains(slot)).collect() };
        let alternate = picks.latest(true);
        let backward = picks.earliest_backward();
        let alternate2 = picks.earliest_backward();
        let mut forward = |earlier: Option<u32>| earlier.or_else(|| picks.latest(false));
        let (last2, last3) = (forward(None), forward(None));
        let (backward, alternate2, alternate) = (forward(backward), forward(alternate2), forward(alternate));
        let earliest = (0..8).min_by_key(|slot| picks.distance(*slot)).unwrap_or(0);
        let indexes = [Some(last), last2, last3, Some(gold), backward, alternate2, alternate];
        Ok(indexes.map(|index| index.unwrap_or(earliest)))
    }

    /// Whether `skip_mode_present` is there for these references (5.9.22).
    ///
    /// # Errors
    /// [`Error::MissingReference`]
    pub(super) fn skip_mode_allowed(&self, hints: Hints, indexes: &[u32; 7]) -> Result<bool, Error> {
        let (mut forward, mut backward) = (None, false);
        for slot in indexes {
            let hint = self.slot(*slot)?.order_hint;
            let distance = hints.distance(hint, hints.current);
            backward |= distance > 0;
            if distance < 0 && forward.is_none_or(|best| hints.distance(hint, best) > 0) {
                forward = Some(hint);
            }
        }
        let Some(best) = forward else { return Ok(false) };
        if backward {
            return Ok(true);
        }
        for slot in indexes {
            if hints.distance(self.slot(*slot)?.order_hint, best) < 0 {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Order hints of a frame: how many bits they have, and its own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hints {
    pub(super) bits: u32,
    pub(super) current: u32,
}

impl Hints {
    /// `get_relative_dist` (5.9.3)
    fn distance(self, a: u32, b: u32) -> i32 {
        // Hints have at most eight bits.
        let sign = 1 << self.bits.saturating_sub(1);
        let difference = a as i32 - b as i32;
        if self.bits == 0 { 0 } else { (difference & (sign - 1)) - (difference & sign) }
    }
}

/// Slots that are not yet taken, and how far the frames in them are from the current one.
struct Picks {
    distances: [i32; 8],
    free: Vec<u32>,
}

impl Picks {
    fn distance(&self, slot: u32) -> i32 {
        self.distances.get(slot as usize).copied().unwrap_or(0)
    }

    /// The latest frame that is not before the current one, or the latest that is. Of equals the one in the last slot.
    fn latest(&mut self, backward: bool) -> Option<u32> {
        let slots = self.free.iter().copied().filter(|slot| (self.distance(*slot) >= 0) == backward);
        let found = slots.max_by_key(|slot| self.distance(*slot));
        self.take(found)
    }

    /// The earliest frame that is not before the current one. Of equals the one in the first slot.
    fn earliest_backward(&mut self) -> Option<u32> {
        let slots = self.free.iter().copied().filter(|slot| self.distance(*slot) >= 0);
        let found = slots.min_by_key(|slot| self.distance(*slot));
        self.take(found)
    }

    fn take(&mut self, found: Option<u32>) -> Option<u32> {
        self.free.retain(|slot| Some(*slot) != found);
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn references(order_hints: [u32; 8]) -> References {
        References(order_hints.map(|order_hint| Some(Saved { order_hint, ..Saved::default() })))
    }

    #[test]
    fn seven_references_follow_from_two() {
        let derived = |order_hints, current, last, gold| {
            references(order_hints).short_signaling(Hints { bits: 5, current }, last, gold)
        };
        // In order of LAST, LAST2, LAST3, GOLDEN, BWDREF, ALTREF2, ALTREF; worked out by hand after 7.8.
        assert_eq!(derived([0, 4, 8, 12, 20, 24, 28, 14], 16, 7, 0), Ok([7, 3, 2, 0, 4, 5, 6]));
        assert_eq!(derived([1, 2, 3, 4, 5, 6, 7, 8], 9, 7, 0), Ok([7, 6, 5, 0, 4, 3, 2]), "none after");
        assert_eq!(derived([5; 8], 6, 0, 0), Ok([0, 7, 6, 0, 5, 4, 3]), "all at once");
        assert_eq!(derived([1, 2, 9, 9, 9, 9, 9, 9], 3, 0, 1), Ok([0, 0, 0, 1, 2, 3, 7]), "too few before");
        // Hints wrap: 30 and 31 are before 1.
        assert_eq!(derived([30, 31, 0, 2, 3, 30, 30, 30], 1, 2, 1), Ok([2, 7, 6, 1, 3, 5, 4]));
    }

    #[test]
    fn a_missing_reference_is_named() {
        let none = References::default();
        assert_eq!(none.slot(3), Err(Error::MissingReference { slot: 3 }));
        let hints = Hints { bits: 3, current: 0 };
        assert_eq!(none.short_signaling(hints, 0, 0), Err(Error::MissingReference { slot: 0 }));
        assert_eq!(none.skip_mode_allowed(hints, &[4; 7]), Err(Error::MissingReference { slot: 4 }));
    }

    #[test]
    fn an_order_hint_that_no_frame_has_makes_a_stand_in() {
        let mut references = references([1; 8]);
        references.refresh(0b10, &Saved { order_hint: 1, size: Some([8, 8]), ..Saved::default() });
        references.expect(1, 1);
        assert_eq!(references.slot(1).map(|saved| saved.size), Ok(Some([8, 8])));
        references.expect(1, 2);
        assert_eq!(references.slot(1), Ok(&Saved { order_hint: 2, ..Saved::default() }));
    }
}
