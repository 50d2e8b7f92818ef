//! Parameter sets.

use super::{Choices, Stream, of_type};
use crate::cenc::nal::synthetic::BitWriter;

/// A short-term reference picture set, in the variables of ITU-T H.265, 7.4.8.
#[derive(Clone, Debug, Default)]
pub(in crate::cenc::hevc) struct ReferenceSet {
    choices: u64,
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

/// Scaling lists: predicted, and written out, in turns.
fn scaling_lists(w: &mut BitWriter) {
    for size in 0..4u32 {
        for matrix in (0..6).step_by(if size == 3 { 3 } else { 1 }) {
            w.u(1, matrix % 2);
            if matrix % 2 == 0 {
                w.ue(0);
                continue;
            }
            for coefficient in 0..64.min(1 << (4 + 2 * size)) + i64::from(size > 1) {
                w.se(coefficient - 3);
            }
        }
    }
}

fn hrd(w: &mut BitWriter, sub_layers: u64, choices: Choices) {
    let (nal, vcl, sub_pictures) = (choices.bit(0), choices.bit(1), choices.bit(2));
    w.u(1, nal).u(1, vcl);
    if nal + vcl > 0 {
        w.u(1, sub_pictures);
        if sub_pictures == 1 {
            w.u(8, 3).u(5, 4).u(1, 1).u(5, 6);
        }
        w.u(4, 1).u(4, 2);
        if sub_pictures == 1 {
            w.u(4, 9);
        }
        w.u(5, 23).u(5, 22).u(5, 21);
    }
    for layer in 0..=sub_layers as u32 {
        let (general, within, low_delay) = (choices.flag(layer), choices.flag(layer + 8), choices.bit(layer + 16));
        w.u(1, general.into());
        if !general {
            w.u(1, within.into());
        }
        let low_delay = if general || within {
            w.ue(2047);
            0
        } else {
            w.u(1, low_delay);
            low_delay
        };
        let count = if low_delay == 0 { choices.below(layer, 4) } else { 0 };
        if low_delay == 0 {
            w.ue(count);
        }
        for _ in 0..(nal + vcl) * (count + 1) {
            w.ue(70_000).ue(80_000);
            if sub_pictures == 1 && nal + vcl > 0 {
                w.ue(5).ue(6);
            }
            w.u(1, 1);
        }
    }
}

fn vui(w: &mut BitWriter, sub_layers: u64, choices: Choices) {
    match choices.below(0, 3) {
        0 => w.u(1, 0),
        1 => w.u(1, 1).u(8, 1),
        _ => w.u(1, 1).u(8, 255).u(16, 4).u(16, 3),
    };
    w.u(1, 1).u(1, 0).u(1, 1).u(3, 5).u(1, 0).u(1, choices.bit(1));
    if choices.flag(1) {
        w.u(24, 0x01_0d01);
    }
    w.u(1, 1).ue(2).ue(2).u(3, 0).u(1, choices.bit(2));
    if choices.flag(2) {
        w.ue(1).ue(2).ue(3).ue(4);
    }
    w.u(1, choices.bit(3));
    if choices.flag(3) {
        w.u(32, 1001).u(32, 60_000).u(1, choices.bit(4));
        if choices.flag(4) {
            w.ue(9);
        }
        w.u(1, choices.bit(5));
        if choices.flag(5) {
            hrd(w, sub_layers, choices);
        }
    }
    w.u(1, choices.bit(6));
    if choices.flag(6) {
        w.u(3, 2).ue(100).ue(2).ue(1).ue(15).ue(15);
    }
}

impl Stream {
    pub(in crate::cenc::hevc) fn sps(&self) -> Vec<u8> {
        let (mut writer, choices) = (BitWriter::default(), self.choices);
        let w = &mut writer;
        w.u(4, 2).u(3, self.sub_layers).u(1, 1).u(8, 1).u(32, 3 << 29).u(48, 0xb000_0000_0000).u(8, 93);
        for layer in 0..self.sub_layers as u32 {
            w.u(1, choices.bit(layer)).u(1, choices.bit(layer + 9));
        }
        if self.sub_layers > 0 {
            w.u(2 * (8 - self.sub_layers as u32), 0);
        }
        for layer in 0..self.sub_layers as u32 {
            if choices.flag(layer) {
                w.u(8, 1).u(32, 3 << 29).u(48, 1);
            }
            if choices.flag(layer + 9) {
                w.u(8, 60);
            }
        }
        w.ue(3).ue(self.chroma_format);
        if self.chroma_format == 3 {
            w.u(1, self.separate.into());
        }
        w.ue(self.size.0).ue(self.size.1).u(1, choices.bit(20));
        if choices.flag(20) {
            w.ue(0).ue(4).ue(0).ue(2);
        }
        w.ue(2).ue(1).ue(u64::from(self.order_bits) - 4).u(1, choices.bit(21));
        for _ in 0..if choices.flag(21) { self.sub_layers + 1 } else { 1 } {
            w.ue(15).ue(2).ue(0);
        }
        w.ue(0).ue(self.block - 3).ue(0).ue(1).ue(1).ue(2).u(1, choices.bit(22));
        if choices.flag(22) {
            w.u(1, choices.bit(23));
            if choices.flag(23) {
                scaling_lists(w);
            }
        }
        w.u(1, 1).u(1, self.sao.into()).u(1, choices.bit(24));
        if choices.flag(24) {
            w.u(4, 7).u(4, 7).ue(0).ue(1).u(1, 0);
        }
        w.ue(self.short_term.len() as u64);
        for (at, set) in self.short_term.iter().enumerate() {
            write(w, &self.short_term[..at], Choices(set.choices), false);
        }
        w.u(1, self.long_term.is_some().into());
        if let Some(listed) = &self.long_term {
            w.ue(listed.len() as u64);
            for used in listed {
                w.u(self.order_bits, 3).u(1, (*used).into());
            }
        }
        w.u(1, self.temporal_mvp.into()).u(1, 0).u(1, choices.bit(25));
        if choices.flag(25) {
            vui(w, self.sub_layers, choices);
        }
        self.sps_extensions(w);
        of_type(33, &w.aligned())
    }

