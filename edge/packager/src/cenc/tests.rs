//! What must hold of all media, synthetic and made by other tools.

use proptest::prelude::*;

use super::{
    Error, FragmentProtector, InitProtection, IvSource, TrackConfig, plan_segment, protect_init,
    read::Reader,
    record_bytes,
    synthetic::{self, Media, boxed, large, media, words},
};
use crate::{
    bmff::{self, Boxes, FourCc, moov::Init},
    keys::{ContentKey, Kid},
    title::{Scheme, plan::Entry},
};

const KID: Kid = Kid(*b"a key id in tenc");
const SCHEMES: [Scheme; 2] = [Scheme::Cenc, Scheme::Cbcs];

fn key() -> ContentKey {
    ContentKey::new(*b"a content key!!!")
}

fn config(init: &[u8]) -> TrackConfig {
    TrackConfig::from_sample_entry(&record_bytes(init).expect("a clear init segment")).expect("a known codec")
}

/// Protects `clear`, cut into pieces of these lengths, over and over.
fn protect(init: &[u8], scheme: Scheme, clear: &[u8], plan: Vec<Entry>, cuts: &[usize]) -> Result<Vec<u8>, Error> {
    let mut protector = FragmentProtector::new(config(init), IvSource::derived(scheme, KID, 9), &key(), plan, None);
    let mut out = Vec::new();
    let mut rest = clear;
    for cut in cuts.iter().cycle() {
        let (piece, left) = rest.split_at((*cut).min(rest.len()));
        protector.push(piece, &mut out)?;
        rest = left;
        if rest.is_empty() {
            break;
        }
    }
    protector.finish()?;
    Ok(out)
}

