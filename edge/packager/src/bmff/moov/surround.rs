use crate::bmff::{BoxView, Error};

/// The channels of AC-3 and Enhanced AC-3, by their configuration boxes (ETSI TS 102 366, F.4 and F.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Surround {
    /// Full-bandwidth channels and low-frequency ones.
    pub channels: u32,
}

/// Full-bandwidth channels by `acmod`.
const BY_ACMOD: [u32; 8] = [2, 1, 2, 3, 3, 4, 4, 5];
/// Channels by bit of `chan_loc`, the lowest first: what dependent substreams add.
const BY_LOCATION: [u32; 9] = [2, 2, 1, 1, 2, 2, 2, 1, 1];

impl Surround {
    /// Reads `dac3`.
    ///
    /// # Errors
    /// [`Error`]
    pub fn ac3(view: &BoxView<'_>) -> Result<Self, Error> {
        let [high, middle, low] = view.fields().array("AC3SpecificBox")?;
        let bits = u32::from(high) << 16 | u32::from(middle) << 8 | u32::from(low);
        Ok(Self { channels: channels(bits >> 11 & 7, bits >> 10 & 1) })
    }

    /// Reads `dec3`: the first independent substream, which is the programme, and what depends on it.
    ///
    /// # Errors
    /// [`Error`]
    pub fn eac3(view: &BoxView<'_>) -> Result<Self, Error> {
        let mut fields = view.fields();
        fields.u16("data_rate")?;
        let [high, middle, low] = fields.array("independent substream")?;
        let bits = u32::from(high) << 16 | u32::from(middle) << 8 | u32::from(low);
        let mut count = channels(bits >> 9 & 7, bits >> 8 & 1);
        if bits >> 1 & 15 > 0 {
            let location = (bits & 1) << 8 | u32::from(fields.u8("chan_loc")?);
            count += (0..9).filter(|bit| location >> bit & 1 == 1).map(|bit| BY_LOCATION[bit]).sum::<u32>();
        }
        Ok(Self { channels: count })
    }
}

fn channels(acmod: u32, lfe: u32) -> u32 {
    BY_ACMOD[acmod as usize & 7] + lfe
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(kind: &[u8; 4], payload: &[u8], read: fn(&BoxView<'_>) -> Result<Surround, Error>) -> Result<u32, Error> {
        let bytes = [&(payload.len() as u32 + 8).to_be_bytes()[..], kind, payload].concat();
        let view = BoxView::parse(&bytes, 0)?;
        Ok(read(&view)?.channels)
    }

    #[test]
    fn channels_by_configuration() {
        // fscod 0, bsid 8, bsmod 0, acmod 7, lfeon 1, bit_rate_code 10.
        assert_eq!(parse(b"dac3", &[0x10, 0x3d, 0x40], Surround::ac3), Ok(6));
        // acmod 2, no LFE.
        assert_eq!(parse(b"dac3", &[0x10, 0x10, 0xc0], Surround::ac3), Ok(2));
        // One substream: bsid 16, acmod 7, lfeon 1, nothing dependent.
        assert_eq!(parse(b"dec3", &[0x0c, 0x00, 0x20, 0x0f, 0x00], Surround::eac3), Ok(6));
        // And one that depends on it, with Lrs and Rrs.
        assert_eq!(parse(b"dec3", &[0x0c, 0x00, 0x20, 0x0f, 0x02, 0x02], Surround::eac3), Ok(8));
        assert!(parse(b"dec3", &[0x0c, 0x00], Surround::eac3).is_err());
        assert!(parse(b"dac3", &[0x10], Surround::ac3).is_err());
    }
}
