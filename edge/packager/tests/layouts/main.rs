//! Every layout of every codec's vector, and layouts at random: what protection may change, and what it must not.

mod allocation;
#[path = "../../../../tests/layouts/mod.rs"]
mod layouts;

use std::{fs, path::Path, sync::LazyLock};

use layouts::{
    boxes::{leaves, u32_at},
    catalogue::{self, REFUSED, TAKEN},
    check,
    segment::{self, Base, Layout, Made, Runs, Sizes, Time, Wide},
    track::Track,
};
use proptest::prelude::*;
use sluice_packager::{
    cenc::{
        FragmentProtector, InitProtection, IvSource, SegmentPlan, TrackConfig, plan_segment, protect_init, read::Reader,
    },
    keys::{ContentKey, Kid},
    title::Scheme,
};

const KID: Kid = Kid(*b"the vector's kid");
const SCHEMES: [Scheme; 2] = [Scheme::Cenc, Scheme::Cbcs];

fn key() -> ContentKey {
    ContentKey::new(*b"a content key!!!")
}

/// The clear vectors: AVC, HEVC, AV1, VP9 and AAC.
fn vectors() -> &'static [(String, Track)] {
    static VECTORS: LazyLock<Vec<(String, Track)>> = LazyLock::new(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cenc/vectors");
        let folders = folder.read_dir().expect("the vectors").flatten().map(|entry| entry.path());
        let mut all: Vec<_> = folders
            .filter(|path| path.is_dir())
            .map(|path| {
                let file = |name: &str| fs::read(path.join(name)).expect("a file");
                let name = path.file_name().expect("a name").to_string_lossy().into_owned();
                (name, Track::read(&file("clear.init.mp4"), &file("clear.1.m4s")))
            })
            .collect();
        all.sort_by(|a, b| a.0.cmp(&b.0));
        all
    });
    &VECTORS
}

/// Protects the segment, which comes in pieces of these lengths, over and over.
fn protect(made: &Made, plan: &SegmentPlan, scheme: Scheme, cuts: &[usize]) -> Vec<u8> {
    let config = TrackConfig::from_init(&made.init).expect("a known codec");
    let ivs = IvSource::derived(scheme, KID, 3);
    let mut protector = FragmentProtector::new(config, ivs, &key(), plan.entries.clone(), Some(plan.decode_time));
    let (mut out, mut rest) = (Vec::new(), made.segment.as_slice());
    for cut in cuts.iter().cycle() {
        let (piece, left) = rest.split_at((*cut).min(rest.len()));
        protector.push(piece, &mut out).expect("what was planned can be protected");
        rest = left;
        if rest.is_empty() {
            break;
        }
    }
    protector.finish().expect("what was planned can be protected");
    out
}

/// All that must hold of a track in a layout.
fn judge(what: &str, track: &Track, made: &Made, cuts: &[usize]) {
    let config = TrackConfig::from_init(&made.init).expect("a known codec");
    let plan = plan_segment(&config, &made.segment).unwrap_or_else(|error| panic!("{what}: {error}"));
    let clear: usize = plan.entries.iter().map(|entry| entry.clear as usize).sum();
    assert_eq!(clear, made.segment.len(), "{what}: clear bytes by the plan");
    for scheme in SCHEMES {
        let what = format!("{what}, {scheme:?}");
        let protected = protect(made, &plan, scheme, &[made.segment.len()]);
        let planned: usize = plan.entries.iter().map(|entry| entry.protected(scheme) as usize).sum();
        assert_eq!(protected.len(), planned, "{what}: bytes by the plan");
        assert!(protect(made, &plan, scheme, cuts) == protected, "{what}: other bytes if cut into {cuts:?}");

        let init = protect_init(&made.init, &InitProtection::derived(scheme, KID)).expect("protects");
        let samples = Reader::new(&init).and_then(|reader| reader.clear_samples(&protected, Some(&key())));
        assert!(samples.expect("decrypts") == track.data(), "{what}: other samples come back");
        let iv_size = if scheme == Scheme::Cenc { 8 } else { 0 };
        let kept = check::unchanged(&made.segment, &protected);
        let kept = kept.and_then(|()| check::clear_ranges(&track.data(), iv_size, &init, &protected));
        kept.unwrap_or_else(|what_is_wrong| panic!("{what}: {what_is_wrong}"));
    }
}

#[test]
fn every_layout_of_every_vector_passes_unharmed() {
    let mut judged = 0;
    for (name, track) in vectors() {
        for (layout_name, layout) in &TAKEN {
            let Some(made) = segment::write(track, layout) else { continue };
            judge(&format!("{name}, {layout_name}"), track, &made, &[1, 7, 300, 5000]);
            judged += 1;
        }
    }
    // No vector's samples are all of one size, which is what defaults in trex alone need.
    assert_eq!(judged, vectors().len() * (TAKEN.len() - 1));
}

