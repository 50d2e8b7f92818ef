use super::{Av1C, AvcC, Esds, HvcC, SampleEntry, Sinf, Surround, VpcC};
use crate::bmff::{Error, FourCc};

const IMSC1_TEXT: &str = "im1t";

impl SampleEntry<'_> {
    /// The type of the clear entry: its own, or what `frma` of a protected one names.
    ///
    /// # Errors
    /// [`Error`] where a protected entry does not say.
    pub fn original(&self) -> Result<FourCc, Error> {
        match &self.codec().0 {
            b"encv" | b"enca" => Ok(Sinf::of(self)?.original),
            _ => Ok(self.codec()),
        }
    }

    /// The codec string of RFC 6381 that manifests give: `avc1.640028`, `hvc1.1.6.L93.B0`, `mp4a.40.2`, `ec-3`.
    ///
    /// # Errors
    /// [`Error`] where the configuration box that tells is missing or malformed; of a codec that is not known too.
    pub fn codec_string(&self) -> Result<String, Error> {
        let original = self.original()?;
        Ok(match &original.0 {
            b"avc1" | b"avc3" => AvcC::parse(&self.child(b"avcC")?)?.codec_string(original),
            // Named by their base codec: what every player can decode of them.
            b"dva1" => AvcC::parse(&self.child(b"avcC")?)?.codec_string(FourCc(*b"avc1")),
            b"dvav" => AvcC::parse(&self.child(b"avcC")?)?.codec_string(FourCc(*b"avc3")),
            b"hvc1" | b"hev1" => HvcC::parse(&self.child(b"hvcC")?)?.codec_string(original),
            b"dvh1" => HvcC::parse(&self.child(b"hvcC")?)?.codec_string(FourCc(*b"hvc1")),
            b"dvhe" => HvcC::parse(&self.child(b"hvcC")?)?.codec_string(FourCc(*b"hev1")),
            // Dolby Vision over AV1 (dav1) too is named by its base codec.
            b"av01" | b"dav1" => {
                let av1c = self.child(b"av1C")?;
                Av1C::parse(&av1c)?.codec_string(&av1c, self.colour()?)?
            }
            b"vp09" => VpcC::parse(&self.child(b"vpcC")?)?.codec_string(),
            b"mp4a" => Esds::parse(&self.child(b"esds")?)?.codec_string(),
            b"ac-3" | b"ec-3" | b"ac-4" => original.to_string(),
            b"Opus" => "opus".to_owned(),
            b"fLaC" => "flac".to_owned(),
            b"wvtt" => "wvtt".to_owned(),
            b"stpp" => format!("stpp.ttml.{}", self.ttml_profile()?),
            _ => return Err(self.view.invalid("a codec that is not known here")),
        })
    }

    /// The processor profile that the `mime` box of an `stpp` names (W3C, TTML Media Type Definition and Profile Registry), or else IMSC 1 text, what
    /// CMAF has.
    fn ttml_profile(&self) -> Result<&str, Error> {
        let Some(mime) = self.children().find_kind(b"mime")? else { return Ok(IMSC1_TEXT) };
        let mut fields = mime.fields();
        fields.full(0)?;
        let text = core::str::from_utf8(fields.rest()).map_err(|_| mime.invalid("a string that is not UTF-8"))?;
        let parameters = text.trim_end_matches('\0').split(';').skip(1);
        let named = parameters.filter_map(|parameter| parameter.trim().strip_prefix("codecs=")).next();
        let of_profiles = |text: &&str| {
            !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"|+".contains(&byte))
        };
        Ok(named.map(|text| text.trim_matches('"')).filter(of_profiles).unwrap_or(IMSC1_TEXT))
    }

    /// Channels as the codec's configuration tells them; `None` where only the sample entry does, whose count many packagers leave at two.
    ///
    /// # Errors
    /// [`Error`] where the configuration is missing or malformed.
    pub fn coded_channels(&self) -> Result<Option<u32>, Error> {
        Ok(match &self.original()?.0 {
            b"mp4a" => Esds::parse(&self.child(b"esds")?)?.channels.map(u32::from),
            b"ac-3" => Some(Surround::ac3(&self.child(b"dac3")?)?.channels),
            b"ec-3" => Some(Surround::eac3(&self.child(b"dec3")?)?.channels),
            _ => None,
        })
    }
}
