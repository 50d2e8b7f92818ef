//! What protection must leave as it was.

use super::{
    boxes::{Leaf, leaves, u16_at, u32_at},
    track::Track,
};

/// `Err` with what it says, unless it holds.
macro_rules! hold {
    ($holds:expr, $($what:tt)+) => {
        if !$holds {
            return Err(format!($($what)+));
        }
    };
}

/// Boxes are those of the clear segment, in their order and byte for byte, but for sizes and offsets, and what protection brings.
pub(crate) fn unchanged(clear: &[u8], protected: &[u8]) -> Result<(), String> {
    let (clear, protected) = (leaves(clear), leaves(protected));
    let has_tfdt = clear.iter().any(|leaf| leaf.is(b"tfdt"));
    let new: &[&[u8; 4]] = if has_tfdt { &[b"saiz", b"saio", b"senc"] } else { &[b"saiz", b"saio", b"senc", b"tfdt"] };
    let kept: Vec<_> = protected.iter().filter(|leaf| !new.iter().any(|kind| leaf.is(kind))).collect();
    hold!(clear.len() == kept.len(), "{} boxes became {}", clear.len(), kept.len());
    for (clear, protected) in clear.iter().zip(kept) {
        let kind = clear.path.last().ok_or("a box without a type")?;
        let name = kind.escape_ascii();
        hold!(clear.path == protected.path, "{name} at {}: another box is in its place", clear.start);
        let (mut before, mut after) = (clear.bytes.clone(), protected.bytes.clone());
        match kind {
            b"moof" | b"traf" => {
                // The size field, in the form that it has.
                let at = if u32_at(&before, 0) == 1 { 8..16 } else { 0..4 };
                before[at.clone()].fill(0);
                after[at].fill(0);
            }
            b"tfhd" => (before, after) = (header(&before), header(&after)),
            b"trun" => (before, after) = (run(&before), run(&after)),
            b"sidx" => (before, after) = (durations(&before), durations(&after)),
            b"mdat" => {
                hold!(before.len() == after.len(), "mdat at {}: another length", clear.start);
                continue;
            }
            _ => {}
        }
        hold!(before == after, "{name} at {}: other bytes", clear.start);
    }
    Ok(())
}

/// A `tfhd` without what it says of data offsets.
fn header(tfhd: &[u8]) -> Vec<u8> {
    let flags = u32_at(tfhd, 8);
    let fields = if flags & 1 == 0 { &tfhd[16..] } else { &tfhd[24..] };
    [&(flags & !0x02_0001).to_be_bytes()[..], &tfhd[12..16], fields].concat()
}

/// A `trun` without what it says of data offsets.
fn run(trun: &[u8]) -> Vec<u8> {
    let flags = u32_at(trun, 8);
    let fields = if flags & 1 == 0 { &trun[16..] } else { &trun[20..] };
    [&(flags & !1).to_be_bytes()[..], &trun[12..16], fields].concat()
}

/// What a `sidx` says of its references beside their sizes.
fn durations(sidx: &[u8]) -> Vec<u8> {
    let table = if sidx[8] == 0 { 32 } else { 40 };
    sidx[table..].chunks(12).flat_map(|reference| reference[4..].iter().copied()).collect()
}

/// What `senc` leaves in the clear is as it was, and every protected block is not. `iv_size`: bytes of a sample's own IV.
pub(crate) fn clear_ranges(clear: &[&[u8]], iv_size: usize, init: &[u8], protected: &[u8]) -> Result<(), String> {
    // Data offsets of what comes out are always from the start of moof.
    let out = Track::read(init, protected);
    let sencs: Vec<Leaf> = leaves(protected).into_iter().filter(|leaf| leaf.is(b"senc")).collect();
    hold!(sencs.len() == out.fragments.len(), "not a senc in each fragment");
    hold!(out.data().len() == clear.len(), "{} samples became {}", clear.len(), out.data().len());
    let mut number = 0;
    for (fragment, senc) in out.fragments.iter().zip(&sencs) {
        let senc = senc.bytes.as_slice();
        let (flags, mut at) = (u32_at(senc, 8), 16);
        hold!(u32_at(senc, 12) as usize == fragment.samples.len(), "senc is of another number of samples");
        for sample in &fragment.samples {
            at += iv_size;
            let whole = vec![(0, 0, sample.data.len())];
            let ranges = if flags & 2 == 0 { whole } else { ranges(senc, &mut at) };
            compare(clear[number], &sample.data, &ranges).map_err(|what| format!("sample {number}: {what}"))?;
            number += 1;
        }
        hold!(at == senc.len(), "bytes behind the last entry of senc");
    }
    Ok(())
}

/// A sample's subsamples: where each begins, where its protected part does, where it ends.
fn ranges(senc: &[u8], at: &mut usize) -> Vec<(usize, usize, usize)> {
    let (table, mut from) = (*at + 2, 0);
    let count = usize::from(u16_at(senc, *at));
    *at = table + 6 * count;
    let range = |entry: usize| {
        let begin = from;
        let middle = begin + usize::from(u16_at(senc, entry));
        from = middle + u32_at(senc, entry + 2) as usize;
        (begin, middle, from)
    };
    (0..count).map(|number| table + 6 * number).map(range).collect()
}

fn compare(before: &[u8], after: &[u8], ranges: &[(usize, usize, usize)]) -> Result<(), String> {
    let end = ranges.last().map_or(0, |range| range.2);
    hold!(before.len() == after.len() && end == before.len(), "subsamples do not cover it");
    for &(begin, middle, end) in ranges {
        hold!(before[begin..middle] == after[begin..middle], "clear bytes changed");
        let block = middle..middle + 16;
        hold!(block.end > end || before[block.clone()] != after[block], "a protected block is as it was");
    }
    Ok(())
}
