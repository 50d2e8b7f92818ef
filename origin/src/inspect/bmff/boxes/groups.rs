//! Sample groups (ISO/IEC 14496-12, 8.9), and the one of Common Encryption, `seig` (ISO/IEC 23001-7, 6).

use sluice_packager::{
    bmff::{BoxView, Error, Fields, FourCc},
    keys::Kid,
};

use super::{MOST_ROWS, four};
use crate::inspect::{
    facts::{Facts, Value},
    text::hex,
};

/// `CencSampleEncryptionInformationGroupEntry`: how the samples of a group are protected, in place of `tenc`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::inspect) struct Seig {
    pub(in crate::inspect) crypt: u8,
    pub(in crate::inspect) skip: u8,
    pub(in crate::inspect) protected: bool,
    pub(in crate::inspect) iv_size: u8,
    pub(in crate::inspect) kid: Kid,
    pub(in crate::inspect) constant_iv: Option<Vec<u8>>,
}

impl Seig {
    fn parse(fields: &mut Fields<'_>) -> Result<Self, Error> {
        fields.u8("reserved")?;
        let pattern = fields.u8("crypt_byte_block")?;
        let protected = fields.u8("isProtected")? == 1;
        let iv_size = fields.u8("Per_Sample_IV_Size")?;
        let kid = Kid(fields.array("KID")?);
        let mut constant_iv = None;
        if protected && iv_size == 0 {
            let len = fields.u8("constant_IV_size")?;
            constant_iv = Some(fields.take(len.into(), "constant_IV")?.to_vec());
        }
        Ok(Self { crypt: pattern >> 4, skip: pattern & 0xf, protected, iv_size, kid, constant_iv })
    }

    fn facts(&self) -> Facts {
        let mut facts = Facts::default()
            .with("isProtected", u8::from(self.protected))
            .with("Per_Sample_IV_Size", self.iv_size)
            .with("crypt_byte_block", self.crypt)
            .with("skip_byte_block", self.skip)
            .with("KID", self.kid.uuid());
        if let Some(iv) = &self.constant_iv {
            facts.push("constant_IV", hex(iv));
        }
        facts
    }
}

/// Calls `each` with the grouping type and the bytes of every description of a `sgpd`, at most [`MOST_ROWS`].
fn descriptions(
    fields: &mut Fields<'_>,
    facts: &mut Facts,
    mut each: impl FnMut([u8; 4], &mut Fields<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    let (version, _) = fields.full(2)?;
    let kind: [u8; 4] = fields.array("grouping_type")?;
    facts.push("grouping_type", FourCc(kind).to_string());
    let default = if version == 1 { fields.u32("default_length")? } else { 0 };
    if version >= 2 {
        facts.push("default_sample_description_index", fields.u32("default_sample_description_index")?);
    }
    let count = fields.u32("entry_count")?;
    facts.push("entry_count", count);
    for _ in 0..count.min(MOST_ROWS as u32) {
        let len = match (version, default) {
            (1, 0) => fields.u32("description_length")?,
            (1, len) => len,
            // Versions 0 and 2 do not tell where an entry ends; only that of one is known.
            _ if count == 1 => u32::try_from(fields.rest().len()).unwrap_or(u32::MAX),
            _ => return Ok(()),
        };
        let bytes = fields.take(usize::try_from(len).unwrap_or(usize::MAX), "description")?;
        each(kind, &mut Fields::new(FourCc(*b"sgpd"), fields.offset(), bytes))?;
    }
    Ok(())
}

pub(super) fn sgpd(fields: &mut Fields<'_>, facts: &mut Facts) -> Result<(), Error> {
    let mut entries = Vec::new();
    descriptions(fields, facts, |kind, entry| {
        entries.push(match &kind {
            b"seig" => Seig::parse(entry)?.facts(),
            b"roll" | b"prol" => Facts::default().with("roll_distance", entry.u16("roll_distance")?.cast_signed()),
            _ => Facts::default().with("description_length", entry.rest().len() as u64),
        });
        Ok(())
    })?;
    facts.push("entries", entries.into_iter().collect::<Value>());
    Ok(())
}

pub(super) fn sbgp(fields: &mut Fields<'_>, facts: &mut Facts) -> Result<(), Error> {
    let (version, _) = fields.full(1)?;
    facts.push("grouping_type", four(fields, "grouping_type")?);
    if version == 1 {
        facts.push("grouping_type_parameter", fields.u32("grouping_type_parameter")?);
    }
    let count = fields.u32("entry_count")?;
    let runs = fields.table(count, 8)?.as_chunks::<8>().0.iter().take(MOST_ROWS).map(|[a, b, c, d, e, f, g, h]| {
        Facts::default()
            .with("sample_count", u32::from_be_bytes([*a, *b, *c, *d]))
            .with("group_description_index", u32::from_be_bytes([*e, *f, *g, *h]))
    });
    facts.push("entry_count", count);
    facts.push("runs", runs.collect::<Value>());
    Ok(())
}

/// The `seig` descriptions of a `sgpd`, none where it is of another group.
pub(in crate::inspect::bmff) fn seig_entries(sgpd: &BoxView<'_>) -> Result<Vec<Seig>, Error> {
    let mut out = Vec::new();
    descriptions(&mut sgpd.fields(), &mut Facts::default(), |kind, entry| {
        if &kind == b"seig" {
            out.push(Seig::parse(entry)?);
        }
        Ok(())
    })?;
    Ok(out)
}