#[test]
fn a_track_of_equal_samples_may_leave_all_sizes_to_trex() {
    let (_, mut track) = vectors().iter().find(|(name, _)| name == "aac").expect("a vector").clone();
    for (n, sample) in track.fragments.iter_mut().flat_map(|fragment| &mut fragment.samples).enumerate() {
        sample.data = vec![n as u8; 96];
        sample.duration = 1024;
    }
    for (time, fragment) in (0..).zip(&mut track.fragments) {
        fragment.decode_time = time * 1_000_000;
    }
    let layout = Layout { sizes: Sizes::Track, ..Layout::default() };
    let made = segment::write(&track, &layout).expect("samples of one size");
    let trun = leaves(&made.segment).into_iter().find(|leaf| leaf.is(b"trun")).expect("a trun");
    assert_eq!(u32_at(&trun.bytes, 8) & 0x300, 0, "neither sizes nor durations");
    judge("aac, defaults in trex", &track, &made, &[64]);
}

#[test]
fn what_is_refused_is_named_with_its_box_and_where_that_is() {
    for (name, track) in vectors() {
        for refused in &REFUSED {
            let made = segment::write(track, &refused.layout).expect("any track");
            let at = catalogue::position(if refused.in_init { &made.init } else { &made.segment }, refused);
            let said = if refused.in_init {
                protect_init(&made.init, &InitProtection::derived(Scheme::Cenc, KID)).map(drop)
            } else {
                let config = TrackConfig::from_init(&made.init).expect("a known codec");
                plan_segment(&config, &made.segment).map(drop)
            };
            let said = said.expect_err(refused.name).to_string();
            let place = format!("{} at byte {at}", refused.kind.escape_ascii());
            assert!(
                said.contains(&place) && said.contains(refused.says),
                "{name}, {}, which is refused as {}: {said}",
                refused.name,
                refused.reason
            );
        }
    }
}

#[test]
fn base_data_offsets_of_two_files_are_refused() {
    let (_, track) = &vectors()[0];
    let made = |layout: &Layout| segment::write(track, layout).expect("any track");
    let mut made = made(&Layout { base: Base::Position, sizes: Sizes::Header, ..Layout::default() });
    let headers: Vec<_> = leaves(&made.segment).into_iter().filter(|leaf| leaf.is(b"tfhd")).collect();
    assert!(headers.len() > 1);
    let at = headers[1].start;
    // The last byte of base_data_offset.
    made.segment[at + 23] ^= 1;
    let config = TrackConfig::from_init(&made.init).expect("a known codec");
    let said = plan_segment(&config, &made.segment).expect_err("of another file").to_string();
    assert!(said.contains(&format!("tfhd at byte {at}: base_data_offset")), "{said}");
}

fn some_layout() -> impl Strategy<Value = Layout> {
    let runs = prop_oneof![Just(Runs::One), (1usize..9).prop_map(Runs::Several), (1usize..9).prop_map(Runs::Following)];
    let sizes = prop_oneof![3 => Just(Sizes::Sample), 1 => Just(Sizes::Header)];
    let base = prop_oneof![Just(Base::Moof), Just(Base::Unsaid), Just(Base::Position), Just(Base::Data)];
    let time = prop_oneof![Just(Time::Wide), Just(Time::Narrow), Just(Time::Smooth)];
    let wide = prop_oneof![Just(Wide::No), Just(Wide::Mdat), Just(Wide::All)];
    (runs, sizes, base, time, wide, proptest::option::of(0u8..2), any::<[bool; 6]>()).prop_map(
        |(runs, sizes, base, time, wide, sidx, [signed, events, dependencies, groups, unknown, mfra])| Layout {
            runs,
            sizes,
            base,
            time,
            wide,
            signed,
            events,
            dependencies,
            groups,
            unknown,
            sidx,
            mfra,
            ..Layout::default()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn layouts_at_random_pass_unharmed(
        layout in some_layout(),
        which in any::<prop::sample::Index>(),
        // A track begins with its first sample; where it ends, and where its fragments do, is free.
        len in 1usize..20,
        split in 1usize..9,
        cuts in proptest::collection::vec(1usize..3000, 1..6),
    ) {
        let (name, track) = &vectors()[which.index(vectors().len())];
        let track = track.regrouped(len, split);
        let made = segment::write(&track, &layout).expect("any track");
        judge(&format!("{name}, {layout:?}"), &track, &made, &cuts);
    }
}
