use crate::bmff::{BoxView, Error};

/// The flag `base-data-offset-present`.
const BASE_DATA_OFFSET: u32 = 0x1;
const DESCRIPTION: u32 = 0x2;
/// The flag `default-base-is-moof`.
const BASE_IS_MOOF: u32 = 0x02_0000;

/// `tfhd`, the track fragment header (ISO/IEC 14496-12, 8.8.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tfhd {
    /// Where the box begins, in bytes from the start of the segment.
    pub offset: u64,
    /// The track.
    pub track_id: u32,
    /// Absolute position that data offsets count from, where given instead of the start of `moof`.
    pub base_data_offset: Option<u64>,
    /// Whether the start of `moof` is said to be what data offsets count from (`default-base-is-moof`). Of a fragment with one `traf`
    /// it is so, too, where neither this nor a position is given.
    pub base_is_moof: bool,
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
        let base_data_offset =
            if present & BASE_DATA_OFFSET != 0 { Some(fields.u64("base_data_offset")?) } else { None };
        let mut optional = |bit, name| if present & bit != 0 { fields.u32(name).map(Some) } else { Ok(None) };
        Ok(Self {
            offset: view.offset,
            track_id,
            base_data_offset,
            base_is_moof: present & BASE_IS_MOOF != 0,
            description: optional(DESCRIPTION, "sample_description_index")?,
            duration: optional(0x8, "default_sample_duration")?,
            size: optional(0x10, "default_sample_size")?,
            flags: optional(0x20, "default_sample_flags")?,
        })
    }

    /// The box with data offsets counted from the start of `moof`, the flag that says so, and this `sample_description_index`, where one is given.
    /// `None` where `view`, the box, is so already.
    ///
    /// # Errors
    /// [`Error`]
    pub(super) fn relative(&self, view: &BoxView<'_>, description: Option<u32>) -> Result<Option<Vec<u8>>, Error> {
        if self.base_is_moof
            && self.base_data_offset.is_none()
            && description.is_none_or(|index| self.description == Some(index))
        {
            return Ok(None);
        }
        let mut fields = view.fields();
        let (_, mut present) = fields.full(0)?;
        let track_id = fields.array::<4>("track_ID")?;
        if self.base_data_offset.is_some() {
            fields.u64("base_data_offset")?;
        }
        present = present & !BASE_DATA_OFFSET | BASE_IS_MOOF;
        let mut index = Vec::new();
        if let Some(new) = description {
            if self.description.is_some() {
                fields.u32("sample_description_index")?;
            }
            present |= DESCRIPTION;
            index.extend_from_slice(&new.to_be_bytes());
        }
        Ok(Some(boxed(b"tfhd", &[&present.to_be_bytes(), &track_id, &index, fields.rest()])))
    }
}

/// A box of less than 4 GiB, as the parts come out of a `tfhd`.
pub(super) fn boxed(kind: &[u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    let payload = parts.concat();
    [&(payload.len() as u32 + 8).to_be_bytes()[..], kind, &payload].concat()
}
