use crate::bmff::{BoxView, Error, FourCc};

/// `hvcC`, the HEVC decoder configuration (ISO/IEC 14496-15, 8.3.3.1).
#[derive(Clone, Debug)]
pub struct HvcC<'a> {
    /// What the stream demands of a decoder.
    pub profile: HevcProfile,
    /// Bytes of the length field before each NAL unit: 1, 2 or 4.
    pub nal_length_size: u8,
    /// Video parameter sets, NAL header included, as all that follow.
    pub vps: Vec<&'a [u8]>,
    /// Sequence parameter sets.
    pub sps: Vec<&'a [u8]>,
    /// Picture parameter sets.
    pub pps: Vec<&'a [u8]>,
    /// NAL units of any other type: SEI messages mostly.
    pub others: Vec<&'a [u8]>,
}

/// Profile, tier and level, as a codec string gives them (ITU-T H.265, 7.3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HevcProfile {
    /// `general_profile_space`, 0 to 3.
    pub space: u8,
    /// `general_tier_flag`: the high tier.
    pub high_tier: bool,
    /// `general_profile_idc`
    pub idc: u8,
    /// `general_profile_compatibility_flag`s, the one of profile 0 in the highest bit.
    pub compatibility: u32,
    /// The six bytes of constraint flags.
    pub constraints: [u8; 6],
    /// `general_level_idc`: thirty times the level.
    pub level: u8,
}

const VPS: u8 = 32;
const SPS: u8 = 33;
const PPS: u8 = 34;

impl<'a> HvcC<'a> {
    /// Reads an `hvcC` box.
    ///
    /// # Errors
    /// [`Error`]
    pub fn parse(view: &BoxView<'a>) -> Result<Self, Error> {
        let mut fields = view.fields();
        if fields.u8("configurationVersion")? != 1 {
            return Err(view.invalid("configurationVersion is not 1"));
        }
        let profile = fields.u8("general_profile_idc")?;
        let profile = HevcProfile {
            space: profile >> 6,
            high_tier: profile & 0x20 != 0,
            idc: profile & 0x1f,
            compatibility: fields.u32("general_profile_compatibility_flags")?,
            constraints: fields.array("general_constraint_indicator_flags")?,
            level: fields.u8("general_level_idc")?,
        };
        fields.u16("min_spatial_segmentation_idc")?;
        fields.array::<4>("parallelismType, chromaFormat and bit depths")?;
        fields.u16("avgFrameRate")?;
        let nal_length_size = (fields.u8("lengthSizeMinusOne")? & 3) + 1;
        if nal_length_size == 3 {
            return Err(view.invalid("lengthSizeMinusOne is 2, which is reserved"));
        }
        let (vps, sps, pps, others) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut hvcc = Self { profile, nal_length_size, vps, sps, pps, others };
        for _ in 0..fields.u8("numOfArrays")? {
            let units = match fields.u8("NAL_unit_type")? & 0x3f {
                VPS => &mut hvcc.vps,
                SPS => &mut hvcc.sps,
                PPS => &mut hvcc.pps,
                _ => &mut hvcc.others,
            };
            for _ in 0..fields.u16("numNalus")? {
                let len = fields.u16("nalUnitLength")?;
                units.push(fields.take(len.into(), "nalUnit")?);
            }
        }
        Ok(hvcc)
    }

    /// The codec string of ISO/IEC 14496-15, E.3, as a sample entry of type `entry` has it: `hvc1.1.6.L93.B0`.
    pub fn codec_string(&self, entry: FourCc) -> String {
        let HevcProfile { space, high_tier, idc, compatibility, constraints, level } = self.profile;
        let space = ["", "A", "B", "C"].get(usize::from(space)).copied().unwrap_or_default();
        let tier = if high_tier { 'H' } else { 'L' };
        // The flag of profile 0 comes last here.
        let mut codec = format!("{entry}.{space}{idc}.{:X}.{tier}{level}", compatibility.reverse_bits());
        let count = constraints.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        for byte in constraints.iter().take(count) {
            codec.push_str(&format!(".{byte:X}"));
        }
        codec
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hvcc(profile: [u8; 12], rest: &[u8]) -> Vec<u8> {
        let payload = [&[1][..], &profile, &[0xf0, 0, 0xfc, 0xfd, 0xf8, 0xf8, 0, 0], rest].concat();
        [&(payload.len() as u32 + 8).to_be_bytes()[..], b"hvcC", &payload].concat()
    }

    fn string(profile: [u8; 12], entry: &[u8; 4]) -> String {
        let bytes = hvcc(profile, &[3, 0]);
        let view = BoxView::parse(&bytes, 0).expect("a box");
        HvcC::parse(&view).expect("parses").codec_string(FourCc(*entry))
    }

    #[test]
    fn codec_strings_are_as_annex_e_has_them() {
        // The standard's own examples.
        let main = [0x01, 0x60, 0, 0, 0, 0xb0, 0, 0, 0, 0, 0, 93];
        assert_eq!(string(main, b"hev1"), "hev1.1.6.L93.B0");
        let main_10_high_tier = [0x22, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 123];
        assert_eq!(string(main_10_high_tier, b"hvc1"), "hvc1.2.4.H123");
        let range_extensions = [0x44, 0x08, 0, 0, 0, 0x9e, 0x08, 0, 0, 0, 1, 180];
        assert_eq!(string(range_extensions, b"hvc1"), "hvc1.A4.10.L180.9E.8.0.0.0.1");
    }

    #[test]
    fn arrays_are_kept_apart_and_lies_about_them_named() {
        let profile = [1, 0x60, 0, 0, 0, 0xb0, 0, 0, 0, 0, 0, 93];
        let arrays = [0x0f, 3, 0xa2, 0, 1, 0, 2, 0x44, 1, 0x21, 0, 2, 0, 1, 0x42, 0, 0, 39, 0, 1, 0, 1, 0x4e];
        let bytes = hvcc(profile, &arrays);
        let view = BoxView::parse(&bytes, 0).expect("a box");
        let parsed = HvcC::parse(&view).expect("parses");
        assert_eq!(parsed.nal_length_size, 4);
        assert_eq!((parsed.vps.len(), parsed.sps, parsed.pps), (0, vec![&[0x42][..], &[]], vec![&[0x44, 1][..]]));
        assert_eq!(parsed.others, [&[0x4e]]);
        for cut in 0..arrays.len() {
            let bytes = hvcc(profile, &arrays[..cut]);
            let view = BoxView::parse(&bytes, 0).expect("a box");
            assert!(HvcC::parse(&view).is_err(), "cut at {cut}");
        }
        let bytes = hvcc(profile, &[2, 0]);
        let view = BoxView::parse(&bytes, 0).expect("a box");
        assert!(matches!(HvcC::parse(&view), Err(Error::Invalid { .. })));
    }
}
