//! AV1 sequences, frames and tiles, written bit by bit after the syntax tables of the AV1 specification: synthetic streams for what no
//! encoder at hand produces (tiles of their own sizes, tiny tiles, layers, frame ids, switch frames, sizes taken from references, …).

mod header;
mod model;
mod tail;

pub(in crate::cenc) use model::samples;
pub(in crate::cenc::av1) use model::{Model, Sample};

use proptest::prelude::*;

use crate::{
    bits::BitWriter,
    cenc::synthetic::{boxed, visual_entry},
};

/// What frame headers depend on of the sequence.
#[derive(Clone, Debug)]
pub(in crate::cenc) struct Stream {
    pub(in crate::cenc::av1) size: [u64; 2],
    /// The largest side of frames that have sizes of their own.
    pub(in crate::cenc::av1) max: u64,
    pub(in crate::cenc::av1) reduced: bool,
    pub(in crate::cenc::av1) decoder_model: bool,
    pub(in crate::cenc::av1) frame_ids: bool,
    big_superblocks: bool,
    warped: bool,
    pub(in crate::cenc::av1) hint_bits: u32,
    ref_mvs: bool,
    screen: Option<bool>,
    integer_mv: Option<bool>,
    superres: bool,
    cdef: bool,
    restoration: bool,
    monochrome: bool,
    separate_uv: bool,
    grain: bool,
    /// Temporal and spatial layer of its frames.
    pub(in crate::cenc::av1) layer: Option<[u8; 2]>,
}

/// Arbitrary streams of frames of no more than `max` pixels each way.
pub(in crate::cenc) fn streams(max: u64) -> impl Strategy<Value = Stream> {
    (any::<[bool; 12]>(), 16..=max, 16..=max, 0u32..=8, any::<[Option<bool>; 2]>()).prop_map(
        move |(flags, width, height, hint_bits, [screen, integer_mv])| {
            let [decoder_model, frame_ids, big_superblocks, warped, ref_mvs, superres, cdef, restoration, ..] = flags;
            Stream {
                size: [width, height],
                max,
                reduced: false,
                decoder_model,
                frame_ids,
                big_superblocks,
                warped,
                hint_bits,
                ref_mvs: ref_mvs && hint_bits > 0,
                screen,
                integer_mv: if screen == Some(false) { None } else { integer_mv },
                superres,
                cdef,
                restoration,
                monochrome: flags[8],
                separate_uv: flags[9] && !flags[8],
                grain: flags[10],
                layer: flags[11].then_some([1, 2]),
            }
        },
    )
}

/// What the writer of a frame decides on by itself.
#[derive(Clone, Debug)]
pub(in crate::cenc::av1) struct Frame {
    pub(in crate::cenc::av1) kind: u64,
    pub(in crate::cenc::av1) show: bool,
    pub(in crate::cenc::av1) hint: u64,
    pub(in crate::cenc::av1) refresh: u64,
    pub(in crate::cenc::av1) resilient: bool,
    /// The references' slots.
    pub(in crate::cenc::av1) slots: [u64; 7],
    /// Whether they are derived from the first and the fourth.
    pub(in crate::cenc::av1) short: bool,
    pub(in crate::cenc::av1) size: FrameSize,
    /// Sizes of tiles in superblocks: uniform by their logarithms, or spelled out at random.
    pub(in crate::cenc::av1) uniform: bool,
    pub(in crate::cenc::av1) seed: u64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::cenc::av1) enum FrameSize {
    /// The sequence's.
    Usual,
    Own([u64; 2]),
    /// That of the reference of this number.
    Of(usize),
}

/// What a slot holds, as the writer has it.
#[derive(Clone, Copy, Debug)]
pub(in crate::cenc::av1) struct Slot {
    pub(in crate::cenc::av1) hint: u64,
    pub(in crate::cenc::av1) size: [u64; 2],
    /// Quantizer differences by segment.
    pub(in crate::cenc::av1) alternate: [i64; 8],
}

/// How tiles came out, and what goes into slots.
#[derive(Clone, Copy, Debug)]
pub(in crate::cenc::av1) struct Layout {
    pub(in crate::cenc::av1) count: u64,
    pub(in crate::cenc::av1) number_bits: u32,
    pub(in crate::cenc::av1) size_bytes: usize,
    pub(in crate::cenc::av1) saved: Slot,
}

