use crate::bmff::{BoxView, Error};

/// `vpcC`, the VP9 codec configuration (VP Codec ISO Media File Format Binding).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VpcC {
    /// `profile`
    pub profile: u8,
    /// Ten times the level.
    pub level: u8,
    /// 8, 10 or 12.
    pub bit_depth: u8,
    /// `chromaSubsampling`
    pub chroma: u8,
    /// Whether values use the full range.
    pub full_range: bool,
    /// `colourPrimaries`, `transferCharacteristics`, `matrixCoefficients`.
    pub colour: [u8; 3],
}

impl VpcC {
    /// Reads a `vpcC` box of version 1, the only one that the binding has since its version 1.0.
    ///
    /// # Errors
    /// [`Error`]
    pub fn parse(view: &BoxView<'_>) -> Result<Self, Error> {
        let mut fields = view.fields();
        if fields.full(1)?.0 != 1 {
            return Err(view.invalid("version is not 1"));
        }
        let [profile, level, packed] = fields.array("profile")?;
        Ok(Self {
            profile,
            level,
            bit_depth: packed >> 4,
            chroma: packed >> 1 & 7,
            full_range: packed & 1 == 1,
            colour: fields.array("colourPrimaries")?,
        })
    }

    /// The codec string (binding, Codecs Parameter String): `vp09.00.10.08`, with the optional fields where one of them is not its
    /// default.
    pub fn codec_string(&self) -> String {
        let mut out = format!("vp09.{:02}.{:02}.{:02}", self.profile, self.level, self.bit_depth);
        if (self.chroma, self.colour, self.full_range) != (1, [1; 3], false) {
            let [primaries, transfer, matrix] = self.colour;
            let (chroma, full_range) = (self.chroma, u8::from(self.full_range));
            out += &format!(".{chroma:02}.{primaries:02}.{transfer:02}.{matrix:02}.{full_range:02}");
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(payload: &[u8]) -> Result<String, Error> {
        let bytes = [&(payload.len() as u32 + 8).to_be_bytes()[..], b"vpcC", payload].concat();
        Ok(VpcC::parse(&BoxView::parse(&bytes, 0)?)?.codec_string())
    }

    #[test]
    fn optional_fields_are_given_where_one_is_not_its_default() {
        assert_eq!(name(&[1, 0, 0, 0, 0, 41, 0x82, 1, 1, 1, 0, 0]).as_deref(), Ok("vp09.00.41.08"));
        // The binding's own example.
        let long = name(&[1, 0, 0, 0, 2, 10, 0xa3, 9, 16, 9, 0, 0]);
        assert_eq!(long.as_deref(), Ok("vp09.02.10.10.01.09.16.09.01"));
        assert!(name(&[0, 0, 0, 0, 0, 10, 0x80, 0x10, 0, 0]).is_err(), "the layout before version 1.0");
        assert!(name(&[1, 0, 0, 0, 0, 10]).is_err());
    }
}
