//! Boxes, read and written plainly.

/// A box: its type, where it starts in what was read, how long its header is, its payload.
#[derive(Clone, Copy)]
pub(crate) struct Atom<'a> {
    pub(crate) kind: [u8; 4],
    pub(crate) start: usize,
    pub(crate) header: usize,
    pub(crate) payload: &'a [u8],
}

impl Atom<'_> {
    /// Where the box ends in what was read.
    pub(crate) fn end(&self) -> usize {
        self.start + self.header + self.payload.len()
    }
}

/// A big-endian number of four bytes.
pub(crate) fn u32_at(data: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(data[at..at + 4].try_into().expect("four bytes"))
}

/// A big-endian number of two bytes.
pub(crate) fn u16_at(data: &[u8], at: usize) -> u16 {
    u16::from_be_bytes(data[at..at + 2].try_into().expect("two bytes"))
}

/// A big-endian number of eight bytes.
pub(super) fn u64_at(data: &[u8], at: usize) -> u64 {
    u64::from(u32_at(data, at)) << 32 | u64::from(u32_at(data, at + 4))
}

/// The boxes in `data`, side by side, with sizes of either form.
pub(crate) fn boxes(data: &[u8]) -> Vec<Atom<'_>> {
    let (mut all, mut at) = (Vec::new(), 0);
    while at < data.len() {
        let (header, size) = match u32_at(data, at) {
            1 => (16, u64_at(data, at + 8) as usize),
            size => (8, size as usize),
        };
        assert!(size >= header, "a box of size {size} at {at}");
        let kind = data[at + 4..at + 8].try_into().expect("four bytes");
        all.push(Atom { kind, start: at, header, payload: &data[at + header..at + size] });
        at += size;
    }
    all
}

/// A box, with the types of those that it is in, outermost first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Leaf {
    pub(crate) path: Vec<[u8; 4]>,
    /// Where it begins.
    pub(crate) start: usize,
    /// The whole box, header included.
    pub(crate) bytes: Vec<u8>,
}

impl Leaf {
    pub(crate) fn is(&self, kind: &[u8; 4]) -> bool {
        self.path.last() == Some(kind)
    }
}

/// Every box that holds no others, and every container without what is in it, in order.
pub(crate) fn leaves(data: &[u8]) -> Vec<Leaf> {
    let mut out = Vec::new();
    descend(data, 0, &mut Vec::new(), &mut out);
    out
}

fn descend(data: &[u8], offset: usize, path: &mut Vec<[u8; 4]>, out: &mut Vec<Leaf>) {
    for b in boxes(data) {
        let container = matches!(
            &b.kind,
            b"moov" | b"trak" | b"mdia" | b"minf" | b"stbl" | b"mvex" | b"moof" | b"traf" | b"mfra" | b"edts"
        );
        path.push(b.kind);
        let own = if container { b.start + b.header } else { b.end() };
        out.push(Leaf { path: path.clone(), start: offset + b.start, bytes: data[b.start..own].to_vec() });
        if container {
            descend(b.payload, offset + b.start + b.header, path, out);
        }
        path.pop();
    }
}

/// The payload of the first box of each kind in turn, each inside the one before.
pub(crate) fn find<'a>(data: &'a [u8], path: &[&[u8; 4]]) -> Option<&'a [u8]> {
    path.iter().try_fold(data, |data, kind| boxes(data).into_iter().find(|b| b.kind == **kind).map(|b| b.payload))
}

/// A box around these parts.
pub(crate) fn boxed(kind: &[u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    let payload = parts.concat();
    [&(payload.len() as u32 + 8).to_be_bytes()[..], kind, &payload].concat()
}

/// The same, with a 64-bit size if wanted.
pub(super) fn sized(large: bool, kind: &[u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    if !large {
        return boxed(kind, parts);
    }
    let payload = parts.concat();
    [&1u32.to_be_bytes()[..], kind, &(payload.len() as u64 + 16).to_be_bytes(), &payload].concat()
}

/// Big-endian numbers of four bytes each.
pub(crate) fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

/// A box that nobody knows.
pub(super) fn unknown(what: &str) -> Vec<u8> {
    boxed(b"zzzz", &[what.as_bytes()])
}

/// One that only its owner knows.
pub(super) fn private() -> Vec<u8> {
    boxed(b"uuid", &[b"a type of its own", &[0xab; 11]])
}