/// An OBU of this type, with or without its size.
pub(in crate::cenc::av1) fn obu(kind: u8, layer: Option<[u8; 2]>, sized: bool, payload: &[u8]) -> Vec<u8> {
    let mut out = vec![kind << 3 | u8::from(layer.is_some()) << 2 | u8::from(sized) << 1];
    out.extend(layer.map(|[temporal, spatial]| temporal << 5 | spatial << 3));
    if sized {
        let mut size = payload.len();
        while size >= 128 {
            out.push(size as u8 | 128);
            size >>= 7;
        }
        out.push(size as u8);
    }
    [out, payload.to_vec()].concat()
}

impl Stream {
    pub(in crate::cenc::av1) fn obu(&self, kind: u8, payload: &[u8]) -> Vec<u8> {
        obu(kind, self.layer, true, payload)
    }

    /// The sample entry of the track.
    pub(in crate::cenc) fn entry(&self) -> Vec<u8> {
        let flags = 0x0c | u8::from(self.monochrome) << 4;
        visual_entry(b"av01", &boxed(b"av1C", &[&[0x81, 8, flags, 0], &self.sequence()]))
    }

    /// The sequence header OBU.
    pub(in crate::cenc::av1) fn sequence(&self) -> Vec<u8> {
        let mut w = BitWriter::default();
        w.u(3, 0).u(1, self.reduced.into()).u(1, self.reduced.into());
        if self.reduced {
            w.u(5, 8);
        } else {
            if w.flag(self.decoder_model) {
                // An interval of three ticks, then delays of 10, removal times of 7, presentation times of 12 bits.
                w.u(32, 1).u(32, 50).u(1, 0).u(1, 1).u(5, 9).u(32, 1).u(5, 6).u(5, 11);
            }
            // Two operating points with display delays: the second one has layers, a tier and a decoder model.
            w.u(1, 1).u(5, 1);
            w.u(12, 0).u(5, 4).u(if self.decoder_model { 1 } else { 0 }, 0).u(1, 0);
            w.u(12, 0x402).u(5, 9).u(1, 1);
            if self.decoder_model {
                w.u(1, 1).u(10, 5).u(10, 6).u(1, 0);
            }
            w.u(1, 1).u(4, 9);
        }
        w.u(4, 15).u(4, 10).u(16, self.size[0] - 1).u(11, self.size[1] - 1);
        if !self.reduced && w.flag(self.frame_ids) {
            // Differences of 5 bits, ids of 8.
            w.u(4, 3).u(3, 2);
        }
        w.u(1, self.big_superblocks.into()).u(2, 3);
        if !self.reduced {
            w.u(2, 1).u(1, self.warped.into()).u(1, 1);
            if w.flag(self.hint_bits > 0) {
                w.u(1, 1).u(1, self.ref_mvs.into());
            }
            choice(&mut w, self.screen);
            if self.screen != Some(false) {
                choice(&mut w, self.integer_mv);
            }
            if self.hint_bits > 0 {
                w.u(3, u64::from(self.hint_bits) - 1);
            }
        }
        w.u(1, self.superres.into()).u(1, self.cdef.into()).u(1, self.restoration.into());
        w.u(1, 0).u(1, self.monochrome.into()).u(1, 1).u(24, 0x0001_0101).u(1, 0);
        if !self.monochrome {
            w.u(2, 1).u(1, self.separate_uv.into());
        }
        w.u(1, self.grain.into()).u(1, 1);
        obu(1, None, true, &w.bytes())
    }
}

/// `seq_choose_…`, then what it chose.
fn choice(w: &mut BitWriter, chosen: Option<bool>) {
    match chosen {
        None => w.u(1, 1),
        Some(chosen) => w.u(2, chosen.into()),
    };
}

/// `ns(n)` (4.10.7)
pub(in crate::cenc::av1) fn ns(w: &mut BitWriter, n: u64, value: u64) {
    let width = 64 - n.leading_zeros();
    let short = (1 << width) - n;
    if value < short {
        w.u(width - 1, value)
    } else {
        w.u(width, value + short)
    };
}
