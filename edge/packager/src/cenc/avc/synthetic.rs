//! AVC parameter sets and slices, written bit by bit after the syntax tables of ISO/IEC 14496-10: synthetic streams for features
//! that no encoder at hand produces (slice groups, SP slices, picture order count type 1, separate colour planes, …).

use proptest::{prelude::*, strategy::ValueTree};

use super::{Avc, Error};
use crate::{
    bmff::moov::AvcC,
    cenc::nal::{
        self,
        synthetic::{BitWriter, sample, unit},
    },
};

/// The choices that a slice header depends on.
#[derive(Clone, Debug)]
pub(in crate::cenc) struct Stream {
    profile: u8,
    chroma_format: u64,
    separate: bool,
    scaling: bool,
    frame_num_bits: u32,
    /// Picture order count type, and its field width or flag.
    order: (u64, u32, bool),
    frame_mbs_only: bool,
    size: (u64, u64),
    cabac: bool,
    bottom_order: bool,
    /// Slice group map type and change rate, with two groups.
    groups: Option<(u64, u64)>,
    references: (u64, u64),
    weighted: (bool, u64),
    deblocking: bool,
    redundant: bool,
}

/// Arbitrary streams.
pub(in crate::cenc) fn streams() -> impl Strategy<Value = Stream> {
    let sps = (
        prop_oneof![Just(66u8), Just(77), Just(100), Just(244)],
        0u64..4,
        any::<[bool; 3]>(),
        4u32..=16,
        (0u64..3, 4u32..=16, any::<bool>()),
        (1u64..20, 1u64..20),
    );
    let pps = (any::<[bool; 5]>(), proptest::option::of((0u64..7, 1u64..40)), (1u64..4, 1u64..4), 0u64..3);
    (sps, pps).prop_map(
        |((profile, chroma, flags, frame_num_bits, order, size), (switches, groups, references, bipred))| {
            let high = profile >= 100;
            Stream {
                profile,
                chroma_format: if high { chroma } else { 1 },
                separate: high && chroma == 3 && flags[0],
                scaling: high && flags[1],
                frame_num_bits,
                order,
                frame_mbs_only: flags[2],
                size,
                cabac: switches[0],
                bottom_order: switches[1],
                groups,
                references,
                weighted: (switches[2], bipred),
                deblocking: switches[3],
                redundant: switches[4],
            }
        },
    )
}

impl Stream {
    pub(in crate::cenc) fn sps(&self) -> Vec<u8> {
        let mut w = BitWriter::default();
        w.u(8, self.profile.into()).u(16, 30).ue(3);
        if self.profile >= 100 {
            w.ue(self.chroma_format);
            if self.chroma_format == 3 {
                w.u(1, self.separate.into());
            }
            w.ue(0).ue(0).u(1, 0).u(1, self.scaling.into());
            if self.scaling {
                for index in 0..if self.chroma_format == 3 { 12 } else { 8 } {
                    let present = index % 2 == 0;
                    w.u(1, present.into());
                    // Every other list: all deltas, or one that ends the list at once (next scale 0).
                    let deltas: &[i64] = if index % 4 == 0 { &[1; 64] } else { &[-8] };
                    let count = if index < 6 { 16 } else { 64 };
                    for delta in deltas.iter().take(if present { count } else { 0 }) {
                        w.se(*delta);
                    }
                }
            }
        }
        let (kind, width, always_zero) = self.order;
        w.ue(u64::from(self.frame_num_bits) - 4).ue(kind);
        match kind {
            0 => w.ue(u64::from(width) - 4),
            1 => w.u(1, always_zero.into()).se(-3).se(2).ue(2).se(1).se(-1),
            _ => &mut w,
        };
        w.ue(4)
            .u(1, 0)
            .ue(self.size.0 - 1)
            .ue(self.size.1 - 1)
            .u(1, self.frame_mbs_only.into())
            .u(3, 7)
            .u(1, 0)
            .u(1, 1);
        unit(&[0x67], &w.bytes())
    }

