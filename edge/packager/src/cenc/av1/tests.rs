//! What must hold of all AV1 streams, by hand-made ones.

use core::ops::Range;

use proptest::prelude::*;

use super::{
    Av1, Error,
    synthetic::{Model, Sample, obu, samples, streams},
};
use crate::{bmff::moov::Av1C, cenc::subsample::Run};

fn av1(config_obus: &[u8]) -> Result<Av1, Error> {
    let (profile, chroma) = (0, [1, 1, 0]);
    Av1::new(&Av1C { profile, level: 8, high_tier: false, bit_depth: 8, monochrome: false, chroma, config_obus })
}

fn tiles(av1: &mut Av1, sample: &[u8]) -> Result<Vec<Range<usize>>, Error> {
    let (mut at, mut tiles) = (0, Vec::new());
    av1.runs(sample, |Run { clear, rest }| {
        at += clear;
        if rest > 0 {
            tiles.push(at..at + rest);
        }
        at += rest;
    })?;
    assert_eq!(at, sample.len(), "runs cover the sample");
    Ok(tiles)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn tiles_are_found_where_they_were_written(
        stream in streams(1500),
        seed in any::<u64>(),
        kinds in proptest::collection::vec(0u64..4, 0..8),
        configured in any::<bool>(),
    ) {
        let mut av1 = av1(&if configured { stream.sequence() } else { Vec::new() })?;
        for (at, sample) in samples(&stream, seed, &kinds).iter().enumerate() {
            prop_assert_eq!(&tiles(&mut av1, &sample.bytes)?, &sample.tiles, "sample {}", at);
        }
    }

    #[test]
    fn a_header_that_is_cut_off_is_an_error(stream in streams(1500), seed in any::<u64>(), kind in 0u64..4) {
        let mut model = Model::new(&stream, seed);
        let mut first = Sample::default();
        let key = model.key();
        model.write(&key, &mut first);
        let mut av1 = av1(&stream.sequence())?;
        tiles(&mut av1, &first.bytes)?;
        let frame = model.frame(kind, true);
        let header = stream.header(&frame, &model.slots).0.bytes();
        for cut in 0..header.len() {
            for unit in [3, 6] {
                let result = tiles(&mut av1.clone(), &stream.obu(unit, &header[..cut]));
                prop_assert!(result.is_err(), "cut at {}", cut);
            }
        }
    }

    #[test]
    fn no_bytes_make_the_parsers_panic(
        stream in streams(1500),
        seed in any::<u64>(),
        kinds in proptest::collection::vec(0u64..4, 0..3),
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5),
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let _ = av1(&bytes);
        let mut damaged = av1(&stream.sequence())?;
        for mut sample in samples(&stream, seed, &kinds) {
            for (at, value) in &damage {
                let at = at.index(sample.bytes.len());
                sample.bytes[at] = *value;
            }
            let _ = tiles(&mut damaged, &sample.bytes);
        }
        for kind in 1..16 {
            let _ = tiles(&mut damaged.clone(), &obu(kind, None, true, &bytes));
        }
    }
}
