use crate::{
    bmff::{BoxView, Error},
    obu::Sequence,
};

/// `av1C`, the AV1 codec configuration (AV1 Codec ISO Media File Format Binding, 2.3).
#[derive(Clone, Debug)]
pub struct Av1C<'a> {
    /// `seq_profile`
    pub profile: u8,
    /// `seq_level_idx_0`
    pub level: u8,
    /// `seq_tier_0`: whether it is the High tier.
    pub high_tier: bool,
    /// 8, 10 or 12.
    pub bit_depth: u8,
    /// Whether there is luma only.
    pub monochrome: bool,
    /// `chroma_subsampling_x`, `chroma_subsampling_y`, `chroma_sample_position`.
    pub chroma: [u8; 3],
    /// Units that belong before the first sample: at most one sequence header, metadata.
    pub config_obus: &'a [u8],
}

/// Primaries, transfer characteristics and matrix coefficients of ISO/IEC 23091-2, and whether values use the full range.
pub type ColourCodes = ([u16; 3], bool);

impl<'a> Av1C<'a> {
    /// Reads an `av1C` box.
    ///
    /// # Errors
    /// [`Error`]
    pub fn parse(view: &BoxView<'a>) -> Result<Self, Error> {
        let mut fields = view.fields();
        if fields.u8("marker and version")? != 0x81 {
            return Err(view.invalid("marker and version are not 1"));
        }
        let [first, second, _delay] = fields.array("seq_profile")?;
        let flag = |bit: u8| second >> bit & 1;
        let (profile, high_bitdepth, twelve_bit) = (first >> 5, flag(6) == 1, flag(5) == 1);
        let bit_depth = match (high_bitdepth, twelve_bit && profile == 2) {
            (true, true) => 12,
            (true, false) => 10,
            (false, _) => 8,
        };
        Ok(Self {
            profile,
            level: first & 0x1f,
            high_tier: flag(7) == 1,
            bit_depth,
            monochrome: flag(4) == 1,
            chroma: [flag(3), flag(2), second & 3],
            config_obus: fields.rest(),
        })
    }

    /// The codec string (binding, 5, Codecs Parameter String): `av01.0.04M.08`, with the optional fields where one of them is not
    /// its default.
    ///
    /// `colr`: what a `colr` box of type `nclx` says, which goes before the sequence header.
    ///
    /// # Errors
    /// [`Error::Invalid`] where `configOBUs` are malformed.
    pub fn codec_string(&self, view: &BoxView<'_>, colr: Option<ColourCodes>) -> Result<String, Error> {
        let sequence = self.colour(view)?;
        let (codes, full_range) = colr.or(sequence).unwrap_or(([1; 3], false));
        let tier = if self.high_tier { 'H' } else { 'M' };
        let mut out = format!("av01.{}.{:02}{tier}.{:02}", self.profile, self.level, self.bit_depth);
        let [x, y, position] = self.chroma;
        let position = if x == 1 && y == 1 { position } else { 0 };
        let optional = (self.monochrome, [x, y, position], codes, full_range);
        if optional != (false, [1, 1, 0], [1; 3], false) {
            let [primaries, transfer, matrix] = codes;
            let (monochrome, full_range) = (u8::from(self.monochrome), u8::from(full_range));
            out += &format!(".{monochrome}.{x}{y}{position}.{primaries:02}.{transfer:02}.{matrix:02}.{full_range}");
        }
        Ok(out)
    }

    /// What the sequence header says, if `configOBUs` hold one. Without a description it is the codec string's defaults, not `unspecified`.
    ///
    /// # Errors
    /// [`Error::Invalid`] where `configOBUs` are malformed.
    pub fn colour(&self, view: &BoxView<'_>) -> Result<Option<ColourCodes>, Error> {
        let sequence = Sequence::first(self.config_obus).map_err(|_| view.invalid("configOBUs are malformed"))?;
        Ok(sequence.map(|sequence| {
            let codes = sequence.color.description.map_or([1; 3], |codes| codes.map(u16::from));
            (codes, sequence.color.full_range)
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{bits::BitWriter, bmff::BoxView};

    /// A still-picture sequence header of this profile, 64 by 64, with this colour configuration.
    fn sequence(profile: u64, color: &[(u32, u64)]) -> Vec<u8> {
        let mut w = BitWriter::default();
        w.u(3, profile).u(2, 3).u(5, 4).u(4, 5).u(4, 5).u(6, 63).u(6, 63).u(3, 0).u(3, 0);
        for (width, value) in color {
            w.u(*width, *value);
        }
        let bytes = w.u(1, 0).u(1, 1).bytes();
        [&[0x0a, bytes.len() as u8], &bytes[..]].concat()
    }

    fn name(payload: &[u8], colr: Option<ColourCodes>) -> Result<String, Error> {
        let bytes = [&(payload.len() as u32 + 8).to_be_bytes()[..], b"av1C", payload].concat();
        let view = BoxView::parse(&bytes, 0)?;
        Av1C::parse(&view)?.codec_string(&view, colr)
    }

    #[test]
    fn optional_fields_are_given_where_one_is_not_its_default() {
        assert_eq!(name(&[0x81, 0x04, 0x0c, 0], None).as_deref(), Ok("av01.0.04M.08"));
        // 8 bits, colour, no description, studio range, position unknown, no separate differences.
        let plain = sequence(0, &[(1, 0), (1, 0), (1, 0), (1, 0), (2, 0), (1, 0)]);
        assert_eq!(name(&[&[0x81, 0x04, 0x0c, 0], &plain[..]].concat(), None).as_deref(), Ok("av01.0.04M.08"));
        let full = sequence(0, &[(1, 0), (1, 0), (1, 0), (1, 1), (2, 0), (1, 0)]);
        let long = name(&[&[0x81, 0x04, 0x0c, 0], &full[..]].concat(), None);
        assert_eq!(long.as_deref(), Ok("av01.0.04M.08.0.110.01.01.01.1"));
        // The binding's own example: 10 bits, co-located, BT.2100 PQ.
        let pq = sequence(0, &[(1, 1), (1, 0), (1, 1), (24, 0x09_1009), (1, 0), (2, 2), (1, 0)]);
        let pq = [&[0x81, 0x04, 0x4e, 0], &pq[..]].concat();
        assert_eq!(name(&pq, None).as_deref(), Ok("av01.0.04M.10.0.112.09.16.09.0"));
        // colr goes before it.
        let colr = Some(([1, 1, 1], false));
        assert_eq!(name(&pq, colr).as_deref(), Ok("av01.0.04M.10.0.112.01.01.01.0"));
        // Luma only, High tier, level 5.0; and profile 2 with 12 bits of 4:2:2.
        assert_eq!(name(&[0x81, 0x0c, 0x9c, 0], None).as_deref(), Ok("av01.0.12H.08.1.110.01.01.01.0"));
        assert_eq!(name(&[0x81, 0x4c, 0x68, 0], None).as_deref(), Ok("av01.2.12M.12.0.100.01.01.01.0"));
    }

    #[test]
    fn a_malformed_box_is_an_error() {
        assert!(name(&[0x01, 0x04, 0x0c, 0], None).is_err(), "no marker");
        assert!(name(&[0x81, 0x04], None).is_err(), "cut off");
        assert!(name(&[0x81, 0x04, 0x0c, 0, 0x0a, 9], None).is_err(), "a unit past the end");
        assert!(name(&[0x81, 0x04, 0x0c, 0, 0x0a, 1, 0], None).is_err(), "a sequence header that is cut off");
    }
}
