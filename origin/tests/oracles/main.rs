//! Other people's tools judge the packager: what `sluice protect` writes is decrypted by ffmpeg and by shaka-packager to
//! the clear samples, and equals shaka-packager's own encryption with the same key, key id and IV, byte for byte in
//! samples, `senc` and `tenc`.
//!
//! Needs ffmpeg (with libx264 and libx265), and shaka-packager by `npm ci` in the repository's `tests` folder; hence ignored unless
//! asked for: `cargo test -p sluice --test oracles -- --ignored`.
//!
//! Nothing here reads boxes with the product's own parser: a parser that misreads would agree with itself.

mod boxes;
mod clip;
mod compare;
mod tools;

use clip::Clip;
use compare::{assert_auxiliary_offsets, assert_index_matches, assert_same_protection, assert_same_samples};
use tools::{Ivs, KEY, Protected, WRONG_KEY};

/// ffmpeg demuxes and decrypts to the packets, times included, that it finds in the clear track; the wrong key does not.
fn ffmpeg_decrypts(clip: &Clip, scheme: &str) {
    let protected = tools::sluice_protect(clip, scheme, Ivs::Derived).whole();
    let clear = tools::ffmpeg_packets(&clip.whole(), None);
    assert_eq!(tools::ffmpeg_packets(&protected, Some(KEY)), clear, "{} {scheme}: decrypted packets", clip.name);
    assert_ne!(tools::ffmpeg_packets(&protected, Some(WRONG_KEY)), clear, "{} {scheme}: any key will do", clip.name);
}

/// shaka-packager decrypts to the clear samples; what it was given differed from them.
fn shaka_decrypts(clip: &Clip, scheme: &str) {
    let protected = tools::sluice_protect(clip, scheme, Ivs::Derived).whole();
    let decrypted = tools::shaka_decrypt(clip, &protected);
    let clear = boxes::fragments(&clip.whole());
    assert_same_samples(&boxes::fragments(&decrypted), &clear, &format!("{} {scheme}: decrypted", clip.name));
    let (before, after) = (compare::samples(&clear), boxes::fragments(&protected));
    let changed = before.iter().zip(compare::samples(&after)).filter(|(before, after)| **before != *after).count();
    // Pictures and frames of a few bytes may have no whole block to protect.
    assert!(
        changed * 10 >= before.len() * 9,
        "{} {scheme}: {changed} of {} samples protected",
        clip.name,
        before.len()
    );
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
}
