use super::{Error, codec::Codec};
use crate::bmff::{
    Boxes, FourCc,
    moov::{Init, SampleEntry, Trex},
};

/// What must be known of a track to protect its segments.
#[derive(Clone, Debug)]
pub struct TrackConfig {
    pub(super) codec: Codec,
    pub(super) trex: Option<Trex>,
}

impl TrackConfig {
    /// Reads the sample entry as found in the *clear* init segment, behind which the track's `trex` may stand
    /// ([`record_bytes`] writes both): fragments of some packagers leave sample sizes and durations to its defaults.
    ///
    /// # Errors
    /// [`Error::UnknownCodec`], [`Error::AlreadyProtected`], [`Error::Box`], [`Error::Configuration`]
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
        Self::of(init.only_entry()?, init.trex)
    }

    /// Defaults of fragments.
    pub(crate) fn trex(&self) -> Option<Trex> {
        self.trex
    }

    fn of(entry: &SampleEntry<'_>, trex: Option<Trex>) -> Result<Self, Error> {
        Ok(Self { codec: Codec::of(entry)?, trex })
    }
}

/// What a track's record keeps of its clear init segment, for [`TrackConfig::from_sample_entry`]: the sample entry, then `trex`.
///
/// # Errors
/// [`Error::Box`]
pub fn record_bytes(init: &[u8]) -> Result<Vec<u8>, Error> {
    let init = Init::parse(init)?;
    let trex = init.trex_box.map_or(&[][..], |trex| trex.bytes);
    Ok([init.only_entry()?.view.bytes, trex].concat())
}