/// Boxes beside `moof`, `mdat` and `sidx`: those that protection must not touch.
fn others(bytes: &[u8]) -> Vec<&[u8]> {
    let boxes = Boxes::of(bytes).map(|view| view.expect("whole boxes"));
    boxes.filter(|view| !["moof", "mdat", "sidx"].contains(&&*view.kind().to_string())).map(|view| view.bytes).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn protected_media_is_as_planned_and_decrypts_to_the_clear(
        Media { init, segment } in media(),
        cuts in proptest::collection::vec(1usize..700, 1..6),
    ) {
        let clear = segment.bytes();
        let plan = plan_segment(&config(&init), &clear)?;
        prop_assert_eq!(plan.decode_time, segment.time);
        prop_assert_eq!(plan.duration, segment.fragments.iter().map(|fragment| fragment.duration()).sum::<u64>());
        prop_assert_eq!(plan.entries.len(), segment.fragments.len() + usize::from(segment.trailing));
        prop_assert_eq!(plan.entries.iter().map(|entry| entry.clear as usize).sum::<usize>(), clear.len());
        let samples = Reader::new(&init)?.clear_samples(&clear, None)?;
        for scheme in SCHEMES {
            let protected = protect(&init, scheme, &clear, plan.entries.clone(), &[clear.len()])?;
            let planned: usize = plan.entries.iter().map(|entry| entry.protected(scheme) as usize).sum();
            prop_assert_eq!(protected.len(), planned);
            prop_assert_eq!(&protect(&init, scheme, &clear, plan.entries.clone(), &cuts)?, &protected, "{:?}", cuts);
            prop_assert_eq!(others(&protected), others(&clear));

            let protected_init = protect_init(&init, &InitProtection::derived(scheme, KID))?;
            let reader = Reader::new(&protected_init)?;
            prop_assert_eq!(reader.clear_samples(&protected, Some(&key()))?, samples.clone());
            let times = |samples: Vec<super::read::SegmentSample>| -> Vec<_> {
                samples.iter().map(|sample| (sample.decode_time, sample.duration, sample.size, sample.sync)).collect()
            };
            prop_assert_eq!(times(reader.samples(&protected)?), times(Reader::new(&init)?.samples(&clear)?));

            // The index still says where fragments are.
            for view in Boxes::of(&protected) {
                let view = view?;
                if view.is(b"sidx") {
                    let sidx = bmff::sidx::Sidx::parse(&view)?;
                    let mut at = (view.end() + sidx.first_offset) as usize;
                    for reference in sidx.references() {
                        prop_assert_eq!(&protected[at + 4..at + 8], b"moof");
                        at += reference.size as usize;
                    }
                }
            }
            // And the plan where the first picture ends.
            let first = reader.samples(&protected)?[0];
            let end = match scheme {
                Scheme::Cenc => plan.entries[0].first_picture_cenc,
                Scheme::Cbcs => plan.entries[0].first_picture_cbcs,
            };
            prop_assert_eq!(u64::from(end), first.offset + u64::from(first.size));
        }
    }

    #[test]
    fn damaged_media_never_panics_and_never_leaves_out_of_plan(
        Media { init, segment } in media(),
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        let clear = segment.bytes();
        let plan = plan_segment(&config(&init), &clear)?.entries;
        let damaged = |bytes: &[u8]| {
            let mut bytes = bytes.to_vec();
            for (at, value) in &damage {
                let at = at.index(bytes.len());
                bytes[at] = *value;
            }
            bytes.truncate(cut.map_or(bytes.len(), |cut| cut.index(bytes.len())));
            bytes
        };
        let (bad_segment, bad_init) = (damaged(&clear), damaged(&init));
        for scheme in SCHEMES {
            let planned: usize = plan.iter().map(|entry| entry.protected(scheme) as usize).sum();
            if let Ok(protected) = protect(&init, scheme, &bad_segment, plan.clone(), &[977]) {
                prop_assert_eq!(protected.len(), planned);
            }
            let _ = protect(&init, scheme, &bad_segment, Vec::new(), &[31]);
            if let Ok(protected) = protect_init(&bad_init, &InitProtection::derived(scheme, KID)) {
                let reader = Reader::new(&protected);
                if let Ok(reader) = reader {
                    let _ = reader.clear_samples(&bad_segment, Some(&key()));
                }
            }
        }
        let _ = plan_segment(&config(&init), &bad_segment);
        let _ = record_bytes(&bad_init).map(|bytes| TrackConfig::from_sample_entry(&bytes));
        let _ = TrackConfig::from_init(&bad_init);
    }

    #[test]
    fn no_bytes_make_anything_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Init::parse(&bytes);
        let _ = TrackConfig::from_sample_entry(&bytes);
        let _ = protect_init(&bytes, &InitProtection::derived(Scheme::Cbcs, KID));
        let _ = Reader::new(&synthetic::init(&synthetic::audio_entry(), b"soun"))?.clear_samples(&bytes, None);
        let _ = plan_segment(&config(&synthetic::init(&synthetic::audio_entry(), b"soun")), &bytes);
    }

    #[test]
    fn a_truncated_segment_is_an_error_and_gives_whole_fragments_only(
        Media { init, segment } in media(),
        cut in any::<prop::sample::Index>(),
    ) {
        let clear = segment.bytes();
        let plan = plan_segment(&config(&init), &clear)?.entries;
        let cut = cut.index(clear.len());
        for scheme in SCHEMES {
            let result = protect(&init, scheme, &clear[..cut], plan.clone(), &[64]);
            prop_assert!(result.is_err(), "cut at {cut}");
        }
    }
}

