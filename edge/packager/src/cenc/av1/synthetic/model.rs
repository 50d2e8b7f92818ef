//! Samples of a stream, and what its writer knows of them.

use core::ops::Range;

use super::{Frame, FrameSize, Layout, Slot, Stream, obu};
use crate::bits::{BitWriter, Dice};

/// A sample, and where its tiles are.
#[derive(Clone, Debug, Default)]
pub(in crate::cenc) struct Sample {
    pub(in crate::cenc) bytes: Vec<u8>,
    pub(in crate::cenc::av1) tiles: Vec<Range<usize>>,
}

/// The writer's own account of a stream.
pub(in crate::cenc::av1) struct Model<'a> {
    stream: &'a Stream,
    pub(in crate::cenc::av1) slots: [Slot; 8],
    pub(in crate::cenc::av1) dice: Dice,
}

impl<'a> Model<'a> {
    pub(in crate::cenc::av1) fn new(stream: &'a Stream, seed: u64) -> Self {
        Self { stream, slots: [Slot { hint: 0, size: stream.size, alternate: [0; 8] }; 8], dice: Dice(seed) }
    }

    pub(in crate::cenc::av1) fn key(&mut self) -> Frame {
        self.frame(0, true)
    }

    /// A frame of this type, of which the dice decide the rest.
    pub(in crate::cenc::av1) fn frame(&mut self, kind: u64, show: bool) -> Frame {
        let dice = &mut self.dice;
        // Within a quarter of the hints, so that no difference wraps.
        let hints = (1u64 << self.stream.hint_bits).div_ceil(4);
        let size = match dice.roll(3) {
            _ if self.stream.reduced => FrameSize::Usual,
            0 => FrameSize::Own([1 + dice.roll(self.stream.max), 1 + dice.roll(self.stream.max)]),
            1 if kind == 1 => FrameSize::Of(dice.roll(7) as usize),
            _ => FrameSize::Usual,
        };
        let resilient = dice.flip();
        // A size can be taken from a reference only where frames are not error resilient.
        let size = if resilient && matches!(size, FrameSize::Of(_)) { FrameSize::Usual } else { size };
        let (hint, short) = (dice.roll(hints), self.stream.hint_bits > 0 && dice.flip());
        let mut slots = [(); 7].map(|()| dice.roll(8));
        if short {
            slots = derived(&self.slots, hint, slots[0], slots[3]);
        }
        Frame {
            kind,
            show,
            hint,
            short,
            // An intra-only frame does not fill all slots.
            refresh: dice.roll(255),
            resilient,
            slots,
            size,
            uniform: dice.flip(),
            seed: dice.roll(1 << 31),
        }
    }

    pub(in crate::cenc::av1) fn write(&mut self, frame: &Frame, sample: &mut Sample) {
        let (header, layout) = self.stream.header(frame, &self.slots);
        let groups = if layout.count > 1 { 1 + self.dice.roll(3.min(layout.count)) } else { 1 };
        let single = groups == 1 && self.dice.flip();
        if !single {
            let mut header = header.clone();
            header.u(1, 1);
            sample.bytes.extend(self.stream.obu(3, &header.bytes()));
            if self.dice.flip() {
                sample.bytes.extend(self.stream.obu(7, &header.bytes()));
            }
        }
        let mut first = 0;
        for group in 1..=groups {
            let last = if group == groups { layout.count } else { first + 1 } - 1;
            let (payload, tiles) = self.group(&layout, first, last, groups > 1);
            let before = if single { header.bytes() } else { Vec::new() };
            let unit = self.stream.obu(if single { 6 } else { 4 }, &[before, payload.clone()].concat());
            let start = sample.bytes.len() + unit.len() - payload.len();
            sample.tiles.extend(tiles.into_iter().map(|tile| start + tile.start..start + tile.end));
            sample.bytes.extend(unit);
            // Padding and metadata may stand between.
            sample.bytes.extend(obu(15, None, true, &[1, 2, 3]));
            first = last + 1;
        }
        let all = frame.kind == 3 || frame.kind == 0 && frame.show;
        for slot in (0..8).filter(|slot| all || frame.refresh >> slot & 1 == 1) {
            self.slots[slot] = layout.saved;
        }
    }

    fn group(&mut self, layout: &Layout, first: u64, last: u64, numbers: bool) -> (Vec<u8>, Vec<Range<usize>>) {
        let mut w = BitWriter::default();
        if layout.count > 1 && w.flag(numbers || self.dice.flip()) {
            w.u(layout.number_bits, first).u(layout.number_bits, last);
        }
        let (mut bytes, mut tiles) = (w.bytes(), Vec::new());
        for tile in first..=last {
            // Many of fewer than 16 bytes.
            let size = 1 + self.dice.roll(40) as usize;
            if tile != last {
                bytes.extend(&(size as u32 - 1).to_le_bytes()[..layout.size_bytes]);
            }
            tiles.push(bytes.len()..bytes.len() + size);
            bytes.extend((0..size).map(|_| self.dice.roll(256) as u8));
        }
        (bytes, tiles)
    }
}

/// Samples of a stream: a key frame, then frames of all types, some hidden, some only shown.
pub(in crate::cenc) fn samples(stream: &Stream, seed: u64, kinds: &[u64]) -> Vec<Sample> {
    let mut model = Model::new(stream, seed);
    let mut first = Sample { bytes: [obu(2, None, true, &[]), stream.sequence()].concat(), tiles: Vec::new() };
    let key = model.key();
    model.write(&key, &mut first);
    let mut all = vec![first];
    for kind in kinds {
        let mut sample = Sample::default();
        let (show, own) = (model.dice.flip(), *kind < 4);
        if own {
            let frame = model.frame(*kind, show);
            model.write(&frame, &mut sample);
        }
        all.push(sample);
    }
    all
}

/// Set frame refs process, as 7.8 has it. Hints never wrap here.
fn derived(slots: &[Slot; 8], hint: u64, last: u64, gold: u64) -> [u64; 7] {
    let mut index = [None; 7];
    (index[0], index[3]) = (Some(last), Some(gold));
    let mut used = [false; 8];
    (used[last as usize], used[gold as usize]) = (true, true);
    let mut find = |backward: bool, latest: bool| {
        let mut found: Option<usize> = None;
        for slot in (0..8).filter(|slot| !used[*slot] && (slots[*slot].hint >= hint) == backward) {
            let better = |best: usize| match latest {
                true => slots[slot].hint >= slots[best].hint,
                false => slots[slot].hint < slots[best].hint,
            };
            if found.is_none_or(better) {
                found = Some(slot);
            }
        }
        used[found?] = true;
        found.map(|slot| slot as u64)
    };
    index[6] = find(true, true);
    index[4] = find(true, false);
    index[5] = find(true, false);
    for at in [1, 2, 4, 5, 6] {
        if index[at].is_none() {
            index[at] = find(false, true);
        }
    }
    let mut earliest = 0;
    for slot in 1..8 {
        if slots[slot].hint < slots[earliest].hint {
            earliest = slot;
        }
    }
    index.map(|index| index.unwrap_or(earliest as u64))
}
