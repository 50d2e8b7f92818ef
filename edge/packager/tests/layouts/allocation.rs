//! How much memory bytes of any kind make the packager hold.
//!
//! At its highest, what is held beside the input is at most [`PER_BYTE`] times the input, the output included, and [`PER_SAMPLE`] for
//! each sample, of which a fragment has at most [`MAX_SAMPLES`] and at most one per byte. Of a fragment's [`MAX_RUNS`] empty runs at most,
//! each takes [`PER_RUN`].

use allocation_counter::measure;
use proptest::prelude::*;
use sluice_packager::{
    bmff::moof::{MAX_RUNS, MAX_SAMPLES},
    cenc::{
        FragmentProtector, InitProtection, IvSource, TrackConfig, plan_segment, protect_init, read::Reader,
        record_bytes,
    },
    keys::{ContentKey, Kid},
    title::Scheme,
};

use crate::{
    layouts::{
        catalogue::{REFUSED, TAKEN},
        segment::{self, Layout},
    },
    vectors,
};

/// The input that waits for its fragment to be whole, and what is made of it.
const PER_BYTE: u64 = 4;
/// Where a sample is, what of it is protected, and how: several short-lived lists, which double as they grow.
const PER_SAMPLE: u64 = 128;
/// A run of samples without a single one.
const PER_RUN: u64 = 512;
/// What does not depend on the input: key schedules, parameter sets, the lists of a parser.
const CONSTANT: u64 = 16 << 10;

const KID: Kid = Kid([0x5a; 16]);

/// The most that all which is done with an init segment and a segment holds at once, in bytes.
fn peak(init: &[u8], segment: &[u8]) -> u64 {
    let highest = |work: &mut dyn FnMut()| measure(work).bytes_max;
    let mut peak = highest(&mut || drop(record_bytes(init)));
    for scheme in [Scheme::Cenc, Scheme::Cbcs] {
        peak = peak.max(highest(&mut || drop(protect_init(init, &InitProtection::derived(scheme, KID)))));
    }
    let Ok(config) = TrackConfig::from_init(init) else { return peak };
    peak = peak.max(highest(&mut || drop(plan_segment(&config, segment))));
    peak = peak.max(highest(&mut || drop(Reader::new(init).map(|reader| reader.clear_samples(segment, None)))));
    let plan = plan_segment(&config, segment).map(|plan| plan.entries).unwrap_or_default();
    for scheme in [Scheme::Cenc, Scheme::Cbcs] {
        for piece in [segment.len().max(1), 1000] {
            let mut protect = || {
                let ivs = IvSource::derived(scheme, KID, 1);
                let key = ContentKey::new([7; 16]);
                let mut protector = FragmentProtector::new(config.clone(), ivs, &key, plan.clone(), None);
                let mut out = Vec::new();
                let _ = segment.chunks(piece).try_for_each(|piece| protector.push(piece, &mut out));
                let _ = protector.finish();
            };
            peak = peak.max(highest(&mut protect));
        }
    }
    peak
}

/// `samples`: the most that the segment could have.
fn judge(what: &str, init: &[u8], segment: &[u8], samples: usize) {
    let (peak, input) = (peak(init, segment), init.len() + segment.len());
    let allowed = PER_BYTE * input as u64 + PER_SAMPLE * samples as u64 + CONSTANT;
    assert!(peak <= allowed, "{what}: {peak} bytes for {input} of input and {samples} samples, {allowed} are allowed");
}

#[test]
fn every_layout_of_every_vector_takes_a_small_multiple() {
    for (name, track) in vectors() {
        let refused = REFUSED.iter().map(|refused| (refused.name, refused.layout));
        for (layout_name, layout) in TAKEN.into_iter().chain(refused) {
            let Some(made) = segment::write(track, &layout) else { continue };
            judge(&format!("{name}, {layout_name}"), &made.init, &made.segment, track.data().len());
        }
    }
}

/// Any layout that any track can have.
fn some_layout() -> impl Strategy<Value = Layout> {
    let any_track = |layout: &Layout| segment::write(&vectors()[0].1, layout).is_some();
    let all: Vec<Layout> = TAKEN.into_iter().map(|(_, layout)| layout).filter(any_track).collect();
    prop::sample::select(all)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn damaged_media_take_no_more(
        which in any::<prop::sample::Index>(),
        layout in some_layout(),
        damage in proptest::collection::vec(
            (any::<prop::sample::Index>(), any::<bool>(), prop_oneof![Just(0), Just(0xff), any::<u8>()]),
            1..9,
        ),
    ) {
        let (name, track) = &vectors()[which.index(vectors().len())];
        let mut made = segment::write(track, &layout).expect("any track");
        for (at, in_init, value) in damage {
            // Into boxes, where counts and sizes are, rather than into samples.
            let bytes = if in_init { &mut made.init } else { &mut made.segment };
            let at = at.index(bytes.len().min(600));
            bytes[at] = value;
        }
        // A run that still fits may have become one of as many samples as there are bytes.
        let samples = made.segment.len().min(MAX_SAMPLES);
        judge(&format!("{name}, damaged"), &made.init, &made.segment, samples);
    }
}

