use crate::bmff::{BoxView, Error};

/// `trex`: what fragments default to (ISO/IEC 14496-12, 8.8.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trex {
    /// The track.
    pub track_id: u32,
    /// Which entry of `stsd`, from 1.
    pub description: u32,
    /// Sample duration, in the track's timescale.
    pub duration: u32,
    /// Sample size, in bytes.
    pub size: u32,
    /// Sample flags.
    pub flags: u32,
}

impl Trex {
    /// Reads a `trex` box.
    ///
    /// # Errors
    /// [`Error`]
    pub fn parse(view: &BoxView<'_>) -> Result<Self, Error> {
        let mut fields = view.fields();
        fields.full(0)?;
        Ok(Self {
            track_id: fields.u32("track_ID")?,
            description: fields.u32("default_sample_description_index")?,
            duration: fields.u32("default_sample_duration")?,
            size: fields.u32("default_sample_size")?,
            flags: fields.u32("default_sample_flags")?,
        })
    }
}