#[test]
fn an_init_segment_changes_in_its_sample_entry_alone() {
    let entries = [
        (synthetic::audio_entry(), b"soun", b"enca"),
        (avc_entry(), b"vide", b"encv"),
        (hevc_entry(), b"vide", b"encv"),
    ];
    for (entry, handler, name) in entries {
        let clear = synthetic::init(&entry, handler);
        for scheme in SCHEMES {
            let protected = protect_init(&clear, &InitProtection::derived(scheme, KID)).expect("protects");
            let parsed = Init::parse(&protected).expect("parses");
            assert_eq!(parsed.entry.codec(), FourCc(*name));
            let sinf = bmff::moov::Sinf::of(&parsed.entry).expect("has a sinf");
            assert_eq!((sinf.original.to_string(), sinf.tenc.kid), (entry_name(&entry), KID));
            assert_eq!(sinf.scheme.to_string(), scheme.as_str());
            // Taking the sinf out again, and the sizes back, gives the clear bytes.
            let sinf = parsed.entry.child(b"sinf").expect("has a sinf");
            let (at, len) = (sinf.offset as usize, sinf.bytes.len());
            let mut undone = protected.clone();
            undone.drain(at..at + len);
            for view in parsed.path.iter().chain([&parsed.entry.view]) {
                let at = view.offset as usize + if view.header.len == 16 { 8 + 4 } else { 0 };
                let size = view.header.size as u32 - len as u32;
                undone[at..at + 4].copy_from_slice(&size.to_be_bytes());
            }
            let at = parsed.entry.view.offset as usize + 4;
            undone[at..at + 4].copy_from_slice(&entry[4..8]);
            assert_eq!(undone, clear);
            // Twice protected is refused.
            let again = protect_init(&protected, &InitProtection::derived(scheme, KID));
            assert!(matches!(again, Err(Error::AlreadyProtected { .. })));
        }
        let wrong = InitProtection::new(Scheme::Cbcs, KID, None);
        assert!(matches!(protect_init(&clear, &wrong), Err(Error::Iv { .. })));
    }
}

fn entry_name(entry: &[u8]) -> String {
    String::from_utf8_lossy(&entry[4..8]).into_owned()
}

fn avc_entry() -> Vec<u8> {
    synthetic::video_entry(&any_one(super::avc::streams()), 4)
}

fn hevc_entry() -> Vec<u8> {
    synthetic::hevc_entry(&any_one(super::hevc::streams()), 4)
}

fn any_one<T: core::fmt::Debug>(strategy: impl Strategy<Value = T>) -> T {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    strategy.new_tree(&mut runner).expect("a value").current()
}

#[test]
fn unknown_codecs_and_second_tracks_are_refused() {
    let other = boxed(b"vvc1", &[&[0; 78]]);
    assert_eq!(
        protect_init(&synthetic::init(&other, b"vide"), &InitProtection::derived(Scheme::Cenc, KID)),
        Err(Error::UnknownCodec(FourCc(*b"vvc1")))
    );
    // The same configuration under every name that means it; none under a name that does not.
    for (names, entry, configuration) in [
        ([b"avc1", b"avc3", b"dva1", b"dvav"], avc_entry(), "avcC"),
        ([b"hvc1", b"hev1", b"dvh1", b"dvhe"], hevc_entry(), "hvcC"),
    ] {
        for name in names {
            let named = |mut entry: Vec<u8>| {
                entry[4..8].copy_from_slice(name);
                TrackConfig::from_sample_entry(&entry)
            };
            assert!(named(entry.clone()).is_ok(), "{}", name.escape_ascii());
            let bare = named(boxed(name, &[&[0; 78]]));
            assert!(
                matches!(&bare, Err(Error::Box(bmff::Error::Missing { missing, .. })) if missing.to_string() == configuration)
            );
        }
    }
    assert_eq!(TrackConfig::from_sample_entry(&other).err(), Some(Error::UnknownCodec(FourCc(*b"vvc1"))));
    let clear = synthetic::init(&synthetic::audio_entry(), b"soun");
    let moov = Boxes::of(&clear).map(|view| view.expect("boxes")).find(|view| view.is(b"moov")).expect("moov");
    let trak = moov.child(b"trak").expect("trak").bytes;
    let two = boxed(b"moov", &[moov.payload(), trak]);
    let refused = protect_init(&two, &InitProtection::derived(Scheme::Cenc, KID));
    assert!(matches!(&refused, Err(Error::Box(bmff::Error::Invalid { what, .. })) if what.contains("second track")));
}