    fn sps_extensions(&self, w: &mut BitWriter) {
        let multilayer = self.choices.bit(26);
        let any = self.range.is_some() || self.screen_content.is_some() || multilayer == 1;
        w.u(1, any.into());
        if !any {
            return;
        }
        w.u(1, self.range.is_some().into()).u(1, multilayer).u(1, self.three_d.into());
        w.u(1, self.screen_content.is_some().into()).u(4, 0);
        if self.range.is_some() {
            w.u(9, 0x12);
        }
        w.u(multilayer as u32, 1);
        if let Some((own_picture, _)) = self.screen_content {
            w.u(1, own_picture.into()).u(1, self.choices.bit(27));
            if self.choices.flag(27) {
                w.ue(31).ue(32).u(1, 1).ue(2);
                for _ in 0..3 {
                    w.u(10, 700);
                }
                for _ in 0..if self.chroma_format == 0 { 0 } else { 6 } {
                    w.u(9, 300);
                }
            }
            w.u(2, if self.choose_integer_mv { 2 } else { self.choices.bit(28) }).u(1, 0);
        }
    }

    pub(in crate::cenc::hevc) fn pps(&self) -> Vec<u8> {
        let (mut writer, choices) = (BitWriter::default(), self.choices);
        let w = &mut writer;
        w.ue(5).ue(3).u(1, self.dependent_segments.into()).u(1, self.output_flag.into());
        w.u(3, self.extra_bits.into()).u(1, 1).u(1, self.cabac_init.into());
        w.ue(self.references[0] - 1).ue(self.references[1] - 1).se(-3);
        w.u(1, 0).u(1, choices.bit(30)).u(1, choices.bit(31));
        if choices.flag(31) {
            w.ue(1);
        }
        w.se(-2).se(3).u(1, self.chroma_qp_offsets.into());
        w.u(1, self.weighted[0].into()).u(1, self.weighted[1].into()).u(1, 0);
        w.u(1, self.tiles.is_some().into()).u(1, self.wavefronts.into());
        if let Some((columns, rows)) = self.tiles {
            w.ue(columns - 1).ue(rows - 1).u(1, choices.bit(32));
            if !choices.flag(32) {
                for _ in 0..columns + rows - 2 {
                    w.ue(0);
                }
            }
            w.u(1, 1);
        }
        w.u(1, self.loop_filter_across_slices.into()).u(1, self.deblocking.is_some().into());
        if let Some((overridden, disabled)) = self.deblocking {
            w.u(1, overridden.into()).u(1, disabled.into());
            if !disabled {
                w.se(-6).se(6);
            }
        }
        w.u(1, choices.bit(33));
        if choices.flag(33) {
            scaling_lists(w);
        }
        w.u(1, self.lists_modification.into()).ue(2).u(1, self.header_extension.into());
        self.pps_extensions(w);
        of_type(34, &w.aligned())
    }

    fn pps_extensions(&self, w: &mut BitWriter) {
        let any = self.range.is_some() || self.screen_content.is_some();
        w.u(1, any.into());
        if !any {
            return;
        }
        w.u(1, self.range.is_some().into()).u(1, 0).u(1, self.three_d.into());
        w.u(1, self.screen_content.is_some().into()).u(4, 0);
        if let Some(list) = self.range {
            if self.choices.flag(30) {
                w.ue(1);
            }
            w.u(1, 1).u(1, list.into());
            if list {
                w.ue(1).ue(2);
                for _ in 0..3 {
                    w.se(-4).se(5);
                }
            }
            w.ue(0).ue(0);
        }
        if let Some((own_picture, offsets)) = self.screen_content {
            w.u(1, own_picture.into()).u(1, offsets.into());
            if offsets {
                w.u(1, 1).se(0).se(1).se(-2);
            }
            w.u(1, 0);
        }
    }
}
