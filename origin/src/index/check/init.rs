use anyhow::{anyhow, bail};
use sluice_packager::{
    bmff::{
        self, BoxView, Boxes,
        moov::{AvcC, HvcC, Init},
    },
    cenc::Error,
};

use super::at;
use crate::index::source::{Piece, whole::not_fragmented};

/// Checks an init segment for what makes a track unusable or leaves its protection undefined.
///
/// # Errors
/// Several tracks, a progressive file, an edit list that is no plain offset, a sample entry that promises parameter sets and has none.
pub(in crate::index) fn init(piece: &Piece, bytes: &[u8]) -> anyhow::Result<()> {
    let broken = |error: bmff::Error| at(piece, error.into());
    let Some(moov) = Boxes::of(bytes).find_kind(b"moov").map_err(broken)? else { return Ok(()) };
    tracks(piece, &moov).map_err(broken)??;
    protected(piece, &moov).map_err(broken)??;
    progressive(piece, &moov).map_err(broken)??;
    // What is wrong otherwise, the packager says.
    let Ok(init) = Init::parse(bytes) else { return Ok(()) };
    edits(piece, &init).map_err(broken)??;
    parameter_sets(piece, &init).map_err(broken)?
}

type Checked = Result<anyhow::Result<()>, bmff::Error>;

fn tracks(piece: &Piece, moov: &BoxView<'_>) -> Checked {
    let mut count = 0;
    for child in moov.children() {
        count += usize::from(child?.is(b"trak"));
    }
    if count < 2 {
        return Ok(Ok(()));
    }
    Ok(Err(anyhow!(
        "{}: moov at byte {} has {count} tracks: audio and video are written apart, a file for each (ffmpeg: -f dash, or -f hls with -var_stream_map \"v:0,agroup:a a:0,agroup:a\"; shaka-packager always does)",
        piece.display(),
        piece.start() + moov.offset
    )))
}

/// Any sample entry that is protected: shaka-packager writes a clear one behind it, for its clear lead.
fn protected(piece: &Piece, moov: &BoxView<'_>) -> Checked {
    let stsd = moov.child(b"trak")?.child(b"mdia")?.child(b"minf")?.child(b"stbl")?.child(b"stsd")?;
    let fields = 8;
    for entry in Boxes::of(stsd.payload().get(fields..).unwrap_or_default()) {
        let entry = entry?;
        if entry.is(b"encv") || entry.is(b"enca") {
            let offset = stsd.offset + (stsd.header.len + fields) as u64 + entry.offset;
            return Ok(Err(at(piece, Error::AlreadyProtected { kind: entry.kind(), offset })));
        }
    }
    Ok(Ok(()))
}

/// A `moov` that describes its samples itself and says nothing of fragments (ISO/IEC 14496-12, 8.8.1).
fn progressive(piece: &Piece, moov: &BoxView<'_>) -> Checked {
    if moov.find(b"mvex")?.is_some() {
        return Ok(Ok(()));
    }
    let stbl = moov.child(b"trak")?.child(b"mdia")?.child(b"minf")?.child(b"stbl")?;
    let has_samples = match stbl.find(b"stts")? {
        Some(stts) => stts.payload().get(4..8).is_some_and(|count| count != [0; 4]),
        None => false,
    };
    if has_samples {
        return Ok(Err(anyhow!(not_fragmented(piece.path(), piece.start() + moov.offset))));
    }
    Ok(Ok(()))
}

/// An edit list passes on as it is; players agree only on what it is for here: an offset, by one edit, before which there may be one of
/// nothing (ISO/IEC 14496-12, 8.6.6; ISO/IEC 23000-19, 7.5.13).
fn edits(piece: &Piece, init: &Init<'_>) -> Checked {
    let Some(trak) = init.path.get(1) else { return Ok(Ok(())) };
    let Some(edts) = trak.find(b"edts")? else { return Ok(Ok(())) };
    let Some(elst) = edts.find(b"elst")? else { return Ok(Ok(())) };
    let refused = |what: &str| {
        Ok(Err(anyhow!(
            "{}: elst at byte {}: {what}: only an initial offset is possible; package again without edits (ffmpeg: -use_editlist 0)",
            piece.display(),
            piece.start() + elst.offset
        )))
    };
    let payload = elst.payload();
    let wide = payload.first() == Some(&1);
    let entries = payload.get(8..).unwrap_or_default();
    let (row, time_at, rate_at) = if wide { (20, 8, 16) } else { (12, 4, 8) };
    let told = payload.get(4..8).map_or(0, |count| count.iter().fold(0u64, |n, byte| n << 8 | u64::from(*byte)));
    if told != (entries.len() / row) as u64 || entries.len() % row != 0 {
        return refused("its entries do not fill it");
    }
    if told > 2 {
        return refused(&format!("{told} edits"));
    }
    for (index, entry) in entries.chunks_exact(row).enumerate() {
        let empty = entry.get(time_at..rate_at).is_some_and(|time| time.iter().all(|byte| *byte == 0xff));
        let last = index as u64 + 1 == told;
        if empty == last {
            return refused(if empty { "nothing but an empty edit" } else { "an edit after another" });
        }
        if entry.get(rate_at..) != Some(&[0, 1, 0, 0]) {
            return refused("a rate other than 1");
        }
    }
    Ok(Ok(()))
}