/// A one-sample audio fragment with a `trun` and `tfhd` of one's own.
fn fragment(tfhd: &[u32], truns: &[Vec<u8>], mdat: &[u8]) -> Vec<u8> {
    let tfdt = boxed(b"tfdt", &[&words(&[0, 0])]);
    let traf = boxed(b"traf", &[&boxed(b"tfhd", &[&words(tfhd)]), &tfdt, &truns.concat()]);
    [boxed(b"moof", &[&boxed(b"mfhd", &[&words(&[0, 1])]), &traf]), boxed(b"mdat", &[mdat])].concat()
}

#[test]
fn lying_fragments_are_named() {
    let init = synthetic::init(&synthetic::audio_entry(), b"soun");
    let plan = |segment: &[u8]| plan_segment(&config(&init), segment).map(|plan| plan.samples);
    let run = |count: u32, offset: u32, size: u32| boxed(b"trun", &[&words(&[0x201, count, offset, size])]);
    let base = fragment(&[0x02_0000, 1], &[run(1, 0, 4)], &[1, 2, 3, 4]).len() as u32 - 4;
    assert_eq!(plan(&fragment(&[0x02_0000, 1], &[run(1, base, 4)], &[1, 2, 3, 4])), Ok(1));

    let cases: [(&str, Vec<u8>); 8] = [
        ("sample 0 at byte", fragment(&[0x02_0000, 1], &[run(1, base, 5)], &[1, 2, 3, 4])),
        ("not within its fragment's mdat", fragment(&[0x02_0000, 1], &[run(1, base - 1, 4)], &[1, 2, 3, 4])),
        ("claims 9 entries", fragment(&[0x02_0000, 1], &[run(9, base, 4)], &[1, 2, 3, 4])),
        (
            "claims 4294967295 entries",
            fragment(&[0x02_0010, 1, 0], &[boxed(b"trun", &[&words(&[1, u32::MAX, base])])], &[1, 2, 3, 4]),
        ),
        ("is of track 2", fragment(&[0x02_0000, 2], &[run(1, base, 4)], &[1, 2, 3, 4])),
        ("runs overlap", fragment(&[0x02_0000, 1], &[run(1, base + 24, 4), run(1, base + 24, 4)], &[0; 40])),
        ("no data_offset", fragment(&[0x02_0000, 1], &[boxed(b"trun", &[&words(&[0x200, 1, 4])])], &[1, 2, 3, 4])),
        ("data_offset points before", fragment(&[0x02_0000, 1], &[run(1, u32::MAX, 4)], &[1, 2, 3, 4])),
    ];
    for (says, segment) in cases {
        let said = plan(&segment).expect_err(says).to_string();
        assert!(said.contains(says), "{said:?} should say {says:?}");
    }
}

#[test]
fn what_has_no_place_in_a_segment_is_refused() {
    let init = synthetic::init(&synthetic::audio_entry(), b"soun");
    let plan = |segment: &[u8]| plan_segment(&config(&init), segment).map(|plan| plan.samples);
    assert_eq!(plan(&[]), Err(Error::Empty));
    assert_eq!(plan(&boxed(b"styp", &[b"msdh"])), Err(Error::Empty));
    for kind in [b"moov", b"mdat"] {
        assert_eq!(plan(&boxed(kind, &[&[0; 4]])), Err(Error::Unexpected { kind: FourCc(*kind), offset: 0 }));
    }
    // The declared size alone is enough to refuse: nothing is read or held for it.
    let huge = &large(b"free", &[])[..8];
    let huge = [huge, &(1u64 << 40).to_be_bytes()].concat();
    assert!(matches!(plan(&huge), Err(Error::TooLarge { offset: 0, .. })));
    let mut protector =
        FragmentProtector::new(config(&init), IvSource::derived(Scheme::Cenc, KID, 0), &key(), Vec::new(), None);
    assert!(matches!(protector.push(&huge, &mut Vec::new()), Err(Error::TooLarge { .. })));
}

