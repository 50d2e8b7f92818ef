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
        let sequence = Sequence::first(self.config_obus).map_err(|_| view.invalid("configOBUs are malformed"))?;
        let (codes, full_range) = match (colr, sequence) {
            (Some(colr), _) => colr,
            // Without a description the defaults are to be given, not `unspecified`.
            (None, Some(sequence)) => {
                (sequence.color.description.map_or([1; 3], |codes| codes.map(u16::from)), sequence.color.full_range)
            }
            (None, None) => ([1; 3], false),
        };
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
}
