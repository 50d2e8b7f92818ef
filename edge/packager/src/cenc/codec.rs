use super::{
    Error,
    av1::{self, Av1},
    avc::{self, Avc},
    hevc::{self, Hevc},
    subsample::Run,
    vp9::{self, Vp9},
};
use crate::bmff::moov::{Av1C, AvcC, HvcC, SampleEntry, VpcC};

/// How a track's samples are laid out, so far as protection goes by it.
#[derive(Clone, Debug)]
pub(super) enum Codec {
    /// NAL units, of which slices are protected behind their headers.
    Avc(Box<Avc>),
    /// The same of HEVC.
    Hevc(Box<Hevc>),
    /// Open bitstream units, of which tiles are protected.
    Av1(Box<Av1>),
    /// Frames, which are protected behind their uncompressed headers.
    Vp9(Box<Vp9>),
    /// Samples protected whole: all audio.
    FullSample,
}

/// What is wrong with a sample, or with the configuration that tells how to read samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SampleError {
    /// Of AVC.
    #[error(transparent)]
    Avc(#[from] avc::Error),
    /// Of HEVC.
    #[error(transparent)]
    Hevc(#[from] hevc::Error),
    /// Of AV1.
    #[error(transparent)]
    Av1(#[from] av1::Error),
    /// Of VP9.
    #[error(transparent)]
    Vp9(#[from] vp9::Error),
}

impl Codec {
    /// Reads a clear sample entry.
    ///
    /// # Errors
    /// [`Error::UnknownCodec`], [`Error::AlreadyProtected`], [`Error::Box`], [`Error::Configuration`]
    pub(super) fn of(entry: &SampleEntry<'_>) -> Result<Self, Error> {
        Ok(match &entry.codec().0 {
            // Dolby Vision over AVC (dva1, dvav) is AVC with an enhancement that decoders of AVC pass over.
            b"avc1" | b"avc3" | b"dva1" | b"dvav" => {
                let avcc = AvcC::parse(&entry.child(b"avcC")?)?;
                Self::Avc(Box::new(Avc::new(&avcc).map_err(|error| Error::Configuration(error.into()))?))
            }
            // Dolby Vision over HEVC likewise: its metadata are NAL units that are no slices.
            b"hvc1" | b"hev1" | b"dvh1" | b"dvhe" => {
                let hvcc = HvcC::parse(&entry.child(b"hvcC")?)?;
                Self::Hevc(Box::new(Hevc::new(&hvcc).map_err(|error| Error::Configuration(error.into()))?))
            }
            // Dolby Vision over AV1 (dav1) is AV1 with metadata units.
            b"av01" | b"dav1" => {
                let av1c = Av1C::parse(&entry.child(b"av1C")?)?;
                Self::Av1(Box::new(Av1::new(&av1c).map_err(|error| Error::Configuration(error.into()))?))
            }
            b"vp09" => {
                VpcC::parse(&entry.child(b"vpcC")?)?;
                Self::Vp9(Box::default())
            }
            b"mp4a" | b"ac-3" | b"ec-3" | b"ac-4" | b"Opus" | b"fLaC" => Self::FullSample,
            b"encv" | b"enca" => {
                return Err(Error::AlreadyProtected { kind: entry.codec(), offset: entry.view.offset });
            }
            _ => return Err(Error::UnknownCodec(entry.codec())),
        })
    }

    /// Whether samples are protected whole, and so have no subsamples.
    pub(super) fn is_full_sample(&self) -> bool {
        matches!(self, Self::FullSample)
    }

    /// The runs of a sample, in order; none where it is protected whole. What a sample tells of those after it is remembered.
    pub(super) fn runs(&mut self, sample: &[u8], each: impl FnMut(Run)) -> Result<(), SampleError> {
        match self {
            Self::Avc(avc) => Ok(avc.runs(sample, each)?),
            Self::Hevc(hevc) => Ok(hevc.runs(sample, each)?),
            Self::Av1(av1) => Ok(av1.runs(sample, each)?),
            Self::Vp9(vp9) => Ok(vp9.runs(sample, each)?),
            Self::FullSample => Ok(()),
        }
    }
}
