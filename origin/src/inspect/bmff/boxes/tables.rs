//! The sample tables of a track that is not fragmented (ISO/IEC 14496-12, 8.6 and 8.7): how many entries they have.

use sluice_packager::bmff::{Error, Fields};

use crate::inspect::facts::Facts;

fn entries(fields: &mut Fields<'_>, facts: &mut Facts, size: usize) -> Result<(), Error> {
    fields.full(1)?;
    let count = fields.u32("entry_count")?;
    facts.push("entry_count", count);
    fields.table(count, size)?;
    Ok(())
}

pub(super) fn stts(fields: &mut Fields<'_>, facts: &mut Facts) -> Result<(), Error> {
    entries(fields, facts, 8)
}

pub(super) fn ctts(fields: &mut Fields<'_>, facts: &mut Facts) -> Result<(), Error> {
    entries(fields, facts, 8)
}

pub(super) fn stsc(fields: &mut Fields<'_>, facts: &mut Facts) -> Result<(), Error> {
    entries(fields, facts, 12)
}

/// `stss`, `stco`, `co64`: entries of at least four bytes.
pub(super) fn counted(fields: &mut Fields<'_>, facts: &mut Facts) -> Result<(), Error> {
    entries(fields, facts, 4)
}

pub(super) fn stsz(fields: &mut Fields<'_>, facts: &mut Facts) -> Result<(), Error> {
    fields.full(0)?;
    let size = fields.u32("sample_size")?;
    let count = fields.u32("sample_count")?;
    facts.push("sample_size", size);
    facts.push("sample_count", count);
    if size == 0 {
        fields.table(count, 4)?;
    }
    Ok(())
}
