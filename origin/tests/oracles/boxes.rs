//! A small reader of boxes, written for these tests alone. It trusts its input: whatever does not fit panics.

/// A box: its type, where it starts in what was read, its payload.
#[derive(Clone, Copy)]
pub(crate) struct Atom<'a> {
    pub(crate) kind: [u8; 4],
    pub(crate) start: usize,
    pub(crate) payload: &'a [u8],
}

impl Atom<'_> {
    /// Where the box ends in what was read.
    pub(crate) fn end(&self) -> usize {
        self.start + 8 + self.payload.len()
    }
}

/// One `moof` with its `mdat`.
pub(crate) struct Fragment {
    pub(crate) samples: Vec<Vec<u8>>,
    /// Payload of `senc`, version and flags included.
    pub(crate) senc: Option<Vec<u8>>,
    /// Payload of `saiz`.
    pub(crate) saiz: Option<Vec<u8>>,
    /// Payload of `saio`.
    pub(crate) saio: Option<Vec<u8>>,
    /// Where the payload of `senc` starts, from the start of `moof`.
    pub(crate) senc_at: usize,
}

/// A big-endian number of four bytes.
pub(crate) fn u32_at(data: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(data[at..at + 4].try_into().expect("four bytes"))
}

/// A big-endian number of two bytes.
pub(crate) fn u16_at(data: &[u8], at: usize) -> u16 {
    u16::from_be_bytes(data[at..at + 2].try_into().expect("two bytes"))
}

/// The boxes in `data`, side by side.
pub(crate) fn boxes(data: &[u8]) -> Vec<Atom<'_>> {
    let (mut all, mut at) = (Vec::new(), 0);
    while at < data.len() {
        let size = u32_at(data, at) as usize;
        assert!(size >= 8, "a box of size {size} at {at}");
        let kind = data[at + 4..at + 8].try_into().expect("four bytes");
        all.push(Atom { kind, start: at, payload: &data[at + 8..at + size] });
        at += size;
    }
    all
}

/// The payload of the first box of each kind in turn, each inside the one before.
pub(crate) fn find<'a>(data: &'a [u8], path: &[&[u8; 4]]) -> Option<&'a [u8]> {
    path.iter().try_fold(data, |data, kind| boxes(data).into_iter().find(|b| b.kind == **kind).map(|b| b.payload))
}

/// The first sample entry of the first track: its type, and the boxes inside it.
pub(crate) fn sample_entry(track: &[u8]) -> ([u8; 4], &[u8]) {
    let stsd = find(track, &[b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd"]).expect("an stsd");
    let entry = boxes(&stsd[8..])[0];
    // ISO/IEC 14496-12, 12.1.3 and 12.2.3: fixed fields of a VisualSampleEntry and of a version 0 AudioSampleEntry.
    let fixed = match &entry.kind {
        b"avc1" | b"hvc1" | b"hev1" | b"av01" | b"vp09" | b"encv" => 78,
        b"mp4a" | b"ac-3" | b"ec-3" | b"Opus" | b"fLaC" | b"enca" => 28,
        other => panic!("sample entry {}", other.escape_ascii()),
    };
    (entry.kind, &entry.payload[fixed..])
}

/// The fragments of a track or segment: one `traf` per `moof`, offsets from the start of `moof`.
pub(crate) fn fragments(track: &[u8]) -> Vec<Fragment> {
    boxes(track).into_iter().filter(|b| &b.kind == b"moof").map(|moof| fragment(track, moof)).collect()
}

fn fragment(track: &[u8], moof: Atom<'_>) -> Fragment {
    let inside = boxes(moof.payload);
    let traf = *inside.iter().find(|b| &b.kind == b"traf").expect("a traf");
    let inside = boxes(traf.payload);
    let of = |kind: &[u8; 4]| inside.iter().find(|b| b.kind == *kind);

    let tfhd = of(b"tfhd").expect("a tfhd").payload;
    let flags = u32_at(tfhd, 0) & 0x00ff_ffff;
    assert_eq!(flags & 0x02_0001, 0x02_0000, "default-base-is-moof and no base_data_offset");
    // sample_description_index (0x2) and default_sample_duration (0x8) stand before default_sample_size (0x10).
    let size_at = 8 + if flags & 0x2 == 0 { 0 } else { 4 } + if flags & 0x8 == 0 { 0 } else { 4 };
    let default_size = (flags & 0x10 != 0).then(|| u32_at(tfhd, size_at));

    let mut samples = Vec::new();
    for trun in inside.iter().filter(|b| &b.kind == b"trun") {
        append_samples(track, moof.start, trun.payload, default_size, &mut samples);
    }
    let payload = |kind| of(kind).map(|b| b.payload.to_vec());
    // Each nesting level adds a header of eight bytes: moof, traf, senc.
    let senc_at = of(b"senc").map_or(0, |senc| 8 + traf.start + 8 + senc.start + 8);
    Fragment { samples, senc: payload(b"senc"), saiz: payload(b"saiz"), saio: payload(b"saio"), senc_at }
}

fn append_samples(track: &[u8], moof: usize, trun: &[u8], default_size: Option<u32>, samples: &mut Vec<Vec<u8>>) {
    let flags = u32_at(trun, 0) & 0x00ff_ffff;
    assert!(flags & 0x1 != 0, "a trun without data_offset");
    let mut data = moof + u32_at(trun, 8) as usize;
    let mut at = if flags & 0x4 == 0 { 12 } else { 16 };
    for _ in 0..u32_at(trun, 4) {
        // The fields of a sample in their order, each there if its flag is: duration, size, flags, composition offset.
        let mut field = |flag: u32| {
            let start = at;
            at += if flags & flag == 0 { 0 } else { 4 };
            (flags & flag != 0).then(|| u32_at(trun, start))
        };
        field(0x100);
        let size = field(0x200).or(default_size).expect("a sample size") as usize;
        field(0x400);
        field(0x800);
        samples.push(track[data..data + size].to_vec());
        data += size;
    }
}