    pub(in crate::cenc) fn pps(&self) -> Vec<u8> {
        let mut w = BitWriter::default();
        w.ue(5).ue(3).u(1, self.cabac.into()).u(1, self.bottom_order.into());
        match self.groups {
            None => {
                w.ue(0);
            }
            Some((kind, rate)) => {
                w.ue(1).ue(kind);
                match kind {
                    0 => w.ue(1).ue(2),
                    2 => w.ue(0).ue(3),
                    3..=5 => w.u(1, 1).ue(rate - 1),
                    6 => w.ue(2).u(3, 0b101),
                    _ => &mut w,
                };
            }
        }
        w.ue(self.references.0 - 1).ue(self.references.1 - 1).u(1, self.weighted.0.into()).u(2, self.weighted.1);
        w.se(-2).se(0).se(3).u(1, self.deblocking.into()).u(1, 0).u(1, self.redundant.into()).u(1, 1);
        unit(&[0x68], &w.bytes())
    }

    /// A slice: the NAL unit, and how many of its bytes are header, the NAL header and emulation prevention included.
    pub(in crate::cenc) fn slice(&self, kind: u64, idr: bool, seed: u64, data: &[u8]) -> (Vec<u8>, usize) {
        let mut w = BitWriter::default();
        let bit = |at: u32| seed >> (at % 64) & 1;
        w.ue(seed % 50).ue(kind).ue(5);
        if self.separate {
            w.u(2, 2);
        }
        // Zeros, so that emulation prevention falls into the header too.
        w.u(self.frame_num_bits, if bit(0) == 0 { 0 } else { seed & 0xf });
        let mut field = false;
        if !self.frame_mbs_only {
            field = bit(1) == 1;
            w.u(1, field.into());
            if field {
                w.u(1, bit(2));
            }
        }
        if idr {
            w.ue(seed % 7);
        }
        let both = self.bottom_order && !field;
        match self.order {
            (0, width, _) => {
                w.u(width, 0);
                if both {
                    w.se(-1);
                }
            }
            (1, _, false) => {
                w.se(2);
                if both {
                    w.se(0);
                }
            }
            _ => {}
        }
        if self.redundant {
            w.ue(0);
        }
        let (p, b, sp, si, i) = (kind == 0, kind == 1, kind == 3, kind == 4, kind == 2);
        if b {
            w.u(1, 1);
        }
        let mut references = self.references;
        if p || b || sp {
            w.u(1, bit(3));
            if bit(3) == 1 {
                references = (1 + bit(4), 1 + bit(5));
                w.ue(references.0 - 1);
                if b {
                    w.ue(references.1 - 1);
                }
            }
            for list in 0..if b { 2 } else { 1 } {
                w.u(1, bit(6 + list));
                if bit(6 + list) == 1 {
                    w.ue(0).ue(seed % 11).ue(1).ue(3).ue(2).ue(0).ue(3);
                }
            }
        }
        if (self.weighted.0 && (p || sp)) || (self.weighted.1 == 1 && b) {
            let chroma = self.chroma_format != 0 && !self.separate;
            w.ue(5);
            if chroma {
                w.ue(4);
            }
            let counts: &[u64] = if b { &[references.0, references.1] } else { &[references.0] };
            for at in 0..counts.iter().sum::<u64>() as u32 {
                w.u(1, bit(8 + at));
                if bit(8 + at) == 1 {
                    w.se(-20).se(7);
                }
                if chroma {
                    w.u(1, bit(16 + at));
                    if bit(16 + at) == 1 {
                        w.se(1).se(-1).se(2).se(-2);
                    }
                }
            }
        }
        let reference = idr || bit(24) == 1;
        if reference {
            if idr {
                w.u(2, seed & 3);
            } else {
                w.u(1, bit(25));
                if bit(25) == 1 {
                    w.ue(1).ue(2).ue(2).ue(0).ue(3).ue(1).ue(0).ue(4).ue(2).ue(5).ue(6).ue(1).ue(0);
                }
            }
        }
        if self.cabac && !(i || si) {
            w.ue(2);
        }
        w.se(-4);
        if sp || si {
            if sp {
                w.u(1, 1);
            }
            w.se(3);
        }
        if self.deblocking {
            w.ue(bit(26));
            if bit(26) != 1 {
                w.se(-6).se(6);
            }
        }
        if let Some((3..=5, rate)) = self.groups {
            let cycles = (self.size.0 * self.size.1) as f64 / rate as f64;
            w.u((cycles + 1.0).log2().ceil() as u32, 0);
        }
        let header = w.bytes();
        let first = if idr {
            0x65
        } else if reference {
            0x41
        } else {
            0x01
        };
        // The header alone has as many emulation prevention bytes as its share of the whole: one right behind it is not its own.
        let length = unit(&[first], &header).len();
        (unit(&[first], &[header, data.to_vec()].concat()), length)
    }

