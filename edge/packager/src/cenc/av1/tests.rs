//! What must hold of all AV1 streams, by hand-made ones.

use core::ops::Range;

use proptest::prelude::*;

use super::{
    Av1, Error,
    synthetic::{FrameSize, Model, Sample, Stream, obu, samples, streams},
};
use crate::{bits::BitWriter, bmff::moov::Av1C, cenc::subsample::Run, obu::ObuError};

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

/// A stream with none of the extras, and its model.
fn plain() -> Stream {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut stream = streams(600).new_tree(&mut runner).expect("a stream").current();
    (stream.layer, stream.reduced) = (None, false);
    stream
}

#[test]
fn what_cannot_be_protected_is_named() {
    let stream = plain();
    let (key, inter) = (samples(&stream, 3, &[]).remove(0), {
        let mut model = Model::new(&stream, 3);
        let frame = model.frame(1, true);
        stream.obu(3, &[stream.header(&frame, &model.slots).0.u(1, 1).bytes()].concat())
    });
    let begun = || {
        let mut av1 = av1(&[]).expect("nothing is not malformed");
        tiles(&mut av1, &key.bytes).expect("a key frame");
        av1
    };
    // A whole sample begins with its sequence header; without, no frame can be read.
    let sequence = 2 + stream.sequence().len();
    assert_eq!(tiles(&mut av1(&[]).expect("empty"), &key.bytes[sequence..]), Err(Error::NoSequence));
    let missing = tiles(&mut av1(&stream.sequence()).expect("a sequence"), &inter);
    assert!(matches!(missing, Err(Error::MissingReference { .. }) | Err(Error::Unfinished)), "{missing:?}");
    assert_eq!(tiles(&mut begun(), &inter), Err(Error::Unfinished), "no tiles");
    assert_eq!(tiles(&mut begun(), &[inter.clone(), obu(2, None, true, &[])].concat()), Err(Error::Unfinished));
    assert_eq!(tiles(&mut begun(), &[inter.clone(), inter].concat()), Err(Error::Unfinished), "a second frame");
    assert_eq!(tiles(&mut begun(), &stream.obu(8, &[1, 2, 3])), Err(Error::TileList));
    assert_eq!(tiles(&mut begun(), &stream.obu(4, &[1, 2])), Err(Error::Order("a tile group")));
    assert_eq!(tiles(&mut begun(), &stream.obu(7, &[1])), Err(Error::Order("a redundant frame header")));
    assert_eq!(tiles(&mut begun(), &[0x12, 9]), Err(Error::Obu(ObuError::Size { at: 0, size: 9 })));
    // Metadata, padding, reserved types: clear, whatever is in them.
    let others: Vec<u8> = [5, 15, 9, 0].into_iter().flat_map(|kind| obu(kind, None, true, &[0xff; 40])).collect();
    assert_eq!(tiles(&mut begun(), &others), Ok(vec![]));
}

#[test]
fn a_frame_that_is_only_shown_has_no_tiles_and_a_key_frame_fills_all_slots() {
    let mut stream = plain();
    stream.hint_bits = 0;
    let mut model = Model::new(&stream, 11);
    let mut sample = Sample::default();
    let mut hidden = model.frame(0, false);
    hidden.refresh = 0b100;
    model.write(&hidden, &mut sample);
    // show_existing_frame, the slot; then the time and the id, if there are any; the trailing bit.
    let show = |slot: u64| {
        let mut w = BitWriter::default();
        w.u(1, 1).u(3, slot).u(if stream.decoder_model { 12 } else { 0 }, 0).u(if stream.frame_ids { 8 } else { 0 }, 0);
        w.u(1, 1).bytes()
    };
    let mut av1 = av1(&stream.sequence()).expect("a sequence");
    assert_eq!(tiles(&mut av1, &sample.bytes), Ok(sample.tiles.clone()));
    let (slot, other) = (stream.obu(3, &show(2)), stream.obu(3, &show(5)));
    assert_eq!(tiles(&mut av1.clone(), &other), Err(Error::MissingReference { slot: 5 }));
    assert_eq!(tiles(&mut av1.clone(), &stream.obu(6, &show(2))), Err(Error::Order("a frame without tiles")));
    assert_eq!(tiles(&mut av1, &slot), Ok(vec![]));
    assert_eq!(tiles(&mut av1, &other), Ok(vec![]));
}

#[test]
fn still_pictures_and_units_without_a_size() {
    let mut stream = plain();
    stream.reduced = true;
    let mut model = Model::new(&stream, 5);
    let mut frame = model.frame(0, true);
    frame.size = FrameSize::Usual;
    let mut sample = Sample::default();
    model.write(&frame, &mut sample);
    let mut av1 = av1(&stream.sequence()).expect("a sequence");
    assert_eq!(tiles(&mut av1, &sample.bytes), Ok(sample.tiles));
    // One superblock is one tile: the rest of the sample, where the unit has no size.
    let mut one = stream.clone();
    one.size = [64, 64];
    let (small, _) = one.header(&frame, &model.slots);
    let bare = obu(6, None, false, &[small.bytes(), vec![7; 30]].concat());
    let mut av1 = self::av1(&one.sequence()).expect("a sequence");
    let rest = bare.len() - 30..bare.len();
    assert_eq!(tiles(&mut av1, &bare), Ok([rest].to_vec()));
}

#[test]
fn tile_groups_that_lie_are_named() {
    use super::{group, tiles::Tiles};
    let layout = Tiles { count: 4, number_bits: 2, size_bytes: 2 };
    let read = |bytes: &[u8], mut next: u32| {
        let mut found = Vec::new();
        group::tiles(bytes, 100, &layout, &mut next, |tile| found.push(tile)).map(|last| (last, next, found))
    };
    // Numbers 0 to 1, a tile of 2 bytes, then one of the rest.
    assert_eq!(read(&[0b1000_1000, 1, 0, 7, 7, 8], 0), Ok((false, 2, vec![103..105, 105..106])));
    assert_eq!(read(&[0b1101_1000, 1, 0, 7, 7, 8], 2), Ok((true, 4, vec![103..105, 105..106])), "2 to 3");
    assert_eq!(read(&[0b1001_1000, 0, 0, 7, 8], 2), Err(Error::Range { field: "tg_start", value: 0 }), "once more");
    assert_eq!(read(&[0b1101_1000, 0, 0, 7, 8], 0), Err(Error::Range { field: "tg_start", value: 2 }), "a gap");
    assert_eq!(read(&[0b1110_1000, 0, 0, 7, 8], 3), Err(Error::Range { field: "tg_end", value: 1 }));
    assert_eq!(read(&[0b1000_1001, 0, 0, 7, 8], 0), Err(Error::HeaderEnd));
    assert_eq!(read(&[0b1000_1000, 3, 0, 7, 8], 0), Err(Error::TileSize { at: 103, size: 4, available: 2 }));
    assert_eq!(read(&[0b1000_1000, 1, 0, 7, 8], 0), Err(Error::TileSize { at: 105, size: 0, available: 0 }));
    assert_eq!(read(&[0b1000_1000, 1], 0), Err(Error::Obu(ObuError::Truncated)));
    let huge = Tiles { size_bytes: 4, ..layout };
    let found = group::tiles(&[0, 255, 255, 255, 255], 0, &huge, &mut 0, |_| {});
    assert_eq!(found, Err(Error::TileSize { at: 5, size: 1 << 32, available: 0 }));
}
