//! What `moof` says of its samples (ISO/IEC 14496-12, 8.6.4, 8.7.7 and 8.8).

use sluice_packager::bmff::{Error, Fields, FourCc};

use super::{MOST_ROWS, flags};
use crate::inspect::facts::{Facts, Value};

pub(super) fn mfhd(fields: &mut Fields<'_>, facts: &mut Facts) -> Result<(), Error> {
    fields.full(0)?;
    facts.push("sequence_number", fields.u32("sequence_number")?);
    Ok(())
}

pub(super) fn tfhd(fields: &mut Fields<'_>, facts: &mut Facts) -> Result<(), Error> {
    let (_, bits) = fields.full(0)?;
    facts.push("flags", flags(bits));
    facts.push("track_ID", fields.u32("track_ID")?);
    if bits & 0x1 != 0 {
        facts.push("base_data_offset", fields.u64("base_data_offset")?);
    }
    for (bit, name) in
        [(0x2, "sample_description_index"), (0x8, "default_sample_duration"), (0x10, "default_sample_size")]
    {
        if bits & bit != 0 {
            facts.push(name, fields.u32(name)?);
        }
    }
    if bits & 0x20 != 0 {
        facts.push("default_sample_flags", format!("0x{:08x}", fields.u32("default_sample_flags")?));
    }
    Ok(())
}

pub(super) fn tfdt(fields: &mut Fields<'_>, facts: &mut Facts) -> Result<(), Error> {
    let (version, _) = fields.full(1)?;
    facts.push("version", version);
    facts.push("baseMediaDecodeTime", fields.versioned(version, "baseMediaDecodeTime")?);
    Ok(())
}

/// Its table is what `--samples` lists.
pub(super) fn trun(fields: &mut Fields<'_>, facts: &mut Facts) -> Result<(), Error> {
    let (version, bits) = fields.full(1)?;
    facts.push("version", version);
    facts.push("flags", flags(bits));
    let count = fields.u32("sample_count")?;
    facts.push("sample_count", count);
    if bits & 0x1 != 0 {
        facts.push("data_offset", fields.u32("data_offset")?.cast_signed());
    }
    if bits & 0x4 != 0 {
        facts.push("first_sample_flags", format!("0x{:08x}", fields.u32("first_sample_flags")?));
    }
    fields.table(count, (bits & 0xf00).count_ones() as usize * 4)?;
    Ok(())
}

/// A byte per sample: `is_leading`, `sample_depends_on`, `sample_is_depended_on`, `sample_has_redundancy`, two bits each.
pub(super) fn sdtp(fields: &mut Fields<'_>, facts: &mut Facts) -> Result<(), Error> {
    fields.full(0)?;
    let of = |shift: u8, value: u8| fields.rest().iter().filter(|byte| *byte >> shift & 3 == value).count() as u64;
    facts.push("samples", fields.rest().len() as u64);
    facts.push("independent", of(4, 2));
    facts.push("disposable", of(2, 2));
    Ok(())
}

pub(super) fn subs(fields: &mut Fields<'_>, facts: &mut Facts) -> Result<(), Error> {
    let (version, bits) = fields.full(1)?;
    facts.push("flags", flags(bits));
    let count = fields.u32("entry_count")?;
    facts.push("entry_count", count);
    let mut entries = Vec::new();
    for _ in 0..count {
        let delta = fields.u32("sample_delta")?;
        let subsamples = fields.u16("subsample_count")?;
        let table = fields.table(subsamples.into(), if version == 0 { 8 } else { 10 })?;
        let mut rows = Fields::new(FourCc(*b"subs"), fields.offset(), table);
        let mut sizes = Vec::new();
        for _ in 0..subsamples {
            sizes.push(if version == 0 { rows.u16("subsample_size")?.into() } else { rows.u32("subsample_size")? });
            rows.array::<6>("subsample_priority")?;
        }
        if entries.len() < MOST_ROWS {
            entries.push(
                Facts::default()
                    .with("sample_delta", delta)
                    .with("subsample_size", sizes.into_iter().collect::<Value>()),
            );
        }
    }
    facts.push("entries", entries.into_iter().collect::<Value>());
    Ok(())
}
