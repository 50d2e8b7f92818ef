use crate::bmff::{BoxView, Error};

/// `tfhd`, the track fragment header (ISO/IEC 14496-12, 8.8.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tfhd {
    /// Where the box begins, in bytes from the start of the segment.
    pub offset: u64,
    /// The track.
    pub track_id: u32,
    /// Absolute position that data offsets count from, where given instead of the start of `moof`.
    pub base_data_offset: Option<u64>,
    /// Which entry of `stsd`, from 1, where given.
    pub description: Option<u32>,
    /// Default sample duration, where given, in the track's timescale.
    pub duration: Option<u32>,
    /// Default sample size, where given, in bytes.
    pub size: Option<u32>,
    /// Default sample flags, where given.
    pub flags: Option<u32>,
}

impl Tfhd {
    /// Reads a `tfhd` box.
    ///
    /// # Errors
    /// [`Error`]
    pub fn parse(view: &BoxView<'_>) -> Result<Self, Error> {
        let mut fields = view.fields();
        let (_, present) = fields.full(0)?;
        let track_id = fields.u32("track_ID")?;
        let base_data_offset = if present & 0x1 != 0 { Some(fields.u64("base_data_offset")?) } else { None };
        let mut optional = |bit, name| if present & bit != 0 { fields.u32(name).map(Some) } else { Ok(None) };
        Ok(Self {
            offset: view.offset,
            track_id,
            base_data_offset,
            description: optional(0x2, "sample_description_index")?,
            duration: optional(0x8, "default_sample_duration")?,
            size: optional(0x10, "default_sample_size")?,
            flags: optional(0x20, "default_sample_flags")?,
        })
    }
}
