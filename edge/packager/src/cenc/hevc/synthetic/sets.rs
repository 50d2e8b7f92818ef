//! Reference picture sets.

use super::Choices;
use crate::cenc::nal::synthetic::BitWriter;

/// A short-term reference picture set, in the variables of ITU-T H.265, 7.4.8.
#[derive(Clone, Debug, Default)]
pub(in crate::cenc::hevc) struct ReferenceSet {
    pub(super) choices: u64,
    negative: Vec<(i64, bool)>,
    positive: Vec<(i64, bool)>,
}

/// Sets as they come out when each is written by [`write`] after those before it.
pub(super) fn random(choices: &[u64]) -> Vec<ReferenceSet> {
    let mut sets = Vec::new();
    for choices in choices {
        let set = write(&mut BitWriter::default(), &sets, Choices(*choices), false);
        sets.push(set);
    }
    sets
}

/// `st_ref_pic_set( sets.len() )`; `own` where a slice has it.
pub(super) fn write(w: &mut BitWriter, sets: &[ReferenceSet], choices: Choices, own: bool) -> ReferenceSet {
    let predicted = !sets.is_empty() && choices.flag(0);
    if !sets.is_empty() {
        w.u(1, predicted.into());
    }
    if !predicted {
        let (negative, positive) = (choices.below(1, 5), choices.below(2, 4));
        w.ue(negative).ue(positive);
        let mut side = |count: u64, sign: i64, at: u32| {
            let mut delta = 0;
            let mut pictures = Vec::new();
            for picture in 0..count as u32 {
                let (step, used) = (choices.below(at + picture, 5), choices.flag(at + 7 + picture));
                w.ue(step).u(1, used.into());
                delta += sign * (step as i64 + 1);
                pictures.push((delta, used));
            }
            pictures
        };
        let (negative, positive) = (side(negative, -1, 8), side(positive, 1, 24));
        return ReferenceSet { choices: choices.0, negative, positive };
    }
    let mut back = 1;
    if own {
        back += choices.below(3, sets.len() as u64);
        w.ue(back - 1);
    }
    let from = &sets[sets.len() - back as usize];
    let (sign, step) = (choices.bit(4), choices.below(5, 6));
    w.u(1, sign).ue(step);
    let delta_rps = (1 - 2 * sign as i64) * (step as i64 + 1);
    let count = from.negative.len() + from.positive.len();
    let (mut used, mut kept) = (Vec::new(), Vec::new());
    for at in 0..=count as u32 {
        used.push(choices.flag(6 + at));
        w.u(1, used[at as usize].into());
        // No set of more than eight, so that a chain of them stays within the limit of fifteen.
        let wanted = choices.flag(20 + at) && count < 8;
        kept.push(used[at as usize] || wanted);
        if !used[at as usize] {
            w.u(1, wanted.into());
        }
    }
    let (s0, s1) = (&from.negative, &from.positive);
    let mut set = ReferenceSet { choices: choices.0, ..ReferenceSet::default() };
    // (7-61)
    for j in (0..s1.len()).rev() {
        let delta = s1[j].0 + delta_rps;
        if delta < 0 && kept[s0.len() + j] {
            set.negative.push((delta, used[s0.len() + j]));
        }
    }
    if delta_rps < 0 && kept[count] {
        set.negative.push((delta_rps, used[count]));
    }
    for j in 0..s0.len() {
        let delta = s0[j].0 + delta_rps;
        if delta < 0 && kept[j] {
            set.negative.push((delta, used[j]));
        }
    }
    // (7-62)
    for j in (0..s0.len()).rev() {
        let delta = s0[j].0 + delta_rps;
        if delta > 0 && kept[j] {
            set.positive.push((delta, used[j]));
        }
    }
    if delta_rps > 0 && kept[count] {
        set.positive.push((delta_rps, used[count]));
    }
    for j in 0..s1.len() {
        let delta = s1[j].0 + delta_rps;
        if delta > 0 && kept[s0.len() + j] {
            set.positive.push((delta, used[s0.len() + j]));
        }
    }
    set
}

impl ReferenceSet {
    pub(super) fn len(&self) -> u64 {
        (self.negative.len() + self.positive.len()) as u64
    }

    pub(super) fn used(&self) -> u64 {
        self.negative.iter().chain(&self.positive).filter(|(_, used)| *used).count() as u64
    }
}
