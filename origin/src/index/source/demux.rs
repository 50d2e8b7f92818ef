//! One track out of media that carries several: a `moov` and `moof`s with its own boxes alone, an `mdat` with its own samples.

use sluice_packager::{
    bmff::{BoxView, Boxes, Error, FourCc, moof::Moof, moov::Trex},
    cenc,
};

/// The tracks of an init segment, by `track_ID`, in order.
///
/// # Errors
/// [`Error`]
pub(super) fn tracks(init: &[u8]) -> Result<Vec<u32>, Error> {
    let Some(moov) = Boxes::of(init).find_kind(b"moov")? else { return Ok(Vec::new()) };
    let mut ids = Vec::new();
    for child in moov.children() {
        let child = child?;
        if child.is(b"trak") {
            ids.push(track_id(&child)?);
        }
    }
    Ok(ids)
}

/// The init segment of one track.
///
/// # Errors
/// [`Error`]
pub(super) fn init(bytes: &[u8], track: u32) -> Result<Vec<u8>, Error> {
    let mut out = Vec::new();
    for view in Boxes::of(bytes) {
        let view = view?;
        if !view.is(b"moov") {
            out.extend_from_slice(view.bytes);
            continue;
        }
        let mut moov = Vec::new();
        for child in view.children() {
            let child = child?;
            match &child.kind().0 {
                b"trak" if track_id(&child)? != track => {}
                b"mvex" => moov.extend(mvex(&child, track)?),
                _ => moov.extend_from_slice(child.bytes),
            }
        }
        out.extend(container(b"moov", &moov));
    }
    Ok(out)
}

fn mvex(view: &BoxView<'_>, track: u32) -> Result<Vec<u8>, Error> {
    let mut kept = Vec::new();
    for child in view.children() {
        let child = child?;
        if !child.is(b"trex") || word(&child, 4)? == track {
            kept.extend_from_slice(child.bytes);
        }
    }
    Ok(container(b"mvex", &kept))
}

/// The samples of one track out of a segment, fragment for fragment. `trex` gives the track's defaults. `sidx`, which counts the bytes of
/// all tracks, is left out.
///
/// # Errors
/// [`cenc::Error`]; data offsets that count from anything but the fragment's start are refused.
pub(super) fn segment(bytes: &[u8], track: u32, trex: Option<&Trex>) -> Result<Vec<u8>, cenc::Error> {
    let mut out = Vec::new();
    for view in Boxes::of(bytes) {
        let view = view?;
        match &view.kind().0 {
            b"moof" => fragment(bytes, &view, track, trex, &mut out)?,
            b"mdat" | b"sidx" | b"mfra" => {}
            _ => out.extend_from_slice(view.bytes),
        }
    }
    Ok(out)
}

