//! Parameter sets.

use super::{Choices, Stream, of_type, sets, vui};
use crate::cenc::nal::synthetic::BitWriter;

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
            sets::write(w, &self.short_term[..at], Choices(set.choices), false);
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
            vui::write(w, self.sub_layers, choices);
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
