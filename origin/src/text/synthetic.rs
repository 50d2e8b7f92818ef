//! Timed text in CMAF, written by hand.

fn boxed(kind: &[u8; 4], payload: &[u8]) -> Vec<u8> {
    [&(payload.len() as u32 + 8).to_be_bytes()[..], kind, payload].concat()
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

/// An init segment of a thousand ticks a second with that sample entry, and perhaps something behind `tkhd`.
pub(crate) fn init(handler: &[u8; 4], entry: &[u8; 4], fields: &[u8], behind_tkhd: &[u8]) -> Vec<u8> {
    let entry = boxed(entry, &[&[0, 0, 0, 0, 0, 0, 0, 1], fields].concat());
    let stsd = boxed(b"stsd", &[words(&[0, 1]), entry].concat());
    let minf = boxed(b"minf", &boxed(b"stbl", &stsd));
    let mdhd = boxed(b"mdhd", &words(&[0, 0, 0, 1000, 0, 0x55c4_0000]));
    let hdlr = boxed(b"hdlr", &[&words(&[0, 0]), &handler[..], &[0; 13]].concat());
    let mdia = boxed(b"mdia", &[mdhd, hdlr, minf].concat());
    let tkhd = boxed(b"tkhd", &words(&[7, 0, 0, 1]));
    let trak = boxed(b"trak", &[&tkhd, behind_tkhd, &mdia].concat());
    let trex = boxed(b"trex", &words(&[0, 1, 1, 0, 0, 0]));
    let ftyp = boxed(b"ftyp", b"cmfc\0\0\0\0cmfciso6");
    [ftyp, boxed(b"moov", &[trak, boxed(b"mvex", &trex)].concat())].concat()
}

pub(crate) fn wvtt_init() -> Vec<u8> {
    init(b"text", b"wvtt", &boxed(b"vttC", b"WEBVTT"), &[])
}

pub(crate) fn stpp_init() -> Vec<u8> {
    init(b"subt", b"stpp", b"http://www.w3.org/ns/ttml\0\0\0", &[])
}

/// An edit list of one edit.
pub(crate) fn edits(media_time: u32) -> Vec<u8> {
    boxed(b"edts", &boxed(b"elst", &words(&[0, 1, 0, media_time, 0x1_0000])))
}

/// A segment of one fragment: each sample's duration in ticks, and its bytes.
pub(crate) fn segment(decode_time: u32, samples: &[(u32, Vec<u8>)]) -> Vec<u8> {
    let moof = |offset: u32| {
        let mut fields = vec![0x301, samples.len() as u32, offset];
        fields.extend(samples.iter().flat_map(|(duration, bytes)| [*duration, bytes.len() as u32]));
        let tfhd = boxed(b"tfhd", &words(&[0x02_0000, 1]));
        let traf = [tfhd, boxed(b"tfdt", &words(&[0, decode_time])), boxed(b"trun", &words(&fields))].concat();
        boxed(b"moof", &[boxed(b"mfhd", &words(&[0, 1])), boxed(b"traf", &traf)].concat())
    };
    let payload: Vec<u8> = samples.iter().flat_map(|(_, bytes)| bytes.iter().copied()).collect();
    let offset = moof(0).len() as u32 + 8;
    [boxed(b"styp", b"msdh\0\0\0\0"), moof(offset), boxed(b"mdat", &payload)].concat()
}

/// A `vttc` of identifier and text.
pub(crate) fn vttc(id: &str, text: &str) -> Vec<u8> {
    boxed(b"vttc", &[boxed(b"iden", id.as_bytes()), boxed(b"payl", text.as_bytes())].concat())
}

pub(crate) fn vtte() -> Vec<u8> {
    boxed(b"vtte", b"")
}

/// A TTML document of these paragraphs.
pub(crate) fn document(paragraphs: &str) -> Vec<u8> {
    format!("<tt xmlns='http://www.w3.org/ns/ttml'><body><div>{paragraphs}</div></body></tt>").into_bytes()
}
