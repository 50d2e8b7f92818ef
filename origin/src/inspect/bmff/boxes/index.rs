//! Indexes and what stands between fragments (ISO/IEC 14496-12, 8.8.9 to 8.8.11 and 8.16; ISO/IEC 23009-1, 5.10.3.3).

use sluice_packager::bmff::{Error, Fields, FourCc};

use super::{MOST_ROWS, string};
use crate::inspect::facts::{Facts, Value};

pub(super) fn sidx(fields: &mut Fields<'_>, facts: &mut Facts) -> Result<(), Error> {
    let (version, _) = fields.full(1)?;
    facts.push("version", version);
    facts.push("reference_ID", fields.u32("reference_ID")?);
    facts.push("timescale", fields.u32("timescale")?);
    facts.push("earliest_presentation_time", fields.versioned(version, "earliest_presentation_time")?);
    facts.push("first_offset", fields.versioned(version, "first_offset")?);
    fields.u16("reserved")?;
    let count = fields.u16("reference_count")?;
    let references = fields.table(count.into(), 12)?.as_chunks::<12>().0.iter().map(|entry| {
        let [a, b, c, d, e, f, g, h, i, ..] = *entry;
        let word = u32::from_be_bytes([a, b, c, d]);
        Facts::default()
            .with("reference_type", word >> 31)
            .with("referenced_size", word & 0x7fff_ffff)
            .with("subsegment_duration", u32::from_be_bytes([e, f, g, h]))
            .with("starts_with_SAP", i >> 7)
            .with("SAP_type", i >> 4 & 7)
    });
    facts.push("reference_count", count);
    facts.push("references", references.collect::<Value>());
    Ok(())
}

/// An event message. Its `message_data` is counted, not shown.
pub(super) fn emsg(fields: &mut Fields<'_>, facts: &mut Facts) -> Result<(), Error> {
    let (version, _) = fields.full(1)?;
    facts.push("version", version);
    if version == 0 {
        facts.push("scheme_id_uri", string(fields)?);
        facts.push("value", string(fields)?);
    }
    facts.push("timescale", fields.u32("timescale")?);
    match version {
        0 => facts.push("presentation_time_delta", fields.u32("presentation_time_delta")?),
        _ => facts.push("presentation_time", fields.u64("presentation_time")?),
    }
    facts.push("event_duration", fields.u32("event_duration")?);
    facts.push("id", fields.u32("id")?);
    if version > 0 {
        facts.push("scheme_id_uri", string(fields)?);
        facts.push("value", string(fields)?);
    }
    facts.push("message_data_size", fields.rest().len() as u64);
    Ok(())
}

pub(super) fn prft(fields: &mut Fields<'_>, facts: &mut Facts) -> Result<(), Error> {
    let (version, _) = fields.full(1)?;
    facts.push("reference_track_ID", fields.u32("reference_track_ID")?);
    facts.push("ntp_timestamp", format!("0x{:016x}", fields.u64("ntp_timestamp")?));
    facts.push("media_time", fields.versioned(version, "media_time")?);
    Ok(())
}

pub(super) fn tfra(fields: &mut Fields<'_>, facts: &mut Facts) -> Result<(), Error> {
    let (version, _) = fields.full(1)?;
    facts.push("track_ID", fields.u32("track_ID")?);
    let lengths = fields.u32("length_size_of_traf_num")?;
    let count = fields.u32("number_of_entry")?;
    // Two bits each: the bytes, less one, of traf, trun and sample numbers.
    let numbers = (0..3).map(|place| (lengths >> (2 * place) & 3) as usize + 1).sum::<usize>();
    let times = if version == 0 { 8 } else { 16 };
    let table = fields.table(count, times + numbers)?;
    let mut rows = Fields::new(FourCc(*b"tfra"), fields.offset(), table);
    let mut entries = Vec::new();
    for _ in 0..count.min(MOST_ROWS as u32) {
        let time = rows.versioned(version, "time")?;
        let offset = rows.versioned(version, "moof_offset")?;
        rows.take(numbers, "traf_number")?;
        entries.push(Facts::default().with("time", time).with("moof_offset", offset));
    }
    facts.push("number_of_entry", count);
    facts.push("entries", entries.into_iter().collect::<Value>());
    Ok(())
}

pub(super) fn mfro(fields: &mut Fields<'_>, facts: &mut Facts) -> Result<(), Error> {
    fields.full(0)?;
    facts.push("size", fields.u32("size")?);
    Ok(())
}
