//! Slice segments.

use super::{Choices, Stream, of_type, sets};
use crate::cenc::nal::synthetic::BitWriter;

const B: u64 = 0;
const P: u64 = 1;

impl Stream {
    /// A slice segment: the NAL unit, and how many of its bytes are header, the NAL header and emulation prevention included.
    pub(in crate::cenc) fn slice(&self, kind: u8, slice_type: u64, seed: u64, data: &[u8]) -> (Vec<u8>, usize) {
        let mut writer = BitWriter::default();
        self.segment_header(&mut writer, kind, slice_type, Choices(seed));
        let header = writer.aligned();
        // The header alone has as many emulation prevention bytes as its share of the whole: one right behind it is not its own.
        let length = of_type(kind, &header).len();
        (of_type(kind, &[header, data.to_vec()].concat()), length)
    }

    fn segment_header(&self, w: &mut BitWriter, kind: u8, slice_type: u64, choices: Choices) {
        let first = choices.flag(0);
        w.u(1, first.into());
        if (16..=23).contains(&kind) {
            w.u(1, choices.bit(1));
        }
        w.ue(5);
        let mut dependent = false;
        if !first {
            if self.dependent_segments {
                dependent = choices.flag(2);
                w.u(1, dependent.into());
            }
            let (width, height) = self.blocks();
            let address = choices.below(3, width * height);
            // Ceil( Log2( PicSizeInCtbsY ) ), by counting.
            let bits = (0..32).find(|bits| 1u64 << bits >= width * height).expect("a small picture");
            w.u(bits, address);
        }
        if !dependent {
            self.independent(w, kind, slice_type, choices);
        }
        if self.tiles.is_some() || self.wavefronts {
            self.entry_points(w, choices);
        }
        if self.header_extension {
            let count = choices.below(5, 4);
            w.ue(count);
            for _ in 0..count {
                // Zeros, so that emulation prevention falls into the header too.
                w.u(8, choices.bit(6));
            }
        }
    }

    fn independent(&self, w: &mut BitWriter, kind: u8, slice_type: u64, choices: Choices) {
        w.u(self.extra_bits, 0).ue(slice_type);
        if self.output_flag {
            w.u(1, 1);
        }
        if self.separate {
            w.u(2, 2);
        }
        let (mut total, mut temporal_mvp) = (0, false);
        if kind != 19 && kind != 20 {
            w.u(self.order_bits, 0);
            total = self.reference_pictures(w, choices);
            if self.temporal_mvp {
                temporal_mvp = choices.flag(11);
                w.u(1, temporal_mvp.into());
            }
        }
        total += u64::from(self.screen_content.is_some_and(|(own_picture, _)| own_picture));
        let (mut sao, mut sao_chroma) = (0, 0);
        if self.sao {
            sao = choices.bit(12);
            w.u(1, sao);
            if self.chroma() {
                sao_chroma = choices.bit(13);
                w.u(1, sao_chroma);
            }
        }
        if slice_type == P || slice_type == B {
            self.prediction(w, slice_type == B, total, temporal_mvp, choices);
        }
        w.se(-7);
        if self.chroma_qp_offsets {
            w.se(2).se(-1);
        }
        if self.screen_content.is_some_and(|(_, offsets)| offsets) {
            w.se(1).se(0).se(-3);
        }
        if self.range == Some(true) {
            w.u(1, 1);
        }
        let (overridable, mut disabled) = self.deblocking.unwrap_or_default();
        if overridable {
            w.u(1, choices.bit(14));
            if choices.flag(14) {
                disabled = choices.flag(15);
                w.u(1, disabled.into());
                if !disabled {
                    w.se(3).se(-3);
                }
            }
        }
        if self.loop_filter_across_slices && (sao == 1 || sao_chroma == 1 || !disabled) {
            w.u(1, choices.bit(16));
        }
    }

