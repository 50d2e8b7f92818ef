use crate::bmff::{BoxView, Error};

/// `baseMediaDecodeTime` of a `tfdt` (ISO/IEC 14496-12, 8.8.12), in the track's timescale.
pub(super) fn parse(view: &BoxView<'_>) -> Result<u64, Error> {
    let mut fields = view.fields();
    let (version, _) = fields.full(1)?;
    fields.versioned(version, "baseMediaDecodeTime")
}
