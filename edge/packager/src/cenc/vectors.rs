//! Segments that shaka-packager protected (see vectors/README.md): `tenc`, `senc`, `saiz` and samples are to be equal byte for byte.

use super::{
    FragmentProtector, InitProtection, IvSource, TrackConfig, plan_segment, protect_init,
    read::{Reader, SegmentSample},
};
use crate::{
    bmff::{
        Boxes,
        moof::{Moof, Senc, SencEntry, Subsample},
        moov::{Init, Sinf},
    },
    keys::{ContentKey, Kid},
    title::Scheme,
};

const KID: Kid = Kid([0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff]);
const KEY: [u8; 16] = [0x0f, 0x1e, 0x2d, 0x3c, 0x4b, 0x5a, 0x69, 0x78, 0x87, 0x96, 0xa5, 0xb4, 0xc3, 0xd2, 0xe1, 0xf0];
const COUNTER: u64 = 0xa1b2_c3d4_e5f6_0708;
const CONSTANT: [u8; 16] =
    [0xa1, 0xb2, 0xc3, 0xd4, 0xe5, 0xf6, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x10];

/// An init segment and a media segment.
type Pair = (&'static [u8], &'static [u8]);

macro_rules! vector {
    ($name:literal) => {
        [pair!($name, "clear"), pair!($name, "cenc"), pair!($name, "cbcs")]
    };
}

macro_rules! pair {
    ($name:literal, $scheme:literal) => {
        (
            include_bytes!(concat!("vectors/", $name, "/", $scheme, ".init.mp4")) as &[u8],
            include_bytes!(concat!("vectors/", $name, "/", $scheme, ".1.m4s")) as &[u8],
        )
    };
}

#[test]
fn cabac_slices_b_pictures_and_weights() {
    check(vector!("cabac"));
}

#[test]
fn cavlc_main_profile() {
    check(vector!("cavlc"));
}

#[test]
fn interlaced_mbaff() {
    check(vector!("mbaff"));
}

#[test]
fn high_444_with_scaling_lists() {
    check(vector!("high444"));
}

#[test]
fn hevc_slices_wavefronts_b_pictures_and_weights() {
    check(vector!("hevc-slices"));
}

#[test]
fn hevc_main_10_with_parameter_sets_in_band() {
    check(vector!("hevc-main10"));
}

#[test]
fn hevc_range_extensions_444_12_bit_and_temporal_layers() {
    check(vector!("hevc-444"));
}

#[test]
fn aac_full_sample() {
    check(vector!("aac"));
}

#[test]
fn av1_tile_groups_and_a_decoder_model() {
    check(vector!("av1_tiles"));
}

#[test]
fn av1_super_resolution_and_film_grain() {
    check(vector!("av1_grain"));
}

#[test]
fn av1_screen_content_error_resilient() {
    check(vector!("av1_screen"));
}

/// Super-resolution by another denominator for each frame. shaka-packager misreads one of these headers and gives up; where tiles begin,
/// and how long they are, is here by ffmpeg's own reader (its `trace_headers`).
#[test]
fn av1_super_resolution_that_varies() {
    let tiles: [&[(u64, u32)]; 15] = [
        &[(20, 1220)],
        &[(21, 646), (687, 218), (923, 69), (1010, 71)],
        &[],
        &[(19, 120)],
        &[],
        &[(20, 143), (182, 128)],
        &[],
        &[(18, 59)],
        &[],
        &[(21, 646), (687, 106), (813, 58)],
        &[],
        &[(20, 35)],
        &[],
        &[(20, 82)],
        &[(21, 301)],
    ];
    let (init, segment) = pair!("av1_random", "clear");
    let ivs = IvSource::derived(Scheme::Cbcs, KID, 0);
    let config = TrackConfig::from_init(init).expect("a known codec");
    let plan = plan_segment(&config, segment).expect("plans").entries;
    let mut protector = FragmentProtector::new(config, ivs, &ContentKey::new(KEY), plan, None);
    let mut out = Vec::new();
    protector.push(segment, &mut out).and_then(|()| protector.finish()).expect("protects");
    assert_eq!(ranges(&out), tiles);
}

