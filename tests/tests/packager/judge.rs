//! One track in one layout: protected, and given to each decryptor.

use std::{process::Command, sync::Mutex};

use sluice_origin::protect::{Engine, Native, wasm::Embedded};
use sluice_packager::{
    cenc::{InitProtection, IvSource, record_bytes},
    keys::{ContentKey, Kid},
    title::Scheme,
};

use crate::{
    corpus::{Case, Clip},
    layouts::{boxes::boxes, catalogue, check, track::Track},
    process::{ffmpeg_packets, read, shaka_binary, try_run},
};

/// The schemes, in the order of the matrix.
pub(crate) const SCHEMES: [Scheme; 2] = [Scheme::Cenc, Scheme::Cbcs];
/// Who judges, in the order of the matrix.
pub(crate) const JUDGES: [&str; 4] = ["ffmpeg", "shaka", "wasm", "boxes"];

const KID: &str = "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf";
const KEY: &str = "00112233445566778899aabbccddeeff";

/// What became of a track in a layout. `Err` says what went wrong.
pub(crate) struct Row {
    pub(crate) codec: &'static str,
    pub(crate) layout: &'static str,
    /// The clear track: what ffmpeg demuxes from it is what it demuxes from the clip.
    pub(crate) clear: Result<(), String>,
    /// By scheme and judge. `None`: it was refused, as it is to be.
    pub(crate) protected: Option<[[Result<(), String>; JUDGES.len()]; SCHEMES.len()]>,
}

/// Judges a case of the clip. `packets`: what ffmpeg demuxes from the clip.
pub(crate) fn judge(clip: &Clip, case: &Case, packets: &str, wasm: &Mutex<Embedded>) -> Row {
    let demuxed = ffmpeg_packets(&case.whole(), None);
    let clear = match demuxed {
        Ok(found) if contents(&found) == contents(packets) => Ok(found),
        Ok(_) => Err("ffmpeg demuxes other packets than from the clip".to_owned()),
        Err(said) => Err(said),
    };
    let protected = SCHEMES.map(|scheme| protect(case, scheme, wasm));
    if let Some(how) = case.refused {
        let at = catalogue::position(if how.in_init { &case.init } else { &case.segments[0] }, how);
        for protected in protected {
            let said = protected.err().unwrap_or_else(|| panic!("{} {}: is to be refused", case.codec, case.layout));
            let place = format!("{} at byte {at}", how.kind.escape_ascii());
            assert!(said.contains(&place) && said.contains(how.says), "{} {}: {said}", case.codec, case.layout);
        }
        return Row { codec: case.codec, layout: case.layout, clear: clear.map(drop), protected: None };
    }
    let cells = protected.map(|protected| match protected {
        Ok(protected) => [
            by_ffmpeg(&protected, &clear, packets),
            by_shaka(clip, case, &protected),
            protected.same_in_wasm.clone(),
            by_boxes(clip, case, &protected),
        ],
        Err(said) => std::array::from_fn(|_| Err(said.clone())),
    });
    Row { codec: case.codec, layout: case.layout, clear: clear.map(drop), protected: Some(cells) }
}

/// A protected track.
struct Protected {
    scheme: Scheme,
    init: Vec<u8>,
    segments: Vec<Vec<u8>>,
    same_in_wasm: Result<(), String>,
}

impl Protected {
    fn whole(&self) -> Vec<u8> {
        [&self.init[..], &self.segments.concat()].concat()
    }
}

/// Protects natively and in wasmtime. An error is the native one; the component has the same, else it panics.
fn protect(case: &Case, scheme: Scheme, wasm: &Mutex<Embedded>) -> Result<Protected, String> {
    let native = protect_with(&mut Native, case, scheme);
    let mut wasm = wasm.lock().expect("no judge panicked");
    let embedded = protect_with(&mut *wasm, case, scheme);
    let (init, segments) = match (native, embedded) {
        (Err(native), Err(embedded)) => {
            assert_eq!(native, embedded, "{} {}: what the component says", case.codec, case.layout);
            return Err(native);
        }
        (Err(native), Ok(_)) => panic!("{} {}: only native says {native}", case.codec, case.layout),
        (Ok((init, segments)), Err(said)) => {
            return Ok(Protected { scheme, init, segments, same_in_wasm: Err(said) });
        }
        (Ok(native), Ok(embedded)) if native == embedded => native,
        (Ok((init, segments)), Ok(_)) => {
            return Ok(Protected { scheme, init, segments, same_in_wasm: Err("other bytes than native's".to_owned()) });
        }
    };
    Ok(Protected { scheme, init, segments, same_in_wasm: Ok(()) })
}