/// `avc1` and `hvc1` keep their parameter sets in the configuration and nowhere else (ISO/IEC 14496-15, 5.4.2.1, 8.4.1).
fn parameter_sets(piece: &Piece, init: &Init<'_>) -> Checked {
    let lacks = match &init.entry.codec().0 {
        b"avc1" | b"dva1" => {
            let Some(view) = init.entry.children().find_kind(b"avcC")? else { return Ok(Ok(())) };
            let avcc = AvcC::parse(&view)?;
            (avcc.sps.is_empty() || avcc.pps.is_empty()).then_some(view)
        }
        b"hvc1" | b"dvh1" => {
            let Some(view) = init.entry.children().find_kind(b"hvcC")? else { return Ok(Ok(())) };
            let hvcc = HvcC::parse(&view)?;
            (hvcc.vps.is_empty() || hvcc.sps.is_empty() || hvcc.pps.is_empty()).then_some(view)
        }
        _ => None,
    };
    Ok((|| match lacks {
        Some(view) => bail!(
            "{}: {} at byte {} has no parameter sets, which {} has nowhere else: package again from the encoder's output",
            piece.display(),
            view.kind(),
            piece.start() + view.offset,
            init.entry.codec()
        ),
        None => Ok(()),
    })())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The init segment of the sample title's smallest video, its track with these boxes more.
    fn with(edts: &[u8]) -> Vec<u8> {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/media/title/demo/v360/init.mp4");
        let mut bytes = std::fs::read(path).expect("the sample title");
        for (kind, is_last) in [(b"moov", false), (b"trak", true)] {
            let at = bytes.windows(4).position(|found| found == kind).expect("the box") - 4;
            let size = u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
            bytes[at..at + 4].copy_from_slice(&(size + edts.len() as u32).to_be_bytes());
            if is_last {
                let end = at + size as usize;
                bytes.splice(end..end, edts.iter().copied());
            }
        }
        bytes
    }

    fn elst(edits: &[(i32, u16)]) -> Vec<u8> {
        let mut out = (24 + 12 * edits.len() as u32).to_be_bytes().to_vec();
        out.extend(b"edts");
        out.extend((16 + 12 * edits.len() as u32).to_be_bytes());
        out.extend(b"elst\0\0\0\0");
        out.extend((edits.len() as u32).to_be_bytes());
        for (time, rate) in edits {
            out.extend([0, 0, 1, 0]);
            out.extend(time.to_be_bytes());
            out.extend(rate.to_be_bytes());
            out.extend([0, 0]);
        }
        out
    }

    #[test]
    fn edit_lists_are_an_offset_or_refused() {
        let piece = Piece::whole("v/init.mp4", "init.mp4");
        let said = |edits: &[(i32, u16)]| {
            let bytes = with(&elst(edits));
            assert!(Init::parse(&bytes).is_ok(), "an init segment with an edit list");
            init(&piece, &bytes).err().map(|error| error.to_string())
        };
        for plain in [&[(1024, 1)][..], &[(0, 1)], &[(-1, 1), (0, 1)], &[]] {
            assert_eq!(said(plain), None, "{plain:?}");
        }
        for (edits, says) in [
            (&[(0, 1), (90, 1)][..], "an edit after another"),
            (&[(-1, 1)], "nothing but an empty edit"),
            (&[(0, 2)], "a rate other than 1"),
            (&[(-1, 1), (0, 1), (9, 1)], "3 edits"),
        ] {
            let said = said(edits).expect(says);
            assert!(said.starts_with("v/init.mp4: elst at byte ") && said.contains(says), "{said}");
        }
    }

    #[test]
    fn parameter_sets_are_where_the_sample_entry_promises_them() {
        let piece = Piece::whole("v/init.mp4", "init.mp4");
        let mut bytes = with(&[]);
        assert!(init(&piece, &bytes).is_ok());
        let avcc = bytes.windows(4).position(|found| found == b"avcC").expect("avcC");
        // numOfSequenceParameterSets: the SPS is read as a PPS list, whose count is its length's high byte, 0.
        bytes[avcc + 4 + 5] = 0xe0;
        let said = init(&piece, &bytes).expect_err("no SPS").to_string();
        assert!(said.contains(&format!("avcC at byte {} has no parameter sets", avcc - 4)), "{said}");
    }
}
