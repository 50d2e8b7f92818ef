use crate::bmff::{BoxView, Error};

/// The extended type of the `uuid` box that Smooth Streaming has in place of `tfdt` ([MS-SSTR], 2.2.4.4).
const TYPE: [u8; 16] = [0x6d, 0x1d, 0x9b, 0x05, 0x42, 0xd5, 0x44, 0xe6, 0x80, 0xe2, 0x14, 0x1d, 0xaf, 0xf7, 0x57, 0xb2];

/// Whether a `uuid` box is a TfxdBox.
pub(super) fn is(view: &BoxView<'_>) -> bool {
    view.is(b"uuid") && view.payload().starts_with(&TYPE)
}

/// `FragmentAbsoluteTime` of a TfxdBox: the decode time of the first sample, in the track's timescale.
///
/// # Errors
/// [`Error`]; a time before 0, which `tfdt` could not say, is one.
pub(super) fn parse(view: &BoxView<'_>) -> Result<u64, Error> {
    let mut fields = view.fields();
    fields.array::<16>("extended type")?;
    let (version, _) = fields.full(1)?;
    let time = fields.versioned(version, "FragmentAbsoluteTime")?;
    // ffmpeg lets a track with priming begin before 0, which wraps.
    if time > i64::MAX as u64 { Err(fields.invalid("FragmentAbsoluteTime is negative")) } else { Ok(time) }
}