#[test]
fn decode_times_must_increase_and_match_the_timeline() {
    let init = synthetic::init(&synthetic::audio_entry(), b"soun");
    let one = synthetic::Fragment { samples: vec![vec![1; 20]], first_run: 1, large_mdat: false, unknown: false };
    let segment = [one.bytes(100), one.bytes(100)].concat();
    assert!(matches!(
        plan_segment(&config(&init), &segment),
        Err(Error::DecodeTimeOrder { previous: 100, next: 100, .. })
    ));
    let start = |expected, scheme| {
        let ivs = IvSource::derived(scheme, KID, 0);
        let mut protector = FragmentProtector::new(config(&init), ivs, &key(), Vec::new(), Some(expected));
        protector.push(&one.bytes(100), &mut Vec::new())
    };
    assert_eq!(start(100, Scheme::Cenc), Ok(()));
    assert_eq!(start(140, Scheme::Cenc), Err(Error::DecodeTimeStart { expected: 140, found: 100 }));
    let late = one.bytes(1 << 52);
    let planned = plan_segment(&config(&init), &late).expect("cbcs could have it").entries;
    assert_eq!(protect(&init, Scheme::Cenc, &late, planned.clone(), &[9999]), Err(Error::DecodeTimeSize(1 << 52)));
    assert!(protect(&init, Scheme::Cbcs, &late, planned, &[9999]).is_ok());
}

#[test]
fn a_plan_that_says_otherwise_stops_the_fragment() {
    let init = synthetic::init(&synthetic::audio_entry(), b"soun");
    let one = synthetic::Fragment { samples: vec![vec![1; 20]], first_run: 1, large_mdat: false, unknown: false };
    let clear = one.bytes(0);
    let plan = plan_segment(&config(&init), &clear).expect("plans").entries;
    let with = |plan: Vec<Entry>| protect(&init, Scheme::Cenc, &clear, plan, &[9999]);
    assert!(with(plan.clone()).is_ok());
    let mut other = plan.clone();
    other[0].cenc += 1;
    assert!(matches!(with(other), Err(Error::PlanSize { entry: 0, .. })));
    assert_eq!(with([plan.clone(), plan.clone()].concat()), Err(Error::PlanEntries { planned: 2, found: 1 }));
    let twice = [clear.clone(), one.bytes(40)].concat();
    let refused = protect(&init, Scheme::Cenc, &twice, plan, &[9999]);
    assert_eq!(refused, Err(Error::PlanEntries { planned: 1, found: 2 }));
}

#[test]
fn a_sidx_that_cannot_be_right_is_refused() {
    let init = synthetic::init(&synthetic::audio_entry(), b"soun");
    let one = synthetic::Fragment { samples: vec![vec![1; 20]], first_run: 1, large_mdat: false, unknown: false };
    let segment = synthetic::Segment { fragments: vec![one], time: 0, sidx: Some(0), trailing: false };
    let clear = segment.bytes();
    assert!(matches!(protect(&init, Scheme::Cenc, &clear, Vec::new(), &[9999]), Err(Error::SidxPlan { .. })));
    let at = clear.windows(4).position(|window| window == b"sidx").expect("sidx") - 4;
    let mut wrong = clear.clone();
    // The referenced size, 32 bytes into a version 0 box.
    wrong[at + 35] ^= 1;
    assert!(matches!(plan_segment(&config(&init), &wrong), Err(Error::SidxReference { reference: 0, .. })));
}

#[test]
fn too_many_subsamples_are_named_with_the_sample() {
    let stream = any_one(super::avc::streams());
    let init = synthetic::init(&synthetic::video_entry(&stream, 4), b"vide");
    let (slice, _) = stream.slice(2, true, 0, &[7; 64]);
    let plan = |slices: usize| {
        let samples = vec![super::nal::synthetic::sample(4, &vec![slice.clone(); slices])];
        let fragment = synthetic::Fragment { samples, first_run: 1, large_mdat: false, unknown: false };
        plan_segment(&config(&init), &fragment.bytes(0)).map(|plan| plan.samples)
    };
    assert_eq!(plan(40), Ok(1));
    assert!(matches!(plan(41), Err(Error::Subsamples { sample: 0, count: 41, max: 40, scheme: "cenc", .. })));
}