/// The protected init segment and segments.
type Media = (Vec<u8>, Vec<Vec<u8>>);

fn protect_with(engine: &mut impl Engine, case: &Case, scheme: Scheme) -> Result<Media, String> {
    let kid: Kid = KID.parse().expect("a key id");
    let key = ContentKey::new(u128::from_str_radix(KEY, 16).expect("hex digits").to_be_bytes());
    let said = |error: anyhow::Error| error.to_string();
    let init = engine.init(&case.init, &InitProtection::derived(scheme, kid)).map_err(said)?;
    let entry = record_bytes(&case.init).map_err(|error| error.to_string())?;
    let ivs = IvSource::derived(scheme, kid, 1);
    let segments = case.segments.iter().map(|clear| Ok(engine.segment(&entry, clear, ivs, &key).map_err(said)?.0));
    Ok((init, segments.collect::<Result<_, String>>()?))
}

/// ffmpeg decrypts to the packets that it demuxes from the clear track, times included; where it cannot read that, to the samples of the
/// clip, whose packets are `packets`.
fn by_ffmpeg(protected: &Protected, clear: &Result<String, String>, packets: &str) -> Result<(), String> {
    let decrypted = ffmpeg_packets(&protected.whole(), Some(KEY))?;
    let expected = clear.as_deref().unwrap_or(packets);
    let same_samples = contents(&decrypted) == contents(expected);
    if same_samples && (clear.is_err() || decrypted == expected) {
        return Ok(());
    }
    let what = if same_samples { "the same samples at other times" } else { "other samples" };
    let differs = decrypted.lines().zip(expected.lines()).find(|(a, b)| a != b);
    Err(format!("{what}: {differs:?}"))
}

/// Sizes and hashes of packets, without times: layouts that shift composition shift those.
fn contents(packets: &str) -> Vec<String> {
    let lines = packets.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.split(',').skip(4).collect::<Vec<_>>().concat()).collect()
}

/// shaka-packager decrypts to the clip's samples.
fn by_shaka(clip: &Clip, case: &Case, protected: &Protected) -> Result<(), String> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (from, to) = (folder.path().join("in.mp4"), folder.path().join("out.mp4"));
    std::fs::write(&from, protected.whole()).expect("shaka-packager's input can be written");
    let stream = if ["avc", "hevc", "av1", "vp9"].contains(&case.codec) { "video" } else { "audio" };
    let mut command = Command::new(shaka_binary());
    command.arg(format!("in={},stream={stream},output={}", from.display(), to.display()));
    command.args(["--enable_raw_key_decryption", "--keys", &format!("label=:key_id={KID}:key={KEY}")]);
    try_run(command, &[], "shaka-packager")?;
    let file = read(&to);
    let moov = boxes(&file).into_iter().find(|b| &b.kind == b"moov").ok_or("no moov")?.end();
    let decrypted = Track::read(&file[..moov], &file[moov..]);
    if decrypted.data() == clip.track.data() {
        return Ok(());
    }
    let (found, expected) = (decrypted.data().len(), clip.track.data().len());
    let different = decrypted.data().iter().zip(clip.track.data()).filter(|(a, b)| **a != *b).count();
    Err(format!("other samples: {found} for {expected}, of which {different} differ"))
}

/// Boxes are as they were, and so is what `senc` leaves in the clear.
fn by_boxes(clip: &Clip, case: &Case, protected: &Protected) -> Result<(), String> {
    let mut samples = Vec::new();
    for (clear, protected_segment) in case.segments.iter().zip(&protected.segments) {
        check::unchanged(clear, protected_segment)?;
        samples.extend_from_slice(protected_segment);
    }
    let iv_size = if protected.scheme == Scheme::Cenc { 8 } else { 0 };
    check::clear_ranges(&clip.track.data(), iv_size, &protected.init, &samples)
}
