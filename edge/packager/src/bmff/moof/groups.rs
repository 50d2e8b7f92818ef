use crate::{
    bmff::{BoxView, Error},
    keys::Kid,
};

/// A `seig` entry (ISO/IEC 23001-7, 6): how the samples of a group are protected, in place of what `tenc` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seig {
    /// `crypt_byte_block`: blocks encrypted of each pattern; 0 without one.
    pub crypt: u8,
    /// `skip_byte_block`: blocks left clear of each pattern; 0 without one.
    pub skip: u8,
    /// `isProtected`
    pub protected: bool,
    /// `Per_Sample_IV_Size`: 0, 8 or 16.
    pub iv_size: u8,
    /// `KID`
    pub kid: Kid,
    /// `constant_IV`, where samples have none of their own.
    pub constant_iv: Option<Vec<u8>>,
}

/// `sbgp`'s index of the first description in the fragment's own `sgpd` (ISO/IEC 14496-12, 8.9.4).
const LOCAL: u32 = 0x1_0000;

/// The `grouping_type` of a `sgpd` or `sbgp` box: where it stands is common to both.
pub(super) fn grouping_type(view: &BoxView<'_>) -> Result<[u8; 4], Error> {
    let mut fields = view.fields();
    fields.u32("version and flags")?;
    fields.array("grouping_type")
}

/// The group that all samples of a fragment are in, of its `seig` boxes ([`super::Traf::seig`]); `None` where they are in none.
///
/// # Errors
/// [`Error`], also for groups that differ within the fragment, and for descriptions that stand in the init segment: neither is read here.
pub fn seig_of(boxes: &[BoxView<'_>], samples: usize) -> Result<Option<Seig>, Error> {
    let Some(sbgp) = boxes.iter().find(|view| view.is(b"sbgp")) else { return Ok(None) };
    let mut fields = sbgp.fields();
    let (version, _) = fields.full(1)?;
    fields.array::<4>("grouping_type")?;
    if version == 1 {
        fields.u32("grouping_type_parameter")?;
    }
    let count = fields.u32("entry_count")?;
    let table = fields.table(count, 8)?;
    let mut index = None;
    let mut covered = 0u64;
    for entry in table.as_chunks::<8>().0 {
        let [a, b, c, d, e, f, g, h] = *entry;
        covered += u64::from(u32::from_be_bytes([a, b, c, d]));
        let group = u32::from_be_bytes([e, f, g, h]);
        if index.replace(group).is_some_and(|before| before != group) {
            return Err(sbgp.invalid("puts the samples of one fragment into several groups"));
        }
    }
    let index = match index {
        None | Some(0) => return Ok(None),
        Some(index) => index,
    };
    if covered < samples as u64 {
        return Err(sbgp.invalid("leaves samples of its fragment out of the group"));
    }
    let sgpd = boxes.iter().find(|view| view.is(b"sgpd"));
    match (sgpd, index.checked_sub(LOCAL + 1)) {
        (Some(sgpd), Some(entry)) => Ok(Some(entry_of(sgpd, entry)?)),
        _ => Err(sbgp.invalid("refers to a description that is not in the fragment")),
    }
}

fn entry_of(sgpd: &BoxView<'_>, index: u32) -> Result<Seig, Error> {
    let mut fields = sgpd.fields();
    let (version, _) = fields.full(2)?;
    fields.array::<4>("grouping_type")?;
    let default = if version == 1 { fields.u32("default_length")? } else { 0 };
    if version == 2 {
        fields.u32("default_group_description_index")?;
    }
    if index >= fields.u32("entry_count")? {
        return Err(sgpd.invalid("has no such description"));
    }
    // Those before it, each of at least the fixed fields, so that this ends with the box.
    for _ in 0..index {
        length(&mut fields, version, default)?;
        fields.array::<20>("seig")?;
    }
    length(&mut fields, version, default)?;
    fields.u8("reserved")?;
    let pattern = fields.u8("pattern")?;
    let protected = fields.u8("isProtected")? == 1;
    let iv_size = fields.u8("Per_Sample_IV_Size")?;
    if !matches!(iv_size, 0 | 8 | 16) {
        return Err(sgpd.invalid("Per_Sample_IV_Size is not 0, 8 or 16"));
    }
    let kid = Kid(fields.array("KID")?);
    let mut constant_iv = None;
    if protected && iv_size == 0 {
        let len = fields.u8("constant_IV_size")?;
        constant_iv = Some(fields.take(len.into(), "constant_IV")?.to_vec());
    }
    Ok(Seig { crypt: pattern >> 4, skip: pattern & 0xf, protected, iv_size, kid, constant_iv })
}

/// The length of a description, where it stands before it (version 1 without a default length).
fn length(fields: &mut crate::bmff::Fields<'_>, version: u8, default: u32) -> Result<(), Error> {
    if version == 1 && default == 0 {
        fields.u32("description_length")?;
    }
    Ok(())
}