fn fragment(
    bytes: &[u8],
    moof: &BoxView<'_>,
    track: u32,
    trex: Option<&Trex>,
    out: &mut Vec<u8>,
) -> Result<(), cenc::Error> {
    let mut kept = Vec::new();
    let mut found = false;
    for child in moof.children() {
        let child = child?;
        if child.is(b"traf") {
            let tfhd = child.child(b"tfhd")?;
            if word(&tfhd, 4)? != track {
                continue;
            }
            if word(&tfhd, 0)? & DEFAULT_BASE_IS_MOOF == 0 {
                let what = "without default-base-is-moof, data of several tracks cannot be told apart";
                return Err(Error::Invalid { kind: tfhd.kind(), offset: tfhd.offset, what }.into());
            }
            found = true;
        }
        kept.extend_from_slice(child.bytes);
    }
    // A track may end before the others.
    if !found {
        return Ok(());
    }
    let mut rewritten = container(b"moof", &kept);
    let header = rewritten.len() as u64 + 8;
    // Data offsets count from the start of moof, wherever that is now.
    let (mut payload, mut places) = (Vec::new(), Vec::new());
    {
        let view = BoxView::parse(&rewritten, moof.offset)?;
        let parsed = Moof::parse(view)?;
        let mut samples = parsed.samples(trex)?.into_iter();
        for run in &parsed.traf.truns {
            let offset = i32::try_from(header + payload.len() as u64).map_err(|_| too_large(moof))?;
            let own = run.data_offset.map(|(_, at)| at.saturating_sub(moof.offset));
            places.extend(own.and_then(|at| usize::try_from(at).ok()).map(|at| (at, offset)));
            for (index, sample) in samples.by_ref().take(run.count as usize).enumerate() {
                let at = moof.offset.saturating_add(sample.offset);
                let outside = cenc::Error::SampleOutside { sample: index, offset: at, size: sample.size };
                let start = usize::try_from(at).map_err(|_| outside.clone())?;
                let end = start.checked_add(sample.size as usize).ok_or_else(|| outside.clone())?;
                payload.extend_from_slice(bytes.get(start..end).ok_or(outside)?);
                // Samples that overlap would make more of a segment than it has.
                if out.len() + payload.len() > 2 * bytes.len() {
                    return Err(cenc::Error::Coverage { offset: at });
                }
            }
        }
    }
    for (at, offset) in places {
        if let Some(field) = rewritten.get_mut(at..at + 4) {
            field.copy_from_slice(&offset.to_be_bytes());
        }
    }
    out.extend(rewritten);
    out.extend(container(b"mdat", &payload));
    Ok(())
}

const DEFAULT_BASE_IS_MOOF: u32 = 0x02_0000;

fn too_large(moof: &BoxView<'_>) -> cenc::Error {
    cenc::Error::Overflow { field: "data_offset", offset: moof.offset }
}

/// A box of these bytes. They are of a segment, whose size 32 bits hold.
fn container(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let size = u32::try_from(content.len() + 8).unwrap_or(u32::MAX);
    [&size.to_be_bytes(), &kind[..], content].concat()
}

fn track_id(trak: &BoxView<'_>) -> Result<u32, Error> {
    let tkhd = trak.child(b"tkhd")?;
    let at = if tkhd.payload().first() == Some(&1) { 20 } else { 12 };
    word(&tkhd, at)
}

