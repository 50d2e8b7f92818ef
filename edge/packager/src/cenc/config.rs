use super::{Error, avc::Avc};
use crate::bmff::{
    Boxes, FourCc,
    moov::{AvcC, Init, SampleEntry, Trex},
};

/// What must be known of a track to protect its segments.
#[derive(Clone, Debug)]
pub struct TrackConfig {
    pub(super) codec: Codec,
    pub(super) trex: Option<Trex>,
}

/// How samples are laid out.
#[derive(Clone, Debug)]
pub(super) enum Codec {
    /// NAL units, of which slices are protected behind their headers.
    Avc(Box<Avc>),
    /// Samples protected whole.
    FullSample,
}

impl TrackConfig {
    /// Reads the sample entry as found in the *clear* init segment, behind which the track's `trex` may stand
    /// ([`record_bytes`] writes both): fragments of some packagers leave sample sizes and durations to its defaults.
    ///
    /// # Errors
    /// [`Error::UnknownCodec`] for all but `avc1`, `avc3` and `mp4a`; [`Error::AlreadyProtected`], [`Error::Box`], [`Error::Configuration`]
    pub fn from_sample_entry(bytes: &[u8]) -> Result<Self, Error> {
        let mut boxes = Boxes::of(bytes);
        let missing = crate::bmff::Error::Truncated { kind: FourCc(*b"stsd"), offset: 0, field: "sample entry" };
        let entry = SampleEntry::parse(boxes.next().ok_or(missing)??)?;
        let trex = boxes.find_kind(b"trex")?.as_ref().map(Trex::parse).transpose()?;
        Self::of(&entry, trex)
    }

    /// Reads a clear init segment.
    ///
    /// # Errors
    /// As [`TrackConfig::from_sample_entry`].
    pub fn from_init(init: &[u8]) -> Result<Self, Error> {
        let init = Init::parse(init)?;
        Self::of(&init.entry, init.trex)
    }

    fn of(entry: &SampleEntry<'_>, trex: Option<Trex>) -> Result<Self, Error> {
        let codec = match &entry.codec().0 {
            b"avc1" | b"avc3" => {
                let avcc = AvcC::parse(&entry.child(b"avcC")?)?;
                Codec::Avc(Box::new(Avc::new(&avcc).map_err(Error::Configuration)?))
            }
            b"mp4a" => Codec::FullSample,
            b"encv" | b"enca" => {
                return Err(Error::AlreadyProtected { kind: entry.codec(), offset: entry.view.offset });
            }
            _ => return Err(Error::UnknownCodec(entry.codec())),
        };
        Ok(Self { codec, trex })
    }
}

/// What a track's record keeps of its clear init segment, for [`TrackConfig::from_sample_entry`]: the sample entry, then `trex`.
///
/// # Errors
/// [`Error::Box`]
pub fn record_bytes(init: &[u8]) -> Result<Vec<u8>, Error> {
    let init = Init::parse(init)?;
    let trex = init.trex_box.map_or(&[][..], |trex| trex.bytes);
    Ok([init.entry.view.bytes, trex].concat())
}
