use serde::Serialize;
use sluice_document::members;

use crate::order;

/// From which segments on a track's protection changes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Schedule {
    /// How many segments, from the first on, leave in the clear though the track is protected, so that playback begins before a licence is there.
    #[serde(skip_serializing_if = "is_zero")]
    pub clear_lead: u32,
    /// The first segment of each key period after the first one: increasing numbers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub periods: Vec<u32>,
}

members!(Schedule { clear_lead = 0, periods = Vec::new() });

/// What protects a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protected {
    /// Nothing: it is of the clear lead.
    Lead,
    /// The key of this key period, from 0.
    Period(u32),
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_zero(n: &u32) -> bool {
    *n == 0
}

impl Schedule {
    /// Whether a track is protected by one key from its first segment on.
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }

    /// What protects the segment of that number.
    pub fn of(&self, segment: u32) -> Protected {
        if segment <= self.clear_lead { Protected::Lead } else { Protected::Period(self.period(segment)) }
    }

    /// The segments at which what protects the track changes, and what does from there on; the first segment always.
    pub fn changes(&self) -> Vec<(u32, Protected)> {
        let at = [1, self.clear_lead.saturating_add(1)].into_iter().chain(self.periods.iter().copied());
        let mut at: Vec<_> = at.map(|segment| (u64::from(segment), 0)).collect();
        order::sort(&mut at);
        at.dedup();
        let mut changes: Vec<(u32, Protected)> = Vec::new();
        for segment in at.into_iter().map(|(segment, _)| segment as u32).filter(|segment| *segment > 0) {
            let protected = self.of(segment);
            if changes.last().is_none_or(|(_, before)| *before != protected) {
                changes.push((segment, protected));
            }
        }
        changes
    }

    fn period(&self, segment: u32) -> u32 {
        // As many as fit a track: a period begins with a segment.
        self.periods.iter().take_while(|first| **first <= segment).count() as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_have_what_protects_them() {
        let plain = Schedule::default();
        assert_eq!((plain.of(1), plain.changes()), (Protected::Period(0), vec![(1, Protected::Period(0))]));
        let both = Schedule { clear_lead: 4, periods: vec![3, 6] };
        assert_eq!(both.of(4), Protected::Lead);
        assert_eq!([5, 6, 100].map(|segment| both.of(segment)), [1, 2, 2].map(Protected::Period));
        let expected = [(1, Protected::Lead), (5, Protected::Period(1)), (6, Protected::Period(2))];
        assert_eq!(both.changes(), expected);
        let all = Schedule { clear_lead: u32::MAX, periods: vec![2] };
        assert_eq!(all.changes(), [(1, Protected::Lead)]);
    }
}
