//! What must hold of all VP9 streams, by hand-made ones.

use proptest::prelude::*;

use super::{
    Error, Vp9,
    synthetic::{frame, samples, superframe},
};
use crate::{bits::Dice, cenc::subsample::Run};

fn runs(vp9: &mut Vp9, sample: &[u8]) -> Result<Vec<(usize, usize)>, Error> {
    let mut runs = Vec::new();
    vp9.runs(sample, |Run { clear, rest }| runs.push((clear, rest)))?;
    assert_eq!(runs.iter().map(|(clear, rest)| clear + rest).sum::<usize>(), sample.len(), "runs cover the sample");
    Ok(runs)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn headers_end_where_they_were_written_to_end(seed in any::<u64>(), count in 1usize..8) {
        let mut vp9 = Vp9::default();
        for (at, sample) in samples(seed, count).iter().enumerate() {
            let mut expected = Vec::new();
            for (header, frame) in &sample.frames {
                let protected = (frame - header) / 16 * 16;
                expected.push((frame - protected, protected));
            }
            let frames: usize = sample.frames.iter().map(|(_, frame)| frame).sum();
            expected.push((sample.bytes.len() - frames, 0));
            prop_assert_eq!(runs(&mut vp9, &sample.bytes)?, expected, "sample {}", at);
        }
    }

    #[test]
    fn a_header_that_is_cut_off_is_an_error(seed in any::<u64>(), key in any::<bool>()) {
        let mut sizes = [[64; 2]; 8];
        let vp9 = Vp9 { sizes: [Some([64; 2]); 8] };
        let (bytes, header) = frame(&mut Dice(seed), key, &mut sizes);
        for cut in 0..=header {
            prop_assert!(runs(&mut vp9.clone(), &bytes[..cut]).is_err(), "cut at {}", cut);
        }
    }

    #[test]
    fn no_bytes_make_the_parsers_panic(
        seed in any::<u64>(),
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5),
        bytes in proptest::collection::vec(any::<u8>(), 0..100),
    ) {
        let mut vp9 = Vp9::default();
        for mut sample in samples(seed, 4) {
            for (at, value) in &damage {
                let at = at.index(sample.bytes.len());
                sample.bytes[at] = *value;
            }
            let _ = runs(&mut vp9, &sample.bytes);
        }
        let _ = runs(&mut vp9, &bytes);
        let _ = runs(&mut vp9, &[&[0x80], &bytes[..]].concat());
    }
}

#[test]
fn what_cannot_be_protected_is_named() {
    let d = &mut Dice(7);
    let (key, _) = frame(d, true, &mut [[0; 2]; 8]);
    let mut vp9 = Vp9::default();
    assert_eq!(runs(&mut vp9, &[]), Err(Error::Truncated));
    assert_eq!(runs(&mut vp9, &[0x88]), Err(Error::MissingReference { slot: 0 }));
    // An inter frame before any key frame: profile 0, shown, error resilient, all slots, first reference 5.
    assert_eq!(runs(&mut vp9, &[0x87, 0xff, 0xa0, 0, 0]), Err(Error::MissingReference { slot: 5 }));
    assert_eq!(runs(&mut vp9, &[0x40, 1]), Err(Error::Marker("frame_marker")));
    assert_eq!(runs(&mut vp9, &[0x82, 0, 0, 0, 0]), Err(Error::Marker("frame_sync_code")));
    assert_eq!(runs(&mut vp9, &[0xb8, 1]), Err(Error::Marker("reserved_zero")));
    assert!(runs(&mut vp9, &key).is_ok());
    assert_eq!(runs(&mut vp9, &[0x8d]), Ok(vec![(1, 0), (0, 0)]));
    assert_eq!(runs(&mut vp9, &[0x8d, 0, 0]), Ok(vec![(3, 0), (0, 0)]), "padding");
    assert_eq!(runs(&mut vp9, &[0x8d, 0, 1]), Err(Error::HeaderEnd), "picture data cannot hide there");

    let pair = superframe(d, &[key.clone(), key.clone()]);
    assert_eq!(runs(&mut vp9, &pair).map(|runs| runs.len()), Ok(3));
    assert_eq!(runs(&mut vp9, &pair[1..]), Err(Error::Index), "a byte is missing");
    assert_eq!(runs(&mut vp9, &[0xc9]), Err(Error::Index));
    let mut other = pair.clone();
    let marker = other.len() - 1;
    other[marker] ^= 0x10;
    assert_eq!(runs(&mut vp9, &other), Err(Error::Index), "the markers differ");
    assert_eq!(runs(&mut vp9, &superframe(d, &[key, Vec::new()])), Err(Error::Index), "a frame of no bytes");
}
