use sluice_packager::{
    bmff::{Error, Fields},
    keys::Kid,
};

use super::{Inside, protection};
use crate::inspect::bmff::tree::BoxNode;

/// A box with an extended type (ISO/IEC 14496-12, 4.2); those of Smooth Streaming ([MS-SSTR], 2.2.4) and PIFF are taken apart.
pub(super) fn uuid(fields: &mut Fields<'_>, node: &mut BoxNode) -> Result<Inside, Error> {
    let kind = Kid(fields.array("extended_type")?).uuid();
    node.fields.push("extended_type", kind.as_str());
    match kind.as_str() {
        "6d1d9b05-42d5-44e6-80e2-141daff757b2" => {
            node.name = Some("tfxd");
            let (version, _) = fields.full(1)?;
            node.fields.push("fragment_absolute_time", fields.versioned(version, "fragment_absolute_time")?);
            node.fields.push("fragment_duration", fields.versioned(version, "fragment_duration")?);
        }
        "d4807ef2-ca39-4695-8e54-26cb9e46a79f" => {
            node.name = Some("tfrf");
            fields.full(1)?;
            node.fields.push("fragment_count", fields.u8("fragment_count")?);
        }
        "a2394f52-5a9b-4f14-a244-6c427c648df4" => {
            node.name = Some("PIFF senc");
            protection::senc(fields, &mut node.fields)?;
        }
        "8974dbce-7be7-4c51-84f9-7148f9882554" => {
            node.name = Some("PIFF tenc");
            fields.full(0)?;
            let [a, b, c]: [u8; 3] = fields.array("default_AlgorithmID")?;
            node.fields.push("default_AlgorithmID", u32::from_be_bytes([0, a, b, c]));
            node.fields.push("default_IV_size", fields.u8("default_IV_size")?);
            node.fields.push("default_KID", Kid(fields.array("default_KID")?).uuid());
        }
        "d08a4f18-10f3-4a82-b6c8-32d8aba183d3" => {
            node.name = Some("PIFF pssh");
            protection::pssh(fields, &mut node.fields)?;
        }
        _ => {}
    }
    Ok(Inside::Nothing)
}
