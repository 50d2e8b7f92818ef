//! Comparisons that say where the first difference is.

use crate::boxes::{self, Fragment, find, sample_entry, u16_at, u32_at};

/// All samples of a track.
pub(crate) fn samples(fragments: &[Fragment]) -> Vec<&[u8]> {
    fragments.iter().flat_map(|fragment| &fragment.samples).map(Vec::as_slice).collect()
}

/// Both tracks have the same samples; where fragments begin may differ.
pub(crate) fn assert_same_samples(ours: &[Fragment], theirs: &[Fragment], what: &str) {
    let (ours, theirs) = (samples(ours), samples(theirs));
    assert!(ours.len() >= 50, "{what}: only {} samples", ours.len());
    assert_eq!(ours.len(), theirs.len(), "{what}: number of samples");
    for (n, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
        assert_eq!(ours.len(), theirs.len(), "{what}: size of sample {n}");
        if let Some(byte) = ours.iter().zip(*theirs).position(|(a, b)| a != b) {
            let different = ours.iter().zip(*theirs).filter(|(a, b)| a != b).count();
            panic!("{what}: sample {n} of {} bytes differs in {different}, first at {byte}", ours.len());
        }
    }
}

/// Both tracks say the same of their protection: `frma`, `schm`, `tenc`, and per sample what `senc` lists.
pub(crate) fn assert_same_protection(ours: &[u8], theirs: &[u8], what: &str) {
    let ((our_kind, our_entry), (their_kind, their_entry)) = (sample_entry(ours), sample_entry(theirs));
    assert_eq!(our_kind.escape_ascii().to_string(), their_kind.escape_ascii().to_string(), "{what}: sample entry");
    for path in [&[b"sinf", b"frma"][..], &[b"sinf", b"schm"], &[b"sinf", b"schi", b"tenc"]] {
        let of =
            |entry| find(entry, path).unwrap_or_else(|| panic!("{what}: no {}", path[path.len() - 1].escape_ascii()));
        assert_eq!(of(our_entry), of(their_entry), "{what}: {}", path[path.len() - 1].escape_ascii());
    }
    let tenc = find(our_entry, &[b"sinf", b"schi", b"tenc"]).expect("compared above");
    // Version and flags 4, reserved 1, pattern 1, default_isProtected 1, default_Per_Sample_IV_Size.
    let iv_size = usize::from(tenc[7]);
    let (ours, theirs) = (auxiliary(ours, iv_size, what), auxiliary(theirs, iv_size, what));
    assert_eq!(ours.len(), theirs.len(), "{what}: entries in senc");
    for (n, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
        assert_eq!(ours, theirs, "{what}: senc, (version and flags, entry) of sample {n}");
    }
}

/// What `senc` says of each sample: version and flags, and the bytes of the entry. Read to the last byte.
pub(crate) fn auxiliary(track: &[u8], iv_size: usize, what: &str) -> Vec<(u32, Vec<u8>)> {
    let mut all = Vec::new();
    for (n, fragment) in boxes::fragments(track).iter().enumerate() {
        let senc = fragment.senc.as_deref().unwrap_or_else(|| panic!("{what}: fragment {n} has no senc"));
        let (flags, count) = (u32_at(senc, 0), u32_at(senc, 4) as usize);
        assert_eq!(count, fragment.samples.len(), "{what}: sample_count of senc {n}");
        let mut at = 8;
        for sample in &fragment.samples {
            let start = at;
            at += iv_size;
            if flags & 0x2 != 0 {
                let subsamples = (0..u16_at(senc, at)).map(|i| at + 2 + usize::from(i) * 6);
                let covered: u64 =
                    subsamples.map(|at| u64::from(u16_at(senc, at)) + u64::from(u32_at(senc, at + 2))).sum();
                assert_eq!(covered, sample.len() as u64, "{what}: subsamples of fragment {n} cover their sample");
                at += 2 + usize::from(u16_at(senc, at)) * 6;
            }
            all.push((flags, senc[start..at].to_vec()));
        }
        assert_eq!(at, senc.len(), "{what}: bytes after the last entry of senc {n}");
    }
    all
}

/// `saio` points at the first entry of `senc` and `saiz` lists sizes that add up to all of them (or there is neither, and
/// `senc` has no bytes to point at).
pub(crate) fn assert_auxiliary_offsets(segment: &[u8], what: &str) {
    for (n, fragment) in boxes::fragments(segment).iter().enumerate() {
        let senc = fragment.senc.as_deref().unwrap_or_else(|| panic!("{what}: fragment {n} has no senc"));
        let (Some(saiz), Some(saio)) = (&fragment.saiz, &fragment.saio) else {
            assert!(
                fragment.saiz.is_none() && fragment.saio.is_none(),
                "{what}: fragment {n} has one of saiz and saio"
            );
            assert_eq!(senc.len(), 8, "{what}: fragment {n} has auxiliary data, but neither saiz nor saio");
            continue;
        };
        // No aux_info_type in either; saio version 0 with one offset.
        assert_eq!(
            (u32_at(saio, 0), u32_at(saio, 4)),
            (0, 1),
            "{what}: saio of fragment {n}: version, flags and count"
        );
        assert_eq!(u32_at(saio, 8) as usize, fragment.senc_at + 8, "{what}: saio of fragment {n}");
        assert_eq!(u32_at(saiz, 0), 0, "{what}: saiz of fragment {n}: version and flags");
        let count = u32_at(saiz, 5) as usize;
        assert_eq!(count, fragment.samples.len(), "{what}: saiz of fragment {n}: sample_count");
        let listed = match saiz[4] {
            0 => saiz[9..].iter().map(|size| usize::from(*size)).sum(),
            size => usize::from(size) * count,
        };
        assert_eq!(listed, senc.len() - 8, "{what}: saiz of fragment {n}: sum of sizes");
    }
}

/// Every `sidx` counts the bytes that follow it: with one reference per fragment, or one for all.
pub(crate) fn assert_index_matches(segment: &[u8], what: &str) {
    let top = boxes::boxes(segment);
    for (n, sidx) in top.iter().enumerate().filter(|(_, b)| &b.kind == b"sidx") {
        let p = sidx.payload;
        // Version 0 has times of four bytes, version 1 of eight; then reserved, reference_count, references of twelve.
        let (first_offset, references) = if p[0] == 0 { (u32_at(p, 16), 20) } else { (u32_at(p, 24), 28) };
        let count = usize::from(u16_at(p, references + 2));
        let sizes = (0..count).map(|i| u32_at(p, references + 4 + 12 * i) as usize);
        let mut at = sidx.end() + first_offset as usize;
        for size in sizes {
            assert!(top.iter().any(|b| b.start == at), "{what}: sidx refers to {at}, where no box starts");
            at += size;
        }
        let next = top[n + 1..].iter().find(|b| &b.kind == b"sidx").map_or(segment.len(), |b| b.start);
        assert_eq!(at, next, "{what}: where the references of a sidx end");
    }
}
