use super::tfhd::boxed;
use crate::bmff::{BoxView, Error};

/// `baseMediaDecodeTime` of a `tfdt` (ISO/IEC 14496-12, 8.8.12), in the track's timescale.
pub(super) fn parse(view: &BoxView<'_>) -> Result<u64, Error> {
    let mut fields = view.fields();
    let (version, _) = fields.full(1)?;
    fields.versioned(version, "baseMediaDecodeTime")
}

/// A `tfdt` of that time.
pub(super) fn write(time: u64) -> Vec<u8> {
    boxed(b"tfdt", &[&[1, 0, 0, 0], &time.to_be_bytes()])
}
