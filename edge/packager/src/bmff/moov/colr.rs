use super::{Av1C, ColourCodes, SampleEntry, VpcC};
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

    /// The transfer characteristics (ISO/IEC 23091-2, 8.2) of a visual entry: those of `colr`, or else of AV1's sequence header or `vpcC`.
    /// AVC and HEVC without `colr` tell nothing here: what their parameter sets say of it is not read.
    ///
    /// # Errors
    /// [`Error`] where the box that tells is malformed.
    pub fn transfer_characteristics(&self) -> Result<Option<u16>, Error> {
        if let Some(([_, transfer, _], _)) = self.colour()? {
            return Ok(Some(transfer));
        }
        match &self.original()?.0 {
            b"av01" | b"dav1" => {
                let av1c = self.child(b"av1C")?;
                Ok(Av1C::parse(&av1c)?.colour(&av1c)?.map(|([_, transfer, _], _)| transfer))
            }
            b"vp09" => Ok(Some(VpcC::parse(&self.child(b"vpcC")?)?.colour[1].into())),
            _ => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::bmff::moov::Init;

    /// The `colr` that ffmpeg 5.1 writes for BT.2020 and SMPTE ST 2084.
    const PQ: &[u8] = b"\0\0\0\x13colrnclx\0\x09\0\x10\0\x09\0";

    /// The init segment with this box at the end of its sample entry.
    fn with(init: &[u8], last: &[u8]) -> Vec<u8> {
        let parsed = Init::parse(init).expect("an init segment");
        let mut bytes = init.to_vec();
        for view in parsed.path.iter().chain([&parsed.entry.view]) {
            let size = &mut bytes[view.offset as usize..][..4];
            let grown = u32::from_be_bytes(size.try_into().expect("four bytes")) + last.len() as u32;
            size.copy_from_slice(&grown.to_be_bytes());
        }
        let end = parsed.entry.view.end() as usize;
        bytes.splice(end..end, last.iter().copied());
        bytes
    }

    fn transfer(init: &[u8]) -> Option<u16> {
        Init::parse(init).expect("an init segment").entry.transfer_characteristics().expect("well formed")
    }

    #[test]
    fn colr_goes_before_what_the_codec_says() {
        let hevc = include_bytes!("../../cenc/vectors/hevc-main10/clear.init.mp4");
        let av1 = include_bytes!("../../cenc/vectors/av1_tiles/clear.init.mp4");
        let vp9 = include_bytes!("../../cenc/vectors/vp9/clear.init.mp4");
        assert_eq!([transfer(hevc), transfer(av1), transfer(vp9)], [None, Some(1), Some(2)]);
        for init in [&hevc[..], av1, vp9] {
            assert_eq!(transfer(&with(init, PQ)), Some(16));
            assert_eq!(transfer(&with(init, b"\0\0\0\x0ccolrprof")), transfer(init), "an ICC profile");
        }
    }
}
