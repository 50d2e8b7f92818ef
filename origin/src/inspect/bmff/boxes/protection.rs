//! Common Encryption (ISO/IEC 23001-7) and auxiliary information (ISO/IEC 14496-12, 8.7.8 and 8.7.9).

use sluice_packager::{
    bmff::{Error, Fields, FourCc},
    keys::Kid,
};

use super::{MOST_ROWS, flags, four};
use crate::inspect::{
    facts::{Facts, Value},
    text::hex,
};

pub(super) fn frma(fields: &mut Fields<'_>, facts: &mut Facts) -> Result<(), Error> {
    facts.push("data_format", four(fields, "data_format")?);
    Ok(())
}

pub(super) fn schm(fields: &mut Fields<'_>, facts: &mut Facts) -> Result<(), Error> {
    fields.full(0)?;
    facts.push("scheme_type", four(fields, "scheme_type")?);
    facts.push("scheme_version", format!("0x{:08x}", fields.u32("scheme_version")?));
    Ok(())
}

pub(super) fn tenc(fields: &mut Fields<'_>, facts: &mut Facts) -> Result<(), Error> {
    let (version, _) = fields.full(1)?;
    facts.push("version", version);
    fields.u8("reserved")?;
    let pattern = fields.u8("default_crypt_byte_block")?;
    if version > 0 {
        facts.push("default_crypt_byte_block", pattern >> 4);
        facts.push("default_skip_byte_block", pattern & 0xf);
    }
    let protected = fields.u8("default_isProtected")?;
    let iv_size = fields.u8("default_Per_Sample_IV_Size")?;
    facts.push("default_isProtected", protected);
    facts.push("default_Per_Sample_IV_Size", iv_size);
    facts.push("default_KID", Kid(fields.array("default_KID")?).uuid());
    if protected == 1 && iv_size == 0 {
        let len = fields.u8("default_constant_IV_size")?;
        facts.push("default_constant_IV", hex(fields.take(len.into(), "default_constant_IV")?));
    }
    Ok(())
}

/// Its data is decoded beside.
pub(super) fn pssh(fields: &mut Fields<'_>, facts: &mut Facts) -> Result<(), Error> {
    let (version, _) = fields.full(1)?;
    facts.push("version", version);
    facts.push("SystemID", Kid(fields.array("SystemID")?).uuid());
    Ok(())
}

pub(super) fn senc(fields: &mut Fields<'_>, facts: &mut Facts) -> Result<(), Error> {
    let (version, bits) = fields.full(0)?;
    facts.push("version", version);
    facts.push("flags", flags(bits));
    facts.push("sample_count", fields.u32("sample_count")?);
    Ok(())
}

pub(super) fn saiz(fields: &mut Fields<'_>, facts: &mut Facts) -> Result<(), Error> {
    auxiliary_type(fields, facts, 0)?;
    let default = fields.u8("default_sample_info_size")?;
    let count = fields.u32("sample_count")?;
    facts.push("default_sample_info_size", default);
    facts.push("sample_count", count);
    if default == 0 {
        let sizes = fields.table(count, 1)?;
        facts.push("sample_info_size", sizes.iter().take(MOST_ROWS).copied().collect::<Value>());
    }
    Ok(())
}

pub(super) fn saio(fields: &mut Fields<'_>, facts: &mut Facts) -> Result<(), Error> {
    let version = auxiliary_type(fields, facts, 1)?;
    let count = fields.u32("entry_count")?;
    let table = fields.table(count, if version == 0 { 4 } else { 8 })?;
    let mut rows = Fields::new(FourCc(*b"saio"), fields.offset(), table);
    let offsets: Result<Value, Error> = (0..count).take(MOST_ROWS).map(|_| rows.versioned(version, "offset")).collect();
    facts.push("offset", offsets?);
    Ok(())
}

fn auxiliary_type(fields: &mut Fields<'_>, facts: &mut Facts, newest: u8) -> Result<u8, Error> {
    let (version, bits) = fields.full(newest)?;
    if bits & 1 != 0 {
        facts.push("aux_info_type", four(fields, "aux_info_type")?);
        facts.push("aux_info_type_parameter", fields.u32("aux_info_type_parameter")?);
    }
    Ok(version)
}
