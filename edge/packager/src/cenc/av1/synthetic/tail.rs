//! The frame header from the quantizer to the film grain (AV1 specification, 5.9.12 to 5.9.30).

use super::{Frame, Slot, Stream, ns};
use crate::bits::{BitWriter, Dice};

/// What the end of a header depends on of its beginning.
pub(super) struct Kind<'a> {
    pub(super) frame: &'a Frame,
    pub(super) intra: bool,
    pub(super) resilient: bool,
    /// Quantizer differences of the primary reference.
    pub(super) primary: Option<[i64; 8]>,
    pub(super) copy: bool,
    pub(super) high: bool,
    /// Shown now or later.
    pub(super) shown: bool,
    pub(super) scaled: bool,
}

impl Stream {
    pub(super) fn tail(&self, w: &mut BitWriter, d: &mut Dice, kind: &Kind<'_>, slots: &[Slot; 8]) -> [i64; 8] {
        let color = !self.monochrome;
        let (lossless, alternate) = self.quantizer(w, d, kind);
        if !lossless && !kind.copy {
            let level = d.roll(2);
            w.u(6, 0).u(6, level);
            if color && level > 0 {
                w.u(12, d.roll(4096));
            }
            w.u(3, 5);
            if w.flag(d.flip()) && w.flag(d.flip()) {
                for _ in 0..10 {
                    if w.flag(d.flip()) {
                        w.u(7, d.roll(128));
                    }
                }
            }
            if self.cdef {
                let log = d.roll(4);
                w.u(2, 1).u(2, log);
                for _ in 0..1 << log {
                    w.u(4, 3).u(2, 3);
                    if color {
                        w.u(4, 9).u(2, 0);
                    }
                }
            }
        }
        if (!lossless || kind.scaled) && !kind.copy && self.restoration {
            self.restore(w, d);
        }
        if !lossless {
            w.u(1, 1);
        }
        if !kind.intra && w.flag(d.flip()) && self.skip_mode(kind.frame, slots) {
            w.u(1, 1);
        }
        if !kind.intra && !kind.resilient && self.warped {
            w.u(1, 0);
        }
        w.u(1, 1);
        if !kind.intra {
            motion(w, d, kind.high);
        }
        if self.grain && kind.shown {
            self.film_grain(w, d, kind.frame.kind == 1);
        }
        alternate
    }

    /// Up to `delta_lf_params`; whether the frame is lossless, and quantizer differences by segment.
    fn quantizer(&self, w: &mut BitWriter, d: &mut Dice, kind: &Kind<'_>) -> (bool, [i64; 8]) {
        // Lossless often enough.
        let base = if d.flip() { 0 } else { d.roll(256) };
        w.u(8, base);
        let mut deltas = false;
        let mut delta = |w: &mut BitWriter, d: &mut Dice| {
            if w.flag(d.roll(4) == 0) {
                let value = d.roll(128);
                w.u(7, value);
                deltas |= value != 0;
            }
        };
        delta(w, d);
        if !self.monochrome {
            let separate = self.separate_uv && w.flag(d.flip());
            for _ in 0..if separate { 4 } else { 2 } {
                delta(w, d);
            }
        }
        if w.flag(d.flip()) {
            w.u(8, 0x5a).u(if self.separate_uv { 4 } else { 0 }, 3);
        }
        let mut alternate = [0; 8];
        if w.flag(d.flip()) {
            let mut update = true;
            if let Some(primary) = kind.primary {
                if w.flag(d.flip()) {
                    w.u(1, 1);
                }
                update = w.flag(d.flip());
                if !update {
                    alternate = primary;
                }
            }
            for segment in alternate.iter_mut().filter(|_| update) {
                for (feature, width) in [9, 7, 7, 7, 7, 3, 0, 0].into_iter().enumerate() {
                    if w.flag(d.roll(3) == 0) {
                        let value = d.roll(1 << width);
                        w.u(width, value);
                        if feature == 0 {
                            *segment = if value < 256 { value as i64 } else { value as i64 - 512 };
                        }
                    }
                }
            }
        }
        let lossless = !deltas && alternate.iter().all(|value| (base as i64 + value).clamp(0, 255) == 0);
        if base > 0 && w.flag(d.flip()) {
            w.u(2, 1);
            if !kind.copy && w.flag(d.flip()) {
                w.u(2, 2).u(1, 1);
            }
        }
        (lossless, alternate)
    }