    /// How many pictures the current one may refer to.
    fn reference_pictures(&self, w: &mut BitWriter, choices: Choices) -> u64 {
        let from_sps = choices.flag(17) && !self.short_term.is_empty();
        w.u(1, from_sps.into());
        let set = if from_sps {
            let count = self.short_term.len() as u64;
            let index = choices.below(18, count);
            if count > 1 {
                let bits = (0..8).find(|bits| 1 << bits >= count).expect("few sets");
                w.u(bits, index);
            }
            self.short_term[index as usize].clone()
        } else {
            sets::write(w, &self.short_term, Choices(choices.0.rotate_right(19)), true)
        };
        let mut total = set.used();
        if let Some(listed) = &self.long_term {
            let room = 15 - set.len();
            let count = choices.below(20, 3).min(listed.len() as u64).min(room);
            if !listed.is_empty() {
                w.ue(count);
            }
            let own = choices.below(21, 3).min(room - count);
            w.ue(own);
            for at in 0..count + own {
                if at < count {
                    let index = choices.below(22 + at as u32, listed.len() as u64);
                    if listed.len() > 1 {
                        let bits = (0..8).find(|bits| 1 << bits >= listed.len()).expect("few pictures");
                        w.u(bits, index);
                    }
                    total += u64::from(listed[index as usize]);
                } else {
                    w.u(self.order_bits, 1).u(1, choices.bit(24));
                    total += choices.bit(24);
                }
                w.u(1, choices.bit(25));
                if choices.flag(25) {
                    w.ue(300);
                }
            }
        }
        total
    }

    fn prediction(&self, w: &mut BitWriter, b: bool, total: u64, temporal_mvp: bool, choices: Choices) {
        let mut references = self.references;
        w.u(1, choices.bit(30));
        if choices.flag(30) {
            references = [1 + choices.below(31, 15), 1 + choices.below(32, 15)];
            w.ue(references[0] - 1);
            if b {
                w.ue(references[1] - 1);
            }
        }
        let lists = if b { &references[..] } else { &references[..1] };
        if self.lists_modification && total > 1 {
            let bits = (0..8).find(|bits| 1 << bits >= total).expect("few pictures");
            for (list, count) in lists.iter().enumerate() {
                w.u(1, choices.bit(33 + list as u32));
                for _ in 0..choices.bit(33 + list as u32) * count {
                    w.u(bits, total - 1);
                }
            }
        }
        if b {
            w.u(1, 0);
        }
        if self.cabac_init {
            w.u(1, 1);
        }
        if temporal_mvp {
            let mut collocated = references[0];
            if b {
                w.u(1, choices.bit(35));
                collocated = if choices.flag(35) { references[0] } else { references[1] };
            }
            if collocated > 1 {
                w.ue(collocated - 1);
            }
        }
        if self.weighted[usize::from(b)] {
            self.weights(w, lists, choices);
        }
        w.ue(choices.below(36, 5));
        if self.choose_integer_mv {
            w.u(1, 1);
        }
    }

    fn weights(&self, w: &mut BitWriter, lists: &[u64], choices: Choices) {
        w.ue(6);
        if self.chroma() {
            w.se(-1);
        }
        for count in lists.iter().map(|count| *count as u32) {
            for at in 0..count {
                w.u(1, choices.bit(37 + at));
            }
            for at in 0..if self.chroma() { count } else { 0 } {
                w.u(1, choices.bit(45 + at));
            }
            for at in 0..count {
                if choices.flag(37 + at) {
                    w.se(-100).se(30);
                }
                if self.chroma() && choices.flag(45 + at) {
                    w.se(1).se(-200).se(0).se(7);
                }
            }
        }
    }

    fn entry_points(&self, w: &mut BitWriter, choices: Choices) {
        let (_, rows) = self.blocks();
        let most = match (self.tiles, self.wavefronts) {
            (None, _) => rows - 1,
            (Some((columns, rows)), false) => columns * rows - 1,
            (Some((columns, _)), true) => columns * rows - 1,
        };
        let count = if choices.flag(50) { most } else { choices.below(51, most + 1) };
        w.ue(count);
        if count > 0 {
            let width = if choices.flag(52) { 32 } else { 1 + choices.below(53, 31) as u32 };
            w.ue(u64::from(width) - 1);
            for at in 0..count as u32 {
                w.u(width, choices.0.rotate_right(at) & choices.0.rotate_right(2 * at) & ((1 << width) - 1));
            }
        }
    }
}
