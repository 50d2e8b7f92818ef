//! Other people's tools judge the packager: what `sluice protect` writes is decrypted by ffmpeg and by shaka-packager to
//! the clear samples, and equals shaka-packager's own encryption with the same key, key id and IV, byte for byte in
//! samples, `senc` and `tenc`. What `sluice inspect` finds in a file is what ffprobe finds in it.
//!
//! Needs ffmpeg (with libx264, libx265, libaom-av1, libsvtav1, libvpx-vp9, libopus), and shaka-packager by `npm ci` in the repository's `tests` folder; hence ignored unless
//! asked for: `cargo test -p sluice --test oracles -- --ignored`.
//!
//! Nothing here reads boxes with the product's own parser: a parser that misreads would agree with itself.

mod audio;
mod boxes;
mod clip;
mod compare;
mod headers;
mod iframes;
mod indexing;
mod inspect;
mod names;
mod open;
mod periods;
mod process;
mod text;
mod tools;

use clip::Clip;
use compare::{assert_auxiliary_offsets, assert_index_matches, assert_same_protection, assert_same_samples};
use tools::{Ivs, KEY, Protected, WRONG_KEY};

/// ffmpeg demuxes and decrypts to the packets, times included, that it finds in the clear track; the wrong key does not.
fn ffmpeg_decrypts(clip: &Clip, scheme: &str) {
    let protected = tools::sluice_protect(clip, scheme, Ivs::Derived).whole();
    let packets = |track: &[u8], key| process::ffmpeg_packets(track, key).unwrap_or_else(|said| panic!("{said}"));
    let clear = packets(&clip.whole(), None);
    assert!(
        clear.lines().filter(|line| !line.starts_with('#')).count() > 50,
        "hardly a packet in {}:\n{clear}",
        clip.name
    );
    assert_eq!(packets(&protected, Some(KEY)), clear, "{} {scheme}: decrypted packets", clip.name);
    assert_ne!(packets(&protected, Some(WRONG_KEY)), clear, "{} {scheme}: any key will do", clip.name);
}

/// shaka-packager decrypts to the clear samples; what it was given differed from them.
fn shaka_decrypts(clip: &Clip, scheme: &str) {
    let protected = tools::sluice_protect(clip, scheme, Ivs::Derived).whole();
    let decrypted = tools::shaka_decrypt(clip, &protected);
    let clear = boxes::fragments(&clip.whole());
    assert_same_samples(&boxes::fragments(&decrypted), &clear, &format!("{} {scheme}: decrypted", clip.name));
    let (before, after) = (compare::samples(&clear), boxes::fragments(&protected));
    // Samples of a few bytes may have no whole block to protect; those of AV1 that only show an earlier frame have none.
    let pairs = || before.iter().zip(compare::samples(&after)).filter(|(before, _)| before.len() >= 128);
    let (changed, all) = (pairs().filter(|(before, after)| **before != *after).count(), pairs().count());
    assert!(changed * 10 >= all * 9 && all > 20, "{} {scheme}: {changed} of {all} samples protected", clip.name);
}

/// Given the same key, key id and first or constant IV, shaka-packager makes the same samples, `senc` and `tenc`.
fn equals_shaka(clip: &Clip, scheme: &str) {
    let ours = tools::sluice_protect(clip, scheme, Ivs::Given);
    let theirs = tools::shaka_encrypt(clip, scheme);
    let what = format!("{} {scheme}: ours against shaka-packager's", clip.name);
    assert_same_samples(&boxes::fragments(&ours.whole()), &boxes::fragments(&theirs), &what);
    assert_same_protection(&ours.whole(), &theirs, &what);
    structure(&ours, &what);
}

/// What shaka-packager cannot be compared on, since it writes segments of its own: offsets and sizes agree with the bytes.
fn structure(ours: &Protected, what: &str) {
    for (n, segment) in ours.segments.iter().enumerate() {
        assert_index_matches(segment, &format!("{what}: segment {}", n + 1));
        assert_auxiliary_offsets(segment, &format!("{what}: segment {}", n + 1));
    }
}

/// Gives a clip, which is encoded when first asked for.
type ClipOf = fn() -> &'static Clip;

/// One module per clip and scheme, one test per oracle.
macro_rules! judge {
    ($($name:ident: $clip:path, $scheme:literal;)+) => {$(
        mod $name {
            #[test]
            #[ignore = "needs ffmpeg and shaka-packager; run by cargo verify packager"]
            fn ffmpeg_decrypts() {
                super::ffmpeg_decrypts($clip(), $scheme);
            }

            #[test]
            #[ignore = "needs ffmpeg and shaka-packager; run by cargo verify packager"]
            fn shaka_decrypts() {
                super::shaka_decrypts($clip(), $scheme);
            }

            #[test]
            #[ignore = "needs ffmpeg and shaka-packager; run by cargo verify packager"]
            fn equals_shaka() {
                super::equals_shaka($clip(), $scheme);
            }
        }
    )+};
}

