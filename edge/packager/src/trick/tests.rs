use proptest::prelude::*;

use super::{Cutter, Error, Pictures};
use crate::{
    cenc::{
        FragmentProtector, InitProtection, IvSource, TrackConfig, plan_segment, protect_init,
        read::{Reader, SegmentSample},
        record_bytes,
        synthetic::{Media, media},
    },
    keys::{ContentKey, Kid},
    title::{Scheme, plan::Entry},
};

const KID: Kid = Kid(*b"a key id in tenc");

fn key() -> ContentKey {
    ContentKey::new(*b"a content key!!!")
}

fn config(init: &[u8]) -> TrackConfig {
    TrackConfig::from_sample_entry(&record_bytes(init).expect("a clear init segment")).expect("a known codec")
}

fn cut(init: &[u8], plan: &[Entry], bytes: &[u8], pieces: usize, end: u64) -> Result<Vec<u8>, Error> {
    let mut cutter = Cutter::new(&config(init), Pictures::of(plan)?);
    bytes.chunks(pieces).try_for_each(|piece| cutter.push(piece))?;
    cutter.finish(end)
}

fn protect(init: &[u8], scheme: Scheme, clear: &[u8], plan: Vec<Entry>) -> Vec<u8> {
    let mut protector = FragmentProtector::new(config(init), IvSource::derived(scheme, KID, 9), &key(), plan, None);
    let mut out = Vec::new();
    protector.push(clear, &mut out).expect("protects");
    protector.finish().expect("as planned");
    out
}

fn bytes_of<'a>(segment: &'a [u8], sample: &SegmentSample) -> &'a [u8] {
    &segment[sample.offset as usize..][..sample.size as usize]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_picture_alone_is_the_same_picture_and_the_same_ciphertext(
        Media { init, segment } in media(),
        pieces in 1usize..700,
    ) {
        let clear = segment.bytes();
        let plan = plan_segment(&config(&init), &clear)?;
        let end = plan.decode_time + plan.duration;
        let upto = Pictures::of(&plan.entries).expect("pictures").end() as usize;
        let alone = cut(&init, &plan.entries, &clear[..upto], pieces, end).expect("cuts");
        prop_assert_eq!(&cut(&init, &plan.entries, &clear, clear.len(), end).expect("of the whole segment too"), &alone);

        let reader = Reader::new(&init)?;
        let (all, pictures) = (reader.samples(&clear)?, reader.samples(&alone)?);
        prop_assert_eq!(pictures.len(), plan.entries.iter().filter(|entry| entry.first_picture(None).is_some()).count());
        prop_assert_eq!((pictures[0].decode_time, pictures.iter().map(|picture| u64::from(picture.duration)).sum::<u64>()), (plan.decode_time, plan.duration));
        for picture in &pictures {
            let same = all.iter().find(|sample| sample.decode_time == picture.decode_time).expect("a sample of the segment");
            prop_assert!(same.sync && picture.sync);
            prop_assert_eq!(bytes_of(&alone, picture), bytes_of(&clear, same));
        }
        let planned = plan_segment(&config(&init), &alone)?.entries;
        prop_assert_eq!(planned.len(), 1);
        for scheme in [Scheme::Cenc, Scheme::Cbcs] {
            let whole = protect(&init, scheme, &clear, plan.entries.clone());
            let alone = protect(&init, scheme, &alone, planned.clone());
            prop_assert_eq!(alone.len() as u32, planned[0].protected(scheme));
            let reader = Reader::new(&protect_init(&init, &InitProtection::derived(scheme, KID))?)?;
            let (all, pictures) = (reader.samples(&whole)?, reader.samples(&alone)?);
            for picture in &pictures {
                let same = all.iter().find(|sample| sample.decode_time == picture.decode_time).expect("a sample");
                prop_assert_eq!(bytes_of(&alone, picture), bytes_of(&whole, same), "{:?}", scheme);
            }
            // And it opens by itself.
            let opened = reader.clear_samples(&alone, Some(&key()))?;
            for (opened, picture) in opened.iter().zip(&pictures) {
                let at = all.iter().position(|sample| sample.decode_time == picture.decode_time).expect("a sample");
                prop_assert_eq!(opened, &reader.clear_samples(&whole, Some(&key()))?[at]);
            }
        }
    }

    #[test]
    fn damaged_media_and_plans_never_panic(
        Media { init, segment } in media(),
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        entry in any::<[u32; 3]>(),
        end: u64,
    ) {
        let mut clear = segment.bytes();
        let mut plan = plan_segment(&config(&init), &clear)?.entries;
        for (at, value) in &damage {
            let at = at.index(clear.len());
            clear[at] = *value;
        }
        let _ = cut(&init, &plan, &clear, 100, end);
        let [clear_size, cbcs, first_picture_cbcs] = entry;
        plan[0] = Entry { clear: clear_size, cbcs, first_picture_cbcs, ..plan[0] };
        let _ = cut(&init, &plan, &clear, 100, end);
    }
}

#[test]
fn what_does_not_fit_is_named() {
    let entry = |clear: u32, first: u32| Entry {
        clear,
        cenc: clear + 30,
        cbcs: clear + 20,
        duration: 1,
        first_picture_cenc: if first > 0 { first + 30 } else { 0 },
        first_picture_cbcs: if first > 0 { first + 20 } else { 0 },
    };
    assert_eq!(Pictures::of(&[]), Err(Error::NoPicture));
    assert_eq!(Pictures::of(&[entry(10, 0), entry(10, 5)]), Err(Error::NoPicture));
    assert_eq!(Pictures::of(&[entry(10, 5), entry(10, 11)]), Err(Error::PlanPicture(1)));
    assert_eq!(Pictures::of(&[entry(20 << 20, 17 << 20)]), Err(Error::TooLarge(17 << 20)));
    let found = Pictures::of(&[entry(10, 5), entry(10, 0), entry(10, 7)]).expect("pictures");
    assert_eq!((found.count(), found.end()), (2, 27));

    let clear = include_bytes!("../cenc/vectors/cabac/clear.1.m4s");
    let init = include_bytes!("../cenc/vectors/cabac/clear.init.mp4");
    let plan = plan_segment(&config(init), clear).expect("plans");
    let end = plan.decode_time + plan.duration;
    let upto = Pictures::of(&plan.entries).expect("pictures").end() as usize;
    let of = |plan: &[Entry], bytes: &[u8], end| cut(init, plan, bytes, 50, end).expect_err("does not fit");
    let (expected, found) = (upto as u64, upto as u64 - 1);
    assert_eq!(of(&plan.entries, &clear[..upto - 1], end), Error::Truncated { expected, found });
    assert_eq!(of(&plan.entries, clear, plan.decode_time), Error::Times(plan.decode_time));
    let mut short = plan.entries.clone();
    short[0].first_picture_cbcs -= 1;
    assert!(matches!(of(&short, clear, end), Error::Picture { offset: 0, .. }));
}
