//! What a layout changes in the init segment.

use super::boxes::{boxed, boxes, private, u32_at, unknown, words};

/// The init segment with these defaults in its `trex`: duration, size and flags of a sample.
pub(super) fn with_defaults(init: &[u8], duration: u32, size: u32, flags: u32) -> Vec<u8> {
    rebuild(init, &[b"moov", b"mvex", b"trex"], &|trex| {
        boxed(b"trex", &[&trex[..12], &words(&[duration, size, flags])])
    })
}

/// The init segment with boxes that nobody knows at the end of every container, of the sample entry, and of the file.
pub(super) fn with_unknown(init: &[u8]) -> Vec<u8> {
    let containers: [&[&[u8; 4]]; 5] = [
        &[b"moov"],
        &[b"moov", b"trak"],
        &[b"moov", b"trak", b"mdia"],
        &[b"moov", b"trak", b"mdia", b"minf"],
        &[b"moov", b"trak", b"mdia", b"minf", b"stbl"],
    ];
    let mut init = init.to_vec();
    for path in containers {
        let kind = path[path.len() - 1];
        init = rebuild(&init, path, &|payload| boxed(kind, &[payload, &unknown("in a container"), &private()]));
    }
    // The entry is the only one, so its end is that of stsd.
    let stsd: &[&[u8; 4]] = &[b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd"];
    init = rebuild(&init, stsd, &|payload| {
        let entry = boxes(&payload[8..])[0];
        boxed(b"stsd", &[&payload[..8], &boxed(&entry.kind, &[entry.payload, &unknown("in the sample entry")])])
    });
    [init, unknown("at the end"), private()].concat()
}

/// The init segment with its `trak` twice.
pub(super) fn with_two_tracks(init: &[u8]) -> Vec<u8> {
    rebuild(init, &[b"moov"], &|moov| {
        let trak = boxes(moov).into_iter().find(|b| &b.kind == b"trak").expect("a trak");
        boxed(b"moov", &[moov, &moov[trak.start..trak.end()]])
    })
}

/// `data` with the box at the end of `path` replaced by what `change` makes of its payload.
fn rebuild(data: &[u8], path: &[&[u8; 4]], change: &dyn Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let (kind, inner) = path.split_first().expect("a path");
    let mut done = false;
    let parts = boxes(data).into_iter().map(|b| {
        if b.kind != **kind || std::mem::replace(&mut done, true) {
            return data[b.start..b.end()].to_vec();
        }
        assert_ne!(u32_at(data, b.start), 1, "a 32-bit size");
        if inner.is_empty() { change(b.payload) } else { boxed(kind, &[&rebuild(b.payload, inner, change)]) }
    });
    parts.collect::<Vec<_>>().concat()
}
