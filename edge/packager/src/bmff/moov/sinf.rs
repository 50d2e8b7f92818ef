use super::SampleEntry;
use crate::{
    bmff::{BoxView, Error, FourCc},
    keys::Kid,
};

/// `sinf`: how a protected sample entry was protected (ISO/IEC 14496-12, 8.12).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sinf {
    /// `frma`: the sample entry's type before protection.
    pub original: FourCc,
    /// `schm`: `cenc`, `cbcs`, ….
    pub scheme: FourCc,
    /// `schi`'s `tenc`.
    pub tenc: Tenc,
}

/// `tenc`: the track's encryption defaults (ISO/IEC 23001-7, 8.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenc {
    /// 0, or 1 with a pattern.
    pub version: u8,
    /// `default_crypt_byte_block`: blocks encrypted of each pattern; 0 without one.
    pub crypt: u8,
    /// `default_skip_byte_block`: blocks left clear of each pattern; 0 without one.
    pub skip: u8,
    /// `default_isProtected`
    pub protected: bool,
    /// `default_Per_Sample_IV_Size`: 0, 8 or 16.
    pub iv_size: u8,
    /// `default_KID`
    pub kid: Kid,
    /// `default_constant_IV`, 8 or 16 bytes, where samples have none of their own.
    pub constant_iv: Option<Vec<u8>>,
}

impl Sinf {
    /// Reads the `sinf` of a protected sample entry.
    ///
    /// # Errors
    /// [`Error`]
    pub fn of(entry: &SampleEntry<'_>) -> Result<Self, Error> {
        let sinf = entry.child(b"sinf")?;
        let original = sinf.child(b"frma")?.fields().array("data_format").map(FourCc)?;
        let mut schm = sinf.child(b"schm")?.fields();
        schm.full(0)?;
        let scheme = schm.array("scheme_type").map(FourCc)?;
        Ok(Self { original, scheme, tenc: Tenc::parse(&sinf.child(b"schi")?.child(b"tenc")?)? })
    }
}

impl Tenc {
    /// Reads a `tenc` box.
    ///
    /// # Errors
    /// [`Error`]
    pub fn parse(view: &BoxView<'_>) -> Result<Self, Error> {
        let mut fields = view.fields();
        let (version, _) = fields.full(1)?;
        fields.u8("reserved")?;
        let pattern = if version == 0 { fields.u8("reserved").map(|_| 0)? } else { fields.u8("pattern")? };
        let protected = match fields.u8("default_isProtected")? {
            0 => false,
            1 => true,
            _ => return Err(view.invalid("default_isProtected is neither 0 nor 1")),
        };
        let iv_size = fields.u8("default_Per_Sample_IV_Size")?;
        if !matches!(iv_size, 0 | 8 | 16) {
            return Err(view.invalid("default_Per_Sample_IV_Size is not 0, 8 or 16"));
        }
        let kid = Kid(fields.array("default_KID")?);
        let mut constant_iv = None;
        if protected && iv_size == 0 {
            let len = fields.u8("default_constant_IV_size")?;
            if !matches!(len, 8 | 16) {
                return Err(view.invalid("default_constant_IV_size is not 8 or 16"));
            }
            constant_iv = Some(fields.take(len.into(), "default_constant_IV")?.to_vec());
        }
        Ok(Self { version, crypt: pattern >> 4, skip: pattern & 0xf, protected, iv_size, kid, constant_iv })
    }
}
