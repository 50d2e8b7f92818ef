use sluice_packager::bmff::{Error, Fields, FourCc};

use super::Inside;
use crate::inspect::facts::Facts;

/// A sample entry (ISO/IEC 14496-12, 8.5.2 and 12): its family is known by the track's handler, whatever its type.
pub(super) fn entry(handler: Option<FourCc>, fields: &mut Fields<'_>, facts: &mut Facts) -> Result<Inside, Error> {
    fields.array::<6>("reserved")?;
    facts.push("data_reference_index", fields.u16("data_reference_index")?);
    match handler.as_ref().map(|handler| &handler.0) {
        Some(b"vide" | b"auxv" | b"pict") => {
            fields.array::<16>("pre_defined")?;
            facts.push("width", fields.u16("width")?);
            facts.push("height", fields.u16("height")?);
            fields.array::<50>("compressorname")?;
        }
        Some(b"soun") => {
            let version = fields.u16("entry_version")?;
            fields.array::<6>("reserved")?;
            facts.push("channelcount", fields.u16("channelcount")?);
            facts.push("samplesize", fields.u16("samplesize")?);
            fields.u32("pre_defined")?;
            facts.push("samplerate", fields.u32("samplerate")? >> 16);
            // QuickTime's sound descriptions of versions 1 and 2 have more fields here.
            match version {
                1 => drop(fields.array::<16>("samplesPerPacket")?),
                2 => drop(fields.array::<36>("sizeOfStructOnly")?),
                _ => {}
            }
        }
        // XMLSubtitleSampleEntry (12.6.3): three strings, which may be missing their last zero byte.
        Some(b"subt") => {
            facts.push("namespace", super::string(fields)?);
            facts.push("schema_location", super::string(fields)?);
            facts.push("auxiliary_mime_types", super::string(fields)?);
        }
        // WebVTT in `wvtt` begins with boxes at once (ISO/IEC 14496-30, 7.5).
        Some(b"text") if fields.rest().get(4..8) == Some(b"vttC") => {}
        _ => return Ok(Inside::Nothing),
    }
    Ok(Inside::Boxes)
}
