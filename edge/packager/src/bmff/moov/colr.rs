use super::{ColourCodes, SampleEntry};
use crate::bmff::Error;

impl SampleEntry<'_> {
    /// What its `colr` box says, if it has one that speaks of code points (type `nclx`; ISO/IEC 14496-12, 12.1.5).
    ///
    /// # Errors
    /// [`Error`] where a box before it is malformed, or it ends early.
    pub fn colour(&self) -> Result<Option<ColourCodes>, Error> {
        for child in self.children() {
            let child = child?;
            let mut fields = child.fields();
            if child.is(b"colr") && fields.array("colour_type")? == *b"nclx" {
                let codes = [
                    fields.u16("colour_primaries")?,
                    fields.u16("transfer_characteristics")?,
                    fields.u16("matrix_coefficients")?,
                ];
                return Ok(Some((codes, fields.u8("full_range_flag")? >> 7 == 1)));
            }
        }
        Ok(None)
    }
}
