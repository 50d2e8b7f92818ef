use proptest::{prelude::*, strategy::ValueTree};

use super::{
    Error, ceil_log2,
    synthetic::{empty, of_type, streams},
};
use crate::cenc::nal::{self, synthetic::sample};

/// Types of slice segments, those of reserved types aside.
fn slice_kinds() -> impl Strategy<Value = u8> {
    prop_oneof![0u8..=9, 16u8..=21]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_synthetic_slice_segment_header_ends_where_it_was_written_to_end(
        stream in streams(),
        kind in slice_kinds(),
        slice_type in 0u64..3,
        seed in any::<u64>(),
        data in proptest::collection::vec(prop_oneof![Just(0u8), Just(1), Just(3), any::<u8>()], 1..40),
    ) {
        let (slice, header) = stream.slice(kind, slice_type, seed, &data);
        let mut hevc = stream.hevc(4)?;
        let mut units = Vec::new();
        let sei = of_type(39, &[5, 1, 0, 0x80]);
        hevc.runs(&sample(4, &[sei.clone(), slice.clone()]), |unit| units.push((unit.clear, unit.rest)))?;
        prop_assert_eq!(units, [(4 + sei.len(), 0), (4 + header, slice.len() - header)]);
        // A header that is cut off is an error, not a guess.
        for cut in 1..header {
            let result = hevc.runs(&sample(4, &[slice[..cut].to_vec()]), |_| {});
            prop_assert!(result.is_err(), "cut at {cut}");
        }
    }

    #[test]
    fn no_bytes_make_the_parsers_panic(
        stream in streams(),
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        kind in prop_oneof![slice_kinds(), Just(33), Just(34)],
        at in any::<prop::sample::Index>(),
        value in any::<u8>(),
    ) {
        let mut hevc = stream.hevc(2)?;
        let _ = hevc.runs(&bytes, |_| {});
        let _ = hevc.runs(&sample(2, &[of_type(kind, &bytes)]), |_| {});
        // Parameter sets that are almost right, and a slice that goes by them.
        for mut set in [stream.sps(), stream.pps()] {
            let at = 2 + at.index(set.len() - 2);
            set[at] = value;
            let _ = hevc.runs(&sample(2, &[set]), |_| {});
        }
        let _ = hevc.runs(&sample(2, &[stream.slice(1, 0, value.into(), &bytes).0]), |_| {});
    }
}

#[test]
fn what_cannot_be_protected_is_named() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut stream = streams().new_tree(&mut runner).expect("a stream").current();
    let mut hevc = stream.hevc(4).expect("its own parameter sets");
    for kind in (10..16).chain(22..32) {
        let refused = hevc.runs(&sample(4, &[of_type(kind, &[0, 0])]), |_| {});
        assert_eq!(refused, Err(Error::UnsupportedNal(kind)));
    }
    // Layer 33, of which one bit is in the first byte.
    assert_eq!(hevc.runs(&sample(4, &[vec![0x03, 0x09, 0x80]]), |_| {}), Err(Error::UnsupportedLayer(33)));
    assert_eq!(hevc.runs(&[0, 0, 0, 3, 0x46, 1], |_| {}), Err(nal::Error::Length { length: 3, at: 0 }.into()));
    assert_eq!(hevc.runs(&[0, 0, 0, 1, 0x46], |_| {}), Err(nal::Error::Truncated.into()));

    let (slice, header) = stream.slice(19, 2, 1, &[1, 2]);
    let mut bare = empty(4, &[], &[]).expect("no parameter sets");
    let unknown = nal::Error::UnknownSet { kind: "PPS", id: 5 };
    assert_eq!(bare.runs(&sample(4, core::slice::from_ref(&slice)), |_| {}), Err(unknown.into()));
    // Parameter sets in the samples themselves, as hev1 has them; those of another layer are not meant.
    let other_layer = |mut set: Vec<u8>| {
        set[1] |= 8;
        set
    };
    let sets = [stream.sps(), stream.pps(), slice.clone()];
    let others = [other_layer(stream.sps()), other_layer(stream.pps()), slice.clone()];
    assert_eq!(bare.runs(&sample(4, &others), |_| {}), Err(unknown.into()));
    assert_eq!(bare.runs(&sample(4, &sets), |_| {}), Ok(()));

    let mut misread = slice;
    misread[header - 1] ^= 1;
    assert_eq!(hevc.runs(&sample(4, &[misread]), |_| {}), Err(Error::Alignment));

    // A picture that may refer to itself, with weights for others.
    (stream.screen_content, stream.weighted) = (Some((true, false)), [true; 2]);
    let (slice, _) = stream.slice(1, 1, 1, &[1, 2]);
    let refused = stream.hevc(4).expect("its own parameter sets").runs(&sample(4, &[slice]), |_| {});
    assert!(matches!(refused, Err(Error::Unsupported(_))), "{refused:?}");
    // Extensions behind one that is not taken apart.
    let known = stream.clone();
    stream.three_d = true;
    for (sps, pps) in [(known.sps(), stream.pps()), (stream.sps(), known.pps())] {
        let refused = empty(4, &[&sps], &[&pps]);
        assert!(matches!(refused, Err(Error::Unsupported(_))), "{refused:?}");
    }
}

#[test]
fn what_is_no_slice_stays_clear() {
    // Dolby Vision's metadata among them, types 62 and 63; parameter sets aside.
    for kind in (32..64).filter(|kind| ![33, 34].contains(kind)) {
        let unit = of_type(kind, &[7; 50]);
        let mut runs = Vec::new();
        let mut hevc = empty(2, &[], &[]).expect("no parameter sets");
        hevc.runs(&sample(2, &[unit]), |run| runs.push((run.clear, run.rest))).expect("no slices");
        assert_eq!(runs, [(54, 0)], "{kind}");
    }
}

#[test]
fn widths_are_those_of_the_formula() {
    assert_eq!([0, 1, 2, 3, 4, 5, 8, 9].map(ceil_log2), [0, 0, 1, 2, 2, 3, 3, 4]);
    for x in 1..5000u32 {
        assert_eq!(ceil_log2(x), f64::from(x).log2().ceil() as u32, "{x}");
    }
    assert_eq!(ceil_log2(u32::MAX), 32);
}