/// A segment of one fragment whose only run claims that many samples of that size, by `tfhd` alone.
fn claiming(init: &[u8], count: u32, size: u32, mdat: usize) -> Vec<u8> {
    let words = |words: &[u32]| -> Vec<u8> { words.iter().flat_map(|word| word.to_be_bytes()).collect() };
    // From behind moof and the header of mdat.
    let run = words(&[20, u32::from_be_bytes(*b"trun"), 1, count, 8 + 16 + 8 + 24 + 16 + 20 + 8]);
    fragment(init, size, &run, mdat)
}

/// One whose samples are of that size, with these runs.
fn fragment(init: &[u8], size: u32, runs: &[u8], mdat: usize) -> Vec<u8> {
    let boxed = |kind: &[u8; 4], payload: &[u8]| -> Vec<u8> {
        [&(payload.len() as u32 + 8).to_be_bytes()[..], kind, payload].concat()
    };
    let words = |words: &[u32]| -> Vec<u8> { words.iter().flat_map(|word| word.to_be_bytes()).collect() };
    let track = sluice_packager::bmff::moov::Init::parse(init).expect("a vector").track_id;
    let traf = [boxed(b"tfhd", &words(&[0x02_0018, track, 1, size])), boxed(b"tfdt", &words(&[0, 0])), runs.to_vec()];
    let moof = boxed(b"moof", &[boxed(b"mfhd", &words(&[0, 1])), boxed(b"traf", &traf.concat())].concat());
    [moof, boxed(b"mdat", &vec![1; mdat])].concat()
}

#[test]
fn a_run_that_claims_what_it_has_no_bytes_for_is_refused_before_anything_is_held() {
    let (_, track) = vectors().iter().find(|(name, _)| name == "aac").expect("a vector");
    let aac = track.init.as_slice();
    let config = TrackConfig::from_init(aac).expect("a vector");
    for (count, size, mdat) in [(u32::MAX, 0, 0), (60_000, 0, 0), (60_000, 1, 10), (u32::MAX, u32::MAX, 100)] {
        let segment = claiming(aac, count, size, mdat);
        let said = plan_segment(&config, &segment).expect_err("is refused").to_string();
        assert!(said.contains(&format!("trun at byte 72 claims {count} entries")), "{said}");
        let peak = peak(aac, &segment);
        assert!(peak < CONSTANT, "{peak} bytes for {count} samples of {size} bytes");
    }
    // As many as there may be, a byte each.
    let most = claiming(aac, MAX_SAMPLES as u32, 1, MAX_SAMPLES);
    assert_eq!(plan_segment(&config, &most).map(|plan| plan.samples as usize), Ok(MAX_SAMPLES));
    judge("a sample per byte", aac, &most, MAX_SAMPLES);
}

#[test]
fn empty_runs_are_limited() {
    let (_, track) = vectors().iter().find(|(name, _)| name == "aac").expect("a vector");
    let config = TrackConfig::from_init(&track.init).expect("a vector");
    // With data offsets, and without, which come in then.
    let first = [&[0, 0, 0, 20][..], b"trun", &[0, 0, 0, 1], &[0; 4], &[0, 0, 1, 0]].concat();
    let other = [&[0, 0, 0, 16][..], b"trun", &[0; 8]].concat();
    let segment = |runs: usize| fragment(&track.init, 1, &[&first[..], &other.repeat(runs - 1)].concat(), 0);
    let most = segment(MAX_RUNS);
    assert_eq!(plan_segment(&config, &most).map(|plan| plan.samples), Ok(0));
    let (peak, allowed) = (peak(&track.init, &most), PER_RUN * MAX_RUNS as u64 + CONSTANT);
    assert!(peak <= allowed, "{peak} bytes for {MAX_RUNS} runs, {allowed} are allowed");
    let said = plan_segment(&config, &segment(MAX_RUNS + 1)).expect_err("is refused").to_string();
    assert!(said.contains("trun at byte") && said.contains("4096"), "{said}");
}
