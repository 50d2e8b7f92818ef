use super::Error;
use crate::{
    bmff::{
        BoxView,
        sidx::{REFERENCE, Sidx},
    },
    title::{Scheme, plan::Entry},
};

/// Appends the `sidx` with the sizes that its references will have once protected. Returns where, in the clear segment, the first
/// referenced byte is, if that is before the fragment of the entry in which the `sidx` stands.
///
/// `current` is that entry. References must end where entries end, which is where a fragment's `mdat` ends.
pub(super) fn rewrite(
    view: &BoxView<'_>,
    entries: &[Entry],
    current: usize,
    scheme: Scheme,
    out: &mut Vec<u8>,
) -> Result<Option<u64>, Error> {
    let offset = view.offset;
    let sidx = Sidx::parse(view)?;
    if entries.is_empty() {
        return Err(Error::SidxPlan { offset });
    }
    let edges = edges(entries, scheme);
    let exact = |clear: u64| {
        let at = edges.binary_search_by_key(&clear, |edge| edge.0).ok()?;
        edges.get(at).map(|edge| edge.1)
    };
    let unaligned = |reference| Error::SidxReference { offset, reference };
    let start = edges.get(current).copied().ok_or_else(|| unaligned(0))?;
    // The sidx stands before its entry's fragment, where protection adds nothing.
    let own_end = start.1 + view.end().checked_sub(start.0).ok_or_else(|| unaligned(0))?;
    let anchor = view.end().checked_add(sidx.first_offset).ok_or_else(|| unaligned(0))?;
    let (mut protected, inside) = match exact(anchor) {
        Some(protected) => (protected, None),
        None if edges.get(current + 1).is_some_and(|end| anchor < end.0) => {
            (start.1 + (anchor - start.0), Some(anchor))
        }
        None => return Err(unaligned(0)),
    };
    let first_offset = protected.checked_sub(own_end).ok_or_else(|| unaligned(0))?;

    let at = out.len();
    out.extend_from_slice(view.bytes);
    let written = out.get_mut(at..).unwrap_or_default();
    let overflow = |field| Error::Overflow { field, offset };
    let wide = view.payload().first().is_some_and(|version| *version > 0);
    let field = sidx.table_at - 4 - if wide { 8 } else { 4 };
    let narrow = u32::try_from(first_offset).map_err(|_| overflow("first_offset"))?;
    if wide {
        patch(written, field + 4, narrow);
    } else {
        patch(written, field, narrow);
    }
    let mut clear = anchor;
    for (index, reference) in sidx.references().enumerate() {
        clear = clear.checked_add(reference.size.into()).ok_or_else(|| unaligned(index))?;
        let end = exact(clear).ok_or_else(|| unaligned(index))?;
        let size = end.checked_sub(protected).ok_or_else(|| unaligned(index))?;
        let size = u32::try_from(size).ok().filter(|size| size >> 31 == 0);
        let size = size.ok_or_else(|| overflow("referenced_size"))?;
        patch(written, sidx.table_at + index * REFERENCE, size | u32::from(reference.to_index) << 31);
        protected = end;
    }
    Ok(inside)
}

/// Where entries begin, and the last one ends: clear and protected, in bytes from the start of the segment.
fn edges(entries: &[Entry], scheme: Scheme) -> Vec<(u64, u64)> {
    let mut at = (0u64, 0u64);
    let ends = entries.iter().map(|entry| {
        at = (at.0 + u64::from(entry.clear), at.1 + u64::from(entry.protected(scheme)));
        at
    });
    core::iter::once((0, 0)).chain(ends).collect()
}

fn patch(bytes: &mut [u8], at: usize, value: u32) {
    if let Some(field) = bytes.get_mut(at..at + 4) {
        field.copy_from_slice(&value.to_be_bytes());
    }
}
