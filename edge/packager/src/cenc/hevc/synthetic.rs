//! HEVC parameter sets and slice segments, written bit by bit after the syntax tables of ITU-T H.265: synthetic streams for features
//! that no encoder at hand produces (tiles, dependent slice segments, long-term pictures, list modification, extensions, …).

mod parameters;
mod sets;
mod slice;
mod vui;

use proptest::prelude::*;

use super::{Error, Hevc};
use crate::{
    bmff::moov::{HevcProfile, HvcC},
    cenc::nal::synthetic::unit,
};
pub(super) use sets::ReferenceSet;

/// What the writers decide by: bits, used over and over.
#[derive(Clone, Copy, Debug)]
pub(super) struct Choices(u64);

impl Choices {
    /// The choice of that number.
    pub(super) fn bit(self, at: u32) -> u64 {
        self.0.rotate_right(at) & 1
    }

    pub(super) fn flag(self, at: u32) -> bool {
        self.bit(at) == 1
    }

    /// A number below `count`.
    pub(super) fn below(self, at: u32, count: u64) -> u64 {
        self.0.rotate_right(at) % 1021 % count
    }
}

/// The choices that a slice segment header depends on.
#[derive(Clone, Debug)]
pub(in crate::cenc) struct Stream {
    pub(super) choices: Choices,
    pub(super) chroma_format: u64,
    pub(super) separate: bool,
    pub(super) sub_layers: u64,
    /// Luma samples, and the size of a coding tree block as a power of 2.
    pub(super) size: (u64, u64),
    pub(super) block: u64,
    pub(super) order_bits: u32,
    pub(super) sao: bool,
    pub(super) short_term: Vec<ReferenceSet>,
    /// Whether long-term pictures that the sequence parameter set lists are referred to.
    pub(super) long_term: Option<Vec<bool>>,
    pub(super) temporal_mvp: bool,
    pub(super) choose_integer_mv: bool,
    pub(super) dependent_segments: bool,
    pub(super) output_flag: bool,
    pub(super) extra_bits: u32,
    pub(super) cabac_init: bool,
    pub(super) references: [u64; 2],
    pub(super) chroma_qp_offsets: bool,
    pub(super) weighted: [bool; 2],
    pub(super) tiles: Option<(u64, u64)>,
    pub(super) wavefronts: bool,
    pub(super) loop_filter_across_slices: bool,
    /// Override enabled, disabled.
    pub(super) deblocking: Option<(bool, bool)>,
    pub(super) lists_modification: bool,
    pub(super) header_extension: bool,
    /// `chroma_qp_offset_list_enabled_flag`, where there is a range extension.
    pub(super) range: Option<bool>,
    /// The current picture as a reference, offsets of the colour transform, where there is a screen content extension.
    pub(super) screen_content: Option<(bool, bool)>,
    /// Says that there are 3D extensions too, which none of [`streams`] does.
    pub(super) three_d: bool,
}

/// Arbitrary streams.
pub(in crate::cenc) fn streams() -> impl Strategy<Value = Stream> {
    let sets = proptest::collection::vec(any::<u64>(), 0..9);
    let long_term = proptest::option::of(proptest::collection::vec(any::<bool>(), 0..5));
    let sps = (0u64..4, any::<bool>(), 0u64..7, (1u64..60, 1u64..60), 3u64..7, 4u32..=16);
    let pps = (0u32..3, (1u64..5, 1u64..5), proptest::option::of((1u64..5, 1u64..5)), any::<[bool; 16]>());
    let extensions = (proptest::option::of(any::<bool>()), proptest::option::of(any::<(bool, bool)>()));
    let deblocking = proptest::option::of(any::<(bool, bool)>());
    (sps, pps, sets, long_term, deblocking, extensions, any::<u64>()).prop_map(
        |(
            (chroma_format, separate, sub_layers, (width, height), block, order_bits),
            (extra_bits, references, tiles, flags),
            sets,
            long_term,
            deblocking,
            (range, screen_content),
            choices,
        )| {
            let own_picture = screen_content.is_some_and(|(own, _)| own);
            Stream {
                choices: Choices(choices),
                chroma_format,
                separate: chroma_format == 3 && separate,
                sub_layers,
                size: (8 * width, 8 * height),
                block,
                order_bits,
                sao: flags[0],
                short_term: sets::random(&sets),
                long_term,
                temporal_mvp: flags[1],
                choose_integer_mv: screen_content.is_some() && flags[2],
                dependent_segments: flags[3],
                output_flag: flags[4],
                extra_bits,
                cabac_init: flags[5],
                references: [references.0, references.1],
                chroma_qp_offsets: flags[6],
                weighted: [flags[7] && !own_picture, flags[8] && !own_picture],
                tiles,
                wavefronts: flags[9],
                loop_filter_across_slices: flags[10],
                deblocking,
                lists_modification: flags[11],
                header_extension: flags[12],
                range,
                screen_content,
                three_d: false,
            }
        },
    )
}

/// A NAL unit of that type in the base layer.
pub(super) fn of_type(kind: u8, rbsp: &[u8]) -> Vec<u8> {
    unit(&[kind << 1, 1], rbsp)
}

impl Stream {
    /// Picture width and height in coding tree blocks.
    pub(super) fn blocks(&self) -> (u64, u64) {
        (self.size.0.div_ceil(1 << self.block), self.size.1.div_ceil(1 << self.block))
    }

    /// Chroma planes that are coded with the luma plane.
    pub(super) fn chroma(&self) -> bool {
        self.chroma_format != 0 && !self.separate
    }

    /// An `hvcC` box's payload.
    pub(in crate::cenc) fn hvcc(&self, nal_length_size: u8) -> Vec<u8> {
        let mut out = vec![1, 1, 0x60, 0, 0, 0, 0xb0, 0, 0, 0, 0, 0, 93, 0xf0, 0, 0xfc, 0xfd, 0xf8, 0xf8, 0, 0];
        out.extend([0x0c | (nal_length_size - 1), 2]);
        for (kind, set) in [(33, self.sps()), (34, self.pps())] {
            out.extend([0x80 | kind, 0, 1]);
            out.extend((set.len() as u16).to_be_bytes());
            out.extend(set);
        }
        out
    }

    /// The configuration of the stream, with NAL unit lengths of `size` bytes.
    pub(super) fn hevc(&self, size: u8) -> Result<Hevc, Error> {
        let (sps, pps) = (self.sps(), self.pps());
        empty(size, &[&sps], &[&pps])
    }
}

/// A configuration of these parameter sets.
pub(super) fn empty(nal_length_size: u8, sps: &[&[u8]], pps: &[&[u8]]) -> Result<Hevc, Error> {
    let profile =
        HevcProfile { space: 0, high_tier: false, idc: 1, compatibility: 6 << 28, constraints: [0; 6], level: 93 };
    let (sps, pps) = (sps.to_vec(), pps.to_vec());
    Hevc::new(&HvcC { profile, nal_length_size, vps: vec![], sps, pps, others: vec![] })
}