    fn restore(&self, w: &mut BitWriter, d: &mut Dice) {
        let types: Vec<u64> = (0..if self.monochrome { 1 } else { 3 }).map(|_| d.roll(4) * d.roll(2)).collect();
        for kind in &types {
            w.u(2, *kind);
        }
        if types.iter().all(|kind| *kind == 0) {
            return;
        }
        if w.flag(d.flip()) && !self.big_superblocks {
            w.u(1, 1);
        }
        // Profile 0: chroma is subsampled both ways.
        if types.iter().skip(1).any(|kind| *kind != 0) {
            w.u(1, 0);
        }
    }

    /// Whether the two frames that skip mode needs are there: one before and one after, or two before. Hints never wrap here.
    fn skip_mode(&self, frame: &Frame, slots: &[Slot; 8]) -> bool {
        let mut hints: Vec<u64> = frame.slots.iter().map(|slot| slots[*slot as usize].hint).collect();
        hints.sort_unstable();
        hints.dedup();
        let before = hints.iter().filter(|hint| **hint < frame.hint).count();
        let after = hints.iter().filter(|hint| **hint > frame.hint).count();
        self.hint_bits > 0 && (before >= 2 || before == 1 && after > 0)
    }

    fn film_grain(&self, w: &mut BitWriter, d: &mut Dice, inter: bool) {
        if !w.flag(d.flip()) {
            return;
        }
        w.u(16, d.roll(1 << 16));
        if inter && !w.flag(d.flip()) {
            w.u(3, 6);
            return;
        }
        let points = |w: &mut BitWriter, d: &mut Dice| {
            let count = d.roll(3) * 5;
            w.u(4, count);
            for _ in 0..count {
                w.u(8, 100).u(8, 50);
            }
            count > 0
        };
        let luma = points(w, d);
        let from_luma = !self.monochrome && w.flag(d.flip());
        let own = !self.monochrome && !from_luma && luma;
        let (blue, red) = (own && points(w, d), own && points(w, d));
        let lag = d.roll(4);
        w.u(2, 1).u(2, lag);
        let taps = 2 * lag * (lag + 1);
        for (count, wanted) in
            [(taps, luma), (taps + u64::from(luma), from_luma || blue), (taps + u64::from(luma), from_luma || red)]
        {
            for _ in 0..if wanted { count } else { 0 } {
                w.u(8, 128);
            }
        }
        w.u(2, 1).u(2, 2);
        for _ in 0..u8::from(blue) + u8::from(red) {
            w.u(8, 1).u(8, 2).u(9, 300);
        }
        w.u(2, 2);
    }
}

/// `global_motion_params`
fn motion(w: &mut BitWriter, d: &mut Dice, high: bool) {
    for _ in 0..7 {
        match d.roll(4) {
            0 => {
                w.u(1, 0);
            }
            1 => {
                w.u(2, 3);
                (0..4).for_each(|_| subexp(w, d, 12));
            }
            2 => {
                w.u(3, 0b101);
                (0..2).for_each(|_| subexp(w, d, if high { 9 } else { 8 }));
            }
            _ => {
                w.u(3, 0b100);
                (0..6).for_each(|_| subexp(w, d, 12));
            }
        }
    }
}

/// `decode_subexp` (5.9.28) of one of the numbers from -2^bits to 2^bits: groups of 8, 8, 16, 32, … numbers.
fn subexp(w: &mut BitWriter, d: &mut Dice, bits: u32) {
    let symbols = (1u64 << (bits + 1)) + 1;
    let mut value = d.roll(symbols) >> d.roll(u64::from(bits));
    let mut left = symbols;
    for group in [3u32, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13] {
        let size = 1 << group;
        if left <= 3 * size {
            return ns(w, left, value);
        }
        if !w.flag(value >= size) {
            w.u(group, value);
            return;
        }
        value -= size;
        left -= size;
    }
}
