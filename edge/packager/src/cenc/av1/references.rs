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
