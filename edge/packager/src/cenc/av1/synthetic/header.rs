//! The frame header up to the tiles (AV1 specification, 5.9.2 to 5.9.15).

use super::{Frame, FrameSize, Layout, Slot, Stream, ns, tail::Kind};
use crate::bits::{BitWriter, Dice};

impl Stream {
    /// A frame header, not yet aligned, and its tiles.
    pub(in crate::cenc::av1) fn header(&self, frame: &Frame, slots: &[Slot; 8]) -> (BitWriter, Layout) {
        let (mut w, mut d) = (BitWriter::default(), Dice(frame.seed));
        let w = &mut w;
        let (key, intra, switch) = (frame.kind == 0, frame.kind == 0 || frame.kind == 2, frame.kind == 3);
        let (mut showable, mut resilient) = (false, true);
        if !self.reduced {
            w.u(1, 0).u(2, frame.kind).u(1, frame.show.into());
            if frame.show && self.decoder_model {
                w.u(12, d.roll(4096));
            }
            showable = if frame.show { !key } else { w.flag(d.flip()) };
            if !(switch || key && frame.show) {
                resilient = w.flag(frame.resilient);
            }
        }
        let no_update = w.flag(d.flip());
        let screen = self.screen.unwrap_or_else(|| w.flag(d.flip()));
        let integer = screen && self.integer_mv.unwrap_or_else(|| w.flag(d.flip()));
        w.u(if self.frame_ids && !self.reduced { 8 } else { 0 }, d.roll(256));
        let own = frame.size != FrameSize::Usual;
        if !switch && !self.reduced {
            w.u(1, own.into());
        }
        w.u(if self.reduced { 0 } else { self.hint_bits }, frame.hint);
        let mut primary = None;
        if !intra && !resilient {
            let named = d.roll(8);
            w.u(3, named);
            primary = frame.slots.get(named as usize).map(|slot| slots[*slot as usize].alternate);
        }
        if self.decoder_model && !self.reduced && w.flag(d.flip()) {
            // The second operating point alone has a model. It takes temporal layer 1 and spatial layer 2 only: 0x402.
            w.u(if self.layer.is_some() { 7 } else { 0 }, d.roll(128));
        }
        let all = switch || key && frame.show;
        w.u(if all { 0 } else { 8 }, frame.refresh);
        if (!intra || !all && frame.refresh != 255) && resilient && self.hint_bits > 0 && !self.reduced {
            for slot in slots {
                w.u(self.hint_bits, slot.hint);
            }
        }
        let (mut size, mut high, mut copy) = (self.size, false, false);
        let coded;
        if intra {
            coded = self.size(w, &mut d, frame, &mut size, own);
            copy = screen && coded == size[0] && w.flag(d.flip());
        } else {
            if self.hint_bits > 0 && w.flag(frame.short) {
                w.u(3, frame.slots[0]).u(3, frame.slots[3]);
            }
            for slot in frame.slots {
                w.u(if frame.short { 0 } else { 3 }, slot).u(if self.frame_ids { 5 } else { 0 }, 3);
            }
            coded = match frame.size {
                FrameSize::Of(at) if !resilient && !switch => {
                    w.u(at as u32, 0).u(1, 1);
                    size = slots[frame.slots[at] as usize].size;
                    self.superres(w, &mut d, size[0])
                }
                _ => {
                    if own && !resilient {
                        w.u(7, 0);
                    }
                    self.size(w, &mut d, frame, &mut size, own || switch)
                }
            };
            high = !integer && w.flag(d.flip());
            if !w.flag(d.flip()) {
                w.u(2, 3);
            }
            w.u(1, 1);
            if !resilient && self.ref_mvs {
                w.u(1, 1);
            }
        }
        if !self.reduced && !no_update {
            w.u(1, 1);
        }
        let mut layout = self.tiles(w, &mut d, frame, [coded, size[1]], size);
        let shown = frame.show || showable;
        let kind = Kind { frame, intra, resilient, primary, copy, high, shown, scaled: coded != size[0] };
        layout.saved.alternate = self.tail(w, &mut d, &kind, slots);
        (w.clone(), layout)
    }

    /// `frame_size` and `render_size`: the coded width.
    fn size(&self, w: &mut BitWriter, d: &mut Dice, frame: &Frame, size: &mut [u64; 2], own: bool) -> u64 {
        if own {
            if let FrameSize::Own(own) = frame.size {
                *size = own;
            }
            w.u(16, size[0] - 1).u(11, size[1] - 1);
        }
        let coded = self.superres(w, d, size[0]);
        if w.flag(d.flip()) {
            w.u(32, 77);
        }
        coded
    }

    fn superres(&self, w: &mut BitWriter, d: &mut Dice, width: u64) -> u64 {
        if !self.superres || !w.flag(d.flip()) {
            return width;
        }
        let denominator = d.roll(8);
        w.u(3, denominator);
        (width * 8 + (denominator + 9) / 2) / (denominator + 9)
    }

    /// `tile_info` of frames of no more than 4096 by 2304, which need not be split.
    fn tiles(&self, w: &mut BitWriter, d: &mut Dice, frame: &Frame, coded: [u64; 2], size: [u64; 2]) -> Layout {
        let block = if self.big_superblocks { 128 } else { 64 };
        let blocks = coded.map(|pixels| pixels.div_ceil(block));
        let log = |count: u64| (0..).find(|log| 1 << log >= count).expect("a logarithm");
        let (mut counts, mut logs) = ([0; 2], [0u32; 2]);
        w.u(1, frame.uniform.into());
        let mut largest = 1;
        for side in 0..2 {
            let mut max = blocks[side];
            if side == 1 && !frame.uniform {
                max = max.min((blocks[0] * blocks[1] / largest).max(1));
            }
            if frame.uniform {
                while logs[side] < log(blocks[side]) && w.flag(d.flip()) {
                    logs[side] += 1;
                }
                let step = blocks[side].div_ceil(1 << logs[side]);
                counts[side] = blocks[side].div_ceil(step);
            } else {
                let mut left = blocks[side];
                while left > 0 {
                    let most = left.min(max);
                    let tile = d.roll(most);
                    ns(w, most, tile);
                    largest = largest.max(if side == 0 { tile + 1 } else { 0 });
                    left -= tile + 1;
                    counts[side] += 1;
                }
                logs[side] = log(counts[side]);
            }
        }
        let number_bits = logs[0] + logs[1];
        let saved = Slot { hint: frame.hint, size, alternate: [0; 8] };
        let mut layout = Layout { count: counts[0] * counts[1], number_bits, size_bytes: 0, saved };
        if number_bits > 0 {
            layout.size_bytes = 2 + d.roll(3) as usize;
            w.u(number_bits, 0).u(2, layout.size_bytes as u64 - 1);
        }
        layout
    }
}
