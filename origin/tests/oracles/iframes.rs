//! Tracks of I-frames alone: ffmpeg and shaka-packager decrypt them to the clear ones, and ffmpeg decodes them, by themselves, to the pictures that the
//! whole track has at those times.

use std::{collections::BTreeSet, fs, path::Path};

use sluice_packager::{
    cenc::{TrackConfig, plan_segment},
    trick::{Cutter, Pictures},
};

use crate::{
    boxes,
    clip::Clip,
    compare::{self, assert_auxiliary_offsets},
    process::ffmpeg_packets,
    tools::{self, Ivs, KEY, WRONG_KEY},
};

/// The I-frames of a clip's segments, in files of their own.
fn cut(clip: &Clip) -> Clip {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("iframes").join(clip.name);
    fs::create_dir_all(&folder).expect("a folder for the clip");
    let init = tools::read(&clip.init);
    fs::write(folder.join("init.mp4"), &init).expect("writes");
    let config = TrackConfig::from_init(&init).expect("a clear init segment");
    for path in &clip.segments {
        let clear = tools::read(path);
        let plan = plan_segment(&config, &clear).expect("plans");
        let pictures = Pictures::of(&plan.entries).expect("pictures");
        let upto = pictures.end() as usize;
        let mut cutter = Cutter::new(&config, pictures);
        cutter.push(&clear[..upto]).expect("cuts");
        let alone = cutter.finish(plan.decode_time + plan.duration).expect("cuts");
        fs::write(folder.join(path.file_name().expect("a file")), alone).expect("writes");
    }
    Clip::in_folder(clip.name, clip.stream, &folder)
}

/// Presentation time and hash of each line of ffmpeg's `framehash`.
fn times_and_hashes(told: &str) -> Vec<(String, String)> {
    let lines = told.lines().filter(|line| !line.starts_with('#'));
    let fields = lines.map(|line| line.split(',').map(|field| field.trim().to_owned()).collect::<Vec<_>>());
    fields.map(|fields| (fields[2].clone(), fields[5].clone())).collect()
}

/// The hash of each picture that ffmpeg decodes.
fn pictures(track: &[u8]) -> Vec<String> {
    let arguments = ["-v", "error", "-f", "mp4", "-i", "pipe:0", "-map", "0:0", "-fps_mode", "passthrough"];
    let told = tools::ffmpeg(&[&arguments[..], &["-f", "framehash", "-hash", "md5", "-"]].concat(), track);
    let told = String::from_utf8(told).expect("hashes are ASCII");
    times_and_hashes(&told).into_iter().map(|(_, hash)| hash).collect()
}

fn judge(clip: &Clip, scheme: &str) {
    let alone = cut(clip);
    let what = format!("{} {scheme}: I-frames", clip.name);
    let protected = tools::sluice_protect(&alone, scheme, Ivs::Derived);
    let clear = ffmpeg_packets(&alone.whole(), None).expect("ffmpeg reads it");
    assert_eq!(ffmpeg_packets(&protected.whole(), Some(KEY)).as_ref(), Ok(&clear), "{what}");
    assert_ne!(ffmpeg_packets(&protected.whole(), Some(WRONG_KEY)).as_ref(), Ok(&clear), "{what}: any key will do");
    let decrypted = tools::shaka_decrypt(&alone, &protected.whole());
    let (theirs, ours) = (boxes::fragments(&decrypted), boxes::fragments(&alone.whole()));
    assert_eq!(compare::samples(&theirs), compare::samples(&ours), "{what}: decrypted");
    protected.segments.iter().for_each(|segment| assert_auxiliary_offsets(segment, &what));

    let all: BTreeSet<_> =
        times_and_hashes(&ffmpeg_packets(&clip.whole(), None).expect("ffmpeg reads it")).into_iter().collect();
    let packets = times_and_hashes(&clear);
    assert!(packets.len() >= alone.segments.len() && packets.len() * 10 < all.len(), "{what}: {}", packets.len());
    for packet in packets {
        assert!(all.contains(&packet), "{what}: the packet {packet:?} is none of the track's");
    }
    let all: BTreeSet<_> = pictures(&clip.whole()).into_iter().collect();
    for picture in pictures(&alone.whole()) {
        assert!(all.contains(&picture), "{what}: the picture {picture} is none of the track's");
    }
}

macro_rules! judge {
    ($($name:ident: $clip:path;)+) => {$(
        #[test]
        #[ignore = "needs ffmpeg and shaka-packager; run by cargo verify packager"]
        fn $name() {
            judge($clip(), "cenc");
            judge($clip(), "cbcs");
        }
    )+};
}

judge! {
    avc_1080p_b_frames: crate::clip::high_1080p;
    avc_slices_weighted: crate::clip::slices;
    hevc_main_10_in_band: crate::clip::hevc_main_10;
    av1_grain: crate::open::av1_grain;
    vp9: crate::open::vp9;
}
