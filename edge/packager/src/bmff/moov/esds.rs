use crate::bmff::{BoxView, Error, Fields};

/// `esds`: the MPEG-4 elementary stream descriptor of an `mp4a` entry (ISO/IEC 14496-14, 5.6; 14496-1, 7.2.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Esds {
    /// `objectTypeIndication`: 0x40 for MPEG-4 audio.
    pub object_type: u8,
    /// The audio object type of the `AudioSpecificConfig` (14496-3, 1.6.2.1): 2 for AAC-LC, 5 for HE-AAC; 0 where it has none.
    pub audio_object_type: u8,
    /// Channels by the configuration's table; `None` where it does not say.
    pub channels: Option<u8>,
}

const ES: u8 = 3;
const DECODER_CONFIG: u8 = 4;
const DECODER_SPECIFIC: u8 = 5;

impl Esds {
    /// Reads an `esds` box.
    ///
    /// # Errors
    /// [`Error`]
    pub fn parse(view: &BoxView<'_>) -> Result<Self, Error> {
        let mut fields = view.fields();
        fields.full(0)?;
        let mut es = descriptor(&mut fields, view, ES)?;
        es.u16("ES_ID")?;
        let flags = es.u8("ES flags")?;
        if flags & 0x80 != 0 {
            es.u16("dependsOn_ES_ID")?;
        }
        if flags & 0x40 != 0 {
            let len = es.u8("URLlength")?;
            es.take(len.into(), "URLstring")?;
        }
        if flags & 0x20 != 0 {
            es.u16("OCR_ES_Id")?;
        }
        let mut config = descriptor(&mut es, view, DECODER_CONFIG)?;
        let object_type = config.u8("objectTypeIndication")?;
        config.array::<12>("decoder configuration")?;
        if object_type != 0x40 || config.rest().is_empty() {
            return Ok(Self { object_type, audio_object_type: 0, channels: None });
        }
        let specific = descriptor(&mut config, view, DECODER_SPECIFIC)?;
        let mut bits = Bits { bytes: specific.rest(), at: 0 };
        let truncated = || view.invalid("AudioSpecificConfig is truncated");
        let mut audio_object_type = bits.take(5).ok_or_else(truncated)?;
        if audio_object_type == 31 {
            audio_object_type = 32 + bits.take(6).ok_or_else(truncated)?;
        }
        if bits.take(4).ok_or_else(truncated)? == 15 {
            bits.take(24).ok_or_else(truncated)?;
        }
        let channels = match bits.take(4).ok_or_else(truncated)? {
            count @ 1..=6 => Some(count as u8),
            7 => Some(8),
            _ => None,
        };
        Ok(Self { object_type, audio_object_type: audio_object_type as u8, channels })
    }

    /// The codec string of RFC 6381, 3.3: `mp4a.40.2`.
    pub fn codec_string(&self) -> String {
        match self.audio_object_type {
            0 => format!("mp4a.{:02x}", self.object_type),
            kind => format!("mp4a.{:02x}.{kind}", self.object_type),
        }
    }
}

/// Steps into the next descriptor, whose size is written in groups of seven bits, at most four of them.
fn descriptor<'a>(fields: &mut Fields<'a>, view: &BoxView<'a>, tag: u8) -> Result<Fields<'a>, Error> {
    if fields.u8("descriptor tag")? != tag {
        return Err(view.invalid("descriptors are not in the order ES, DecoderConfig, DecoderSpecificInfo"));
    }
    let mut len = 0;
    for _ in 0..4 {
        let byte = fields.u8("descriptor size")?;
        len = len << 7 | usize::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Ok(Fields::new(view.kind(), view.offset, fields.take(len, "descriptor")?));
        }
    }
    Err(view.invalid("a descriptor size of more than four bytes"))
}

struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn take(&mut self, count: usize) -> Option<u32> {
        (0..count).try_fold(0, |value, _| {
            let bit = self.bytes.get(self.at / 8)? >> (7 - self.at % 8) & 1;
            self.at += 1;
            Some(value << 1 | u32::from(bit))
        })
    }
}