judge! {
    avc_1080p_b_frames_cenc: crate::clip::high_1080p, "cenc";
    avc_1080p_b_frames_cbcs: crate::clip::high_1080p, "cbcs";
    avc_slices_weighted_cenc: crate::clip::slices, "cenc";
    avc_slices_weighted_cbcs: crate::clip::slices, "cbcs";
    avc_baseline_cavlc_cenc: crate::clip::baseline, "cenc";
    avc_baseline_cavlc_cbcs: crate::clip::baseline, "cbcs";
    avc_interlaced_mbaff_cenc: crate::clip::mbaff, "cenc";
    avc_interlaced_mbaff_cbcs: crate::clip::mbaff, "cbcs";
    hevc_slices_weighted_cenc: crate::clip::hevc_slices, "cenc";
    hevc_slices_weighted_cbcs: crate::clip::hevc_slices, "cbcs";
    hevc_main_10_in_band_cenc: crate::clip::hevc_main_10, "cenc";
    hevc_main_10_in_band_cbcs: crate::clip::hevc_main_10, "cbcs";
    hevc_422_wavefronts_cenc: crate::clip::hevc_422, "cenc";
    hevc_422_wavefronts_cbcs: crate::clip::hevc_422, "cbcs";
    aac_cenc: crate::clip::aac, "cenc";
    aac_cbcs: crate::clip::aac, "cbcs";
    av1_grain_cenc: crate::open::av1_grain, "cenc";
    av1_grain_cbcs: crate::open::av1_grain, "cbcs";
    av1_tiles_cenc: crate::open::av1_tiles, "cenc";
    av1_tiles_cbcs: crate::open::av1_tiles, "cbcs";
    av1_screen_cenc: crate::open::av1_screen, "cenc";
    av1_screen_cbcs: crate::open::av1_screen, "cbcs";
    vp9_cenc: crate::open::vp9, "cenc";
    vp9_cbcs: crate::open::vp9, "cbcs";
    vp9_10bit_cenc: crate::open::vp9_10bit, "cenc";
    vp9_10bit_cbcs: crate::open::vp9_10bit, "cbcs";
    ac3_cenc: crate::audio::ac3, "cenc";
    ac3_cbcs: crate::audio::ac3, "cbcs";
    eac3_cenc: crate::audio::eac3, "cenc";
    eac3_cbcs: crate::audio::eac3, "cbcs";
    opus_cenc: crate::audio::opus, "cenc";
    opus_cbcs: crate::audio::opus, "cbcs";
    flac_cenc: crate::audio::flac, "cenc";
    flac_cbcs: crate::audio::flac, "cbcs";
}

#[test]
#[ignore = "needs ffmpeg and shaka-packager; run by cargo verify packager"]
fn codecs_channels_and_rates_are_named_as_others_name_them() {
    let clips: [(ClipOf, &str); 8] = [
        (open::av1_grain, "av01.0.00M.08"),
        (open::av1_tiles, "av01.0.01M.08"),
        (open::vp9, "vp09.00.21.08.01.02.02.02.00"),
        (open::vp9_10bit, "vp09.02.11.10.01.02.02.02.00"),
        (audio::ac3, "ac-3"),
        (audio::eac3, "ec-3"),
        (audio::opus, "opus"),
        (audio::flac, "flac"),
    ];
    for (clip, codec) in clips {
        names::agree(clip(), codec);
        assert_eq!(tools::shaka_codec(clip()), codec, "{}", clip().name);
    }
    // shaka-packager leaves out the optional fields, which are not at their defaults. ffmpeg ends on 0 for the range, which of RGB is
    // full without being written (AV1 specification, 5.5.2).
    names::agree(open::av1_screen(), "av01.1.00M.08.0.000.01.13.00.1");
}

#[test]
#[ignore = "needs ffmpeg; run by cargo verify packager"]
fn tiles_begin_where_ffmpeg_finds_headers_to_end() {
    let clip = open::av1_grain();
    let protected = tools::sluice_protect(clip, "cbcs", Ivs::Derived).whole();
    let (ours, theirs) = (headers::protected(&protected), headers::tiles(clip));
    assert!(ours.iter().flatten().count() > 50, "{}: hardly a tile", clip.name);
    assert_eq!(ours, theirs, "{}", clip.name);
}