/// Where the protected ranges of every sample begin, and how long they are, by `senc`.
fn ranges(segment: &[u8]) -> Vec<Vec<(u64, u32)>> {
    let fragments = Boxes::of(segment).map(|view| view.expect("boxes")).filter(|view| view.is(b"moof"));
    let entries = |senc: Senc<'_>| -> Vec<_> {
        let of = |entry: SencEntry<'_>| {
            let mut at = 0;
            let part = |part: Subsample| {
                at += u64::from(part.clear) + u64::from(part.protected);
                (at - u64::from(part.protected), part.protected)
            };
            entry.subsamples().map(part).filter(|range| range.1 > 0).collect()
        };
        senc.samples(0).map(|entry| of(entry.expect("an entry"))).collect()
    };
    let senc = |view| Moof::parse(view).expect("parses").traf.senc.expect("a senc");
    fragments.flat_map(|view| entries(Senc::parse(&senc(view)).expect("parses"))).collect()
}

#[test]
fn vp9_superframes() {
    check(vector!("vp9"));
}

#[test]
fn vp9_ten_bits_in_tile_columns() {
    check(vector!("vp9_tiles"));
}

fn check([clear, cenc, cbcs]: [Pair; 3]) {
    let key = ContentKey::new(KEY);
    let config = TrackConfig::from_init(clear.0).expect("a known codec");
    let plan = plan_segment(&config, clear.1).expect("plans").entries;
    let samples = Reader::new(clear.0).and_then(|reader| reader.clear_samples(clear.1, None)).expect("reads");
    assert!(samples.len() > 10);
    let cases = [
        (Scheme::Cenc, cenc, IvSource::Counter(COUNTER), None),
        (Scheme::Cbcs, cbcs, IvSource::Constant(CONSTANT), Some(CONSTANT)),
    ];
    for (scheme, theirs, ivs, constant_iv) in cases {
        let init = protect_init(clear.0, &InitProtection::new(scheme, KID, constant_iv)).expect("protects");
        let sinf = |init: &[u8]| Sinf::of(&Init::parse(init).expect("parses").entry).expect("has a sinf");
        assert_eq!(sinf(&init), sinf(theirs.0));

        let mut protector = FragmentProtector::new(config.clone(), ivs, &key, plan.clone(), Some(0));
        let mut ours = Vec::new();
        protector.push(clear.1, &mut ours).and_then(|()| protector.finish()).expect("protects");
        assert_eq!(protection(&ours), protection(theirs.1), "{scheme:?}");
        let (ours_read, theirs_read) = (raw(&init, &ours), raw(theirs.0, theirs.1));
        assert_eq!(ours_read.len(), theirs_read.len());
        for (at, (ours, theirs)) in ours_read.iter().zip(&theirs_read).enumerate() {
            assert!(ours == theirs, "{scheme:?}: sample {at} differs");
        }
        // What they protected reads back too.
        let reader = Reader::new(theirs.0).expect("reads");
        assert!(reader.clear_samples(theirs.1, Some(&key)).expect("decrypts") == samples);
    }
}

/// `senc`, `saiz` and `saio` of every fragment.
fn protection(segment: &[u8]) -> Vec<Vec<u8>> {
    let fragments = Boxes::of(segment).map(|view| view.expect("boxes")).filter(|view| view.is(b"moof"));
    let of = |view| {
        let traf = Moof::parse(view).expect("parses").traf;
        [traf.senc, traf.saiz, traf.saio].into_iter().flatten().map(|view| view.bytes.to_vec())
    };
    fragments.flat_map(of).collect()
}

/// The bytes of every sample as they are.
fn raw<'a>(init: &[u8], segment: &'a [u8]) -> Vec<(u64, &'a [u8])> {
    let samples = Reader::new(init).and_then(|reader| reader.samples(segment)).expect("reads");
    let bytes = |sample: &SegmentSample| {
        let start = sample.offset as usize;
        (sample.decode_time, &segment[start..start + sample.size as usize])
    };
    samples.iter().map(bytes).collect()
}