    /// The configuration of the stream, with NAL unit lengths of `size` bytes.
    pub(in crate::cenc) fn avc(&self, size: u8) -> Result<Avc, Error> {
        let (sps, pps) = (self.sps(), self.pps());
        Avc::new(&AvcC { profile: [self.profile, 0, 30], nal_length_size: size, sps: vec![&sps], pps: vec![&pps] })
    }
}

proptest! {
    #[test]
    fn a_slice_header_ends_where_it_was_written_to_end(
        stream in streams(),
        kind in 0u64..5,
        idr in any::<bool>(),
        seed in any::<u64>(),
        data in proptest::collection::vec(prop_oneof![Just(0u8), Just(1), Just(3), any::<u8>()], 1..40),
    ) {
        let (slice, header) = stream.slice(kind, idr, seed, &data);
        let mut avc = stream.avc(4)?;
        let mut nals = Vec::new();
        let sei = unit(&[6], &[5, 1, 0, 0x80]);
        avc.runs(&sample(4, &[sei.clone(), slice.clone()]), |nal| nals.push((nal.clear, nal.rest)))?;
        prop_assert_eq!(nals, [(4 + sei.len(), 0), (4 + header, slice.len() - header)]);
        // A header that is cut off is an error, not a guess.
        for cut in 1..header {
            let result = avc.runs(&sample(4, &[slice[..cut].to_vec()]), |_| {});
            prop_assert!(result.is_err(), "cut at {cut}");
        }
    }

    #[test]
    fn no_bytes_make_the_parsers_panic(
        stream in streams(),
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        kind in prop_oneof![Just(0x67u8), Just(0x68), Just(0x65), Just(0x41)],
    ) {
        let mut avc = stream.avc(2)?;
        let _ = avc.runs(&bytes, |_| {});
        let _ = avc.runs(&sample(2, &[[&[kind][..], &bytes].concat()]), |_| {});
    }
}

#[test]
fn what_cannot_be_protected_is_named() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let stream = streams().new_tree(&mut runner).expect("a stream").current();
    let mut avc = stream.avc(4).expect("its own parameter sets");
    for kind in [2u8, 3, 4, 19, 20, 21] {
        let refused = avc.runs(&sample(4, &[vec![0x60 | kind, 0, 0]]), |_| {});
        assert_eq!(refused, Err(Error::UnsupportedNal(kind)));
    }
    assert_eq!(avc.runs(&[0, 0, 0, 2, 6], |_| {}), Err(nal::Error::Length { length: 2, at: 0 }.into()));
    assert_eq!(avc.runs(&[0, 0, 0, 1, 6, 0, 0], |_| {}), Err(nal::Error::Length { length: 0, at: 5 }.into()));
    let (slice, _) = stream.slice(2, true, 0, &[1, 2]);
    let bare =
        &mut Avc::new(&AvcC { profile: [66, 0, 30], nal_length_size: 4, sps: vec![], pps: vec![] }).expect("empty");
    assert_eq!(
        bare.runs(&sample(4, core::slice::from_ref(&slice)), |_| {}),
        Err(nal::Error::UnknownSet { kind: "PPS", id: 5 }.into())
    );
    // Parameter sets in the samples themselves, as avc3 has them.
    assert_eq!(bare.runs(&sample(4, &[stream.sps(), stream.pps(), slice]), |_| {}), Ok(()));
}
