use crate::bmff::{BoxView, Error, Fields, FourCc};

/// `avcC`, the AVC decoder configuration (ISO/IEC 14496-15, 5.3.3.1).
#[derive(Clone, Debug)]
pub struct AvcC<'a> {
    /// `AVCProfileIndication`, `profile_compatibility`, `AVCLevelIndication`.
    pub profile: [u8; 3],
    /// Bytes of the length field before each NAL unit: 1, 2 or 4.
    pub nal_length_size: u8,
    /// Sequence parameter sets, NAL header included.
    pub sps: Vec<&'a [u8]>,
    /// Picture parameter sets, NAL header included.
    pub pps: Vec<&'a [u8]>,
}

impl<'a> AvcC<'a> {
    /// Reads an `avcC` box.
    ///
    /// # Errors
    /// [`Error`]
    pub fn parse(view: &BoxView<'a>) -> Result<Self, Error> {
        let mut fields = view.fields();
        if fields.u8("configurationVersion")? != 1 {
            return Err(view.invalid("configurationVersion is not 1"));
        }
        let profile = fields.array("AVCProfileIndication")?;
        let nal_length_size = (fields.u8("lengthSizeMinusOne")? & 3) + 1;
        if nal_length_size == 3 {
            return Err(view.invalid("lengthSizeMinusOne is 2, which is reserved"));
        }
        let count = fields.u8("numOfSequenceParameterSets")? & 0x1f;
        let sps = parameter_sets(&mut fields, count)?;
        let count = fields.u8("numOfPictureParameterSets")?;
        let pps = parameter_sets(&mut fields, count)?;
        Ok(Self { profile, nal_length_size, sps, pps })
    }

    /// The codec string of RFC 6381, 3.3, as a sample entry of type `entry` has it: `avc1.640028`.
    pub fn codec_string(&self, entry: FourCc) -> String {
        let [profile, compatibility, level] = self.profile;
        format!("{entry}.{profile:02x}{compatibility:02x}{level:02x}")
    }
}

fn parameter_sets<'a>(fields: &mut Fields<'a>, count: u8) -> Result<Vec<&'a [u8]>, Error> {
    let set = |_| {
        let len = fields.u16("parameter set length")?;
        fields.take(len.into(), "parameter set")
    };
    (0..count).map(set).collect()
}