/// 32 bits of a box, `at` bytes after its header.
fn word(view: &BoxView<'_>, at: usize) -> Result<u32, Error> {
    let bytes = view.payload().get(at..).and_then(|rest| rest.first_chunk::<4>());
    let missing = || Error::Truncated { kind: FourCc(view.kind().0), offset: view.offset, field: "track_ID" };
    bytes.map(|bytes| u32::from_be_bytes(*bytes)).ok_or_else(missing)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;
    use sluice_packager::{bmff::moov::Init, cenc::read::Reader};

    use super::*;

    fn sample(name: &str) -> Vec<u8> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/media/title/demo").join(name);
        std::fs::read(path).expect("the sample title")
    }

    /// The bytes of the box at the end of `path`, each the first of its type in the one before.
    fn part(bytes: &[u8], path: &[&[u8; 4]]) -> Vec<u8> {
        let mut view = Boxes::of(bytes).find_kind(path[0]).expect("reads").expect("the box");
        for kind in &path[1..] {
            view = view.child(kind).expect("the box");
        }
        view.bytes.to_vec()
    }

    /// The demo's smallest video and an audio track in one, as ffmpeg's HLS muxer writes them: `moov` with two `trak`, `moof` with two `traf`, one
    /// `mdat`. The second has track 2.
    fn both() -> (Vec<u8>, Vec<u8>) {
        let (video, audio) = (sample("v360/init.mp4"), sample("a-en/init.mp4"));
        let second = |mut bytes: Vec<u8>, id_at: usize| {
            bytes[id_at..id_at + 4].copy_from_slice(&2u32.to_be_bytes());
            bytes
        };
        let trak = part(&audio, &[b"moov", b"trak"]);
        let tkhd = trak.windows(4).position(|found| found == b"tkhd").expect("tkhd");
        let mvex = [part(&video, &[b"moov", b"mvex", b"trex"]), second(part(&audio, &[b"moov", b"mvex", b"trex"]), 12)];
        let moov = [
            part(&video, &[b"moov", b"mvhd"]),
            part(&video, &[b"moov", b"trak"]),
            second(trak, tkhd + 16),
            container(b"mvex", &mvex.concat()),
        ];
        let init = [part(&video, &[b"ftyp"]), container(b"moov", &moov.concat())].concat();

        let mut trafs = Vec::new();
        let mut payload = Vec::new();
        for (track, id) in [("v360", 1u32), ("a-en", 2)] {
            let segment = sample(&format!("{track}/1.m4s"));
            let mut traf = part(&segment, &[b"moof", b"traf"]);
            let at = |kind: &[u8; 4]| traf.windows(4).position(|found| found == kind).expect("the box");
            let (tfhd, trun) = (at(b"tfhd"), at(b"trun"));
            traf[tfhd + 8..tfhd + 12].copy_from_slice(&id.to_be_bytes());
            // Where its data is, once the size of moof is known.
            trafs.push((traf, trun + 12, payload.len()));
            payload.extend(&part(&segment, &[b"mdat"])[8..]);
        }
        let mfhd = part(&sample("v360/1.m4s"), &[b"moof", b"mfhd"]);
        let header = 16 + mfhd.len() + trafs.iter().map(|(traf, ..)| traf.len()).sum::<usize>();
        let mut moof = mfhd;
        for (mut traf, field, at) in trafs {
            traf[field..field + 4].copy_from_slice(&((header + at) as u32).to_be_bytes());
            moof.extend(traf);
        }
        let segment =
            [part(&sample("v360/1.m4s"), &[b"styp"]), container(b"moof", &moof), container(b"mdat", &payload)];
        (init, segment.concat())
    }

    #[test]
    fn each_track_has_its_own_samples() {
        let (init_of_both, segment_of_both) = both();
        assert_eq!(tracks(&init_of_both), Ok(vec![1, 2]));
        for (id, track) in [(1, "v360"), (2, "a-en")] {
            let own = init(&init_of_both, id).expect("an init segment");
            let parsed = Init::parse(&own).expect("of one track");
            assert_eq!((parsed.track_id, parsed.trex.map(|trex| trex.track_id)), (id, Some(id)));
            let samples = |init: &[u8], segment: &[u8]| Reader::new(init)?.clear_samples(segment, None);
            let taken = segment(&segment_of_both, id, parsed.trex.as_ref()).expect("a segment");
            let taken = samples(&own, &taken).expect("samples");
            let whole = samples(&sample(&format!("{track}/init.mp4")), &sample(&format!("{track}/1.m4s")));
            let whole = whole.expect("samples");
            // The first fragment of four.
            assert!(taken.len() >= 25 && whole.starts_with(&taken), "{track}");
        }
        assert_eq!(
            segment(&segment_of_both, 3, None).expect("nothing of it").len(),
            part(&segment_of_both, &[b"styp"]).len()
        );
        let at = segment_of_both.windows(4).position(|found| found == b"tfhd").expect("tfhd");
        let mut without = segment_of_both;
        without[at + 5] &= !2;
        let said = segment(&without, 1, None).expect_err("no base").to_string();
        assert!(said.contains("tfhd at byte") && said.contains("default-base-is-moof"), "{said}");
    }

    proptest! {
        #[test]
        fn damage_is_an_error_and_makes_nothing_larger(damage in proptest::collection::vec((0usize..2500, any::<u8>()), 1..8)) {
            let (mut first, mut second) = both();
            for (at, byte) in damage {
                let bytes = if at < first.len() { &mut first } else { &mut second };
                let at = at % bytes.len();
                bytes[at] = byte;
            }
            for id in [1, 2] {
                let _ = tracks(&first);
                let _ = init(&first, id);
                if let Ok(taken) = segment(&second, id, None) {
                    prop_assert!(taken.len() <= 3 * second.len());
                }
            }
        }
    }
}
