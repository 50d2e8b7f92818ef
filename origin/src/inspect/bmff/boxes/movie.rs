//! What `moov` says of the movie and its tracks (ISO/IEC 14496-12, 4.3 and 8.2 to 8.8).

use sluice_packager::bmff::{Error, Fields, FourCc};

use super::{Inside, MOST_ROWS, flags, four, string};
use crate::inspect::facts::{Facts, Value};

/// A `meta` box is a full box in ISO files and a plain one in QuickTime's.
pub(super) fn meta(fields: &mut Fields<'_>) -> Result<Inside, Error> {
    if fields.rest().get(4..8) != Some(b"hdlr") {
        fields.full(0)?;
    }
    Ok(Inside::Boxes)
}

pub(super) fn ftyp(fields: &mut Fields<'_>, facts: &mut Facts) -> Result<(), Error> {
    facts.push("major_brand", four(fields, "major_brand")?);
    facts.push("minor_version", fields.u32("minor_version")?);
    let brands = fields.rest().as_chunks::<4>().0.iter().take(MOST_ROWS);
    facts.push("compatible_brands", brands.map(|brand| FourCc(*brand).to_string()).collect::<Value>());
    Ok(())
}

pub(super) fn mvhd(fields: &mut Fields<'_>, facts: &mut Facts) -> Result<(), Error> {
    let (version, _) = fields.full(1)?;
    fields.versioned(version, "creation_time")?;
    fields.versioned(version, "modification_time")?;
    facts.push("timescale", fields.u32("timescale")?);
    facts.push("duration", fields.versioned(version, "duration")?);
    fields.array::<76>("rate")?;
    facts.push("next_track_ID", fields.u32("next_track_ID")?);
    Ok(())
}

pub(super) fn tkhd(fields: &mut Fields<'_>, facts: &mut Facts) -> Result<(), Error> {
    let (version, bits) = fields.full(1)?;
    facts.push("flags", flags(bits));
    fields.versioned(version, "creation_time")?;
    fields.versioned(version, "modification_time")?;
    facts.push("track_ID", fields.u32("track_ID")?);
    fields.u32("reserved")?;
    facts.push("duration", fields.versioned(version, "duration")?);
    fields.array::<8>("reserved")?;
    fields.u16("layer")?;
    facts.push("alternate_group", fields.u16("alternate_group")?);
    fields.array::<40>("volume")?;
    // 16.16 fixed point.
    facts.push("width", f64::from(fields.u32("width")?) / 65536.0);
    facts.push("height", f64::from(fields.u32("height")?) / 65536.0);
    Ok(())
}

pub(super) fn mdhd(fields: &mut Fields<'_>, facts: &mut Facts) -> Result<(), Error> {
    let (version, _) = fields.full(1)?;
    fields.versioned(version, "creation_time")?;
    fields.versioned(version, "modification_time")?;
    facts.push("timescale", fields.u32("timescale")?);
    facts.push("duration", fields.versioned(version, "duration")?);
    let code = fields.u16("language")?;
    // Three letters of ISO 639-2/T, five bits each, from 0x60.
    let letter = |shift: u16| char::from(((code >> shift & 0x1f) as u8).saturating_add(0x60));
    facts.push("language", [letter(10), letter(5), letter(0)].iter().collect::<String>());
    Ok(())
}

pub(super) fn hdlr(fields: &mut Fields<'_>, facts: &mut Facts) -> Result<(), Error> {
    fields.full(0)?;
    fields.u32("pre_defined")?;
    facts.push("handler_type", four(fields, "handler_type")?);
    fields.array::<12>("reserved")?;
    facts.push("name", string(fields)?);
    Ok(())
}

pub(super) fn elst(fields: &mut Fields<'_>, facts: &mut Facts) -> Result<(), Error> {
    let (version, _) = fields.full(1)?;
    let count = fields.u32("entry_count")?;
    let table = fields.table(count, if version == 0 { 12 } else { 20 })?;
    let mut rows = Fields::new(FourCc(*b"elst"), 0, table);
    let mut edits = Vec::new();
    for _ in 0..count.min(MOST_ROWS as u32) {
        let duration = rows.versioned(version, "segment_duration")?;
        // Signed: -1 is an empty edit.
        let time = match version {
            0 => i64::from(rows.u32("media_time")?.cast_signed()),
            _ => rows.u64("media_time")?.cast_signed(),
        };
        let rate = f64::from(rows.u32("media_rate")?.cast_signed()) / 65536.0;
        edits.push(
            Facts::default().with("segment_duration", duration).with("media_time", time).with("media_rate", rate),
        );
    }
    facts.push("entry_count", count);
    facts.push("edits", edits.into_iter().collect::<Value>());
    Ok(())
}

pub(super) fn mehd(fields: &mut Fields<'_>, facts: &mut Facts) -> Result<(), Error> {
    let (version, _) = fields.full(1)?;
    facts.push("fragment_duration", fields.versioned(version, "fragment_duration")?);
    Ok(())
}

pub(super) fn trex(fields: &mut Fields<'_>, facts: &mut Facts) -> Result<(), Error> {
    fields.full(0)?;
    for name in ["track_ID", "default_sample_description_index", "default_sample_duration", "default_sample_size"] {
        facts.push(name, fields.u32(name)?);
    }
    facts.push("default_sample_flags", format!("0x{:08x}", fields.u32("default_sample_flags")?));
    Ok(())
}
