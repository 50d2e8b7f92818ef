use sluice_document::words;

use super::Video;

/// A resolution class: video tracks that share a key where a title has keys by resolution, so that a right to one does not open the next.
///
/// The bounds are those of SPEKE 2.0's encryption contract presets, in luma samples of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ResolutionClass {
    /// Up to 1024x576.
    Sd,
    /// Up to 1920x1080.
    Hd,
    /// Up to 4096x2160.
    Uhd1,
    /// Beyond.
    Uhd2,
}

/// Most samples of a picture of the class.
const SD: u64 = 1024 * 576;
const HD: u64 = 1920 * 1080;
const UHD1: u64 = 4096 * 2160;

words!(ResolutionClass { Sd => "sd", Hd => "hd", Uhd1 => "uhd1", Uhd2 => "uhd2" });

impl ResolutionClass {
    /// All of them, from the smallest.
    pub const ALL: [Self; 4] = [Self::Sd, Self::Hd, Self::Uhd1, Self::Uhd2];

    /// The class of a picture; of one that does not tell its size, the highest.
    pub fn of(video: Option<&Video>) -> Self {
        let pixels = video.map(|video| u64::from(video.width) * u64::from(video.height)).filter(|pixels| *pixels > 0);
        match pixels {
            Some(..=SD) => Self::Sd,
            Some(..=HD) => Self::Hd,
            Some(..=UHD1) => Self::Uhd1,
            Some(_) | None => Self::Uhd2,
        }
    }

    /// The least samples of a picture of the class, and the most, if there is a most.
    pub fn pixels(self) -> (u64, Option<u64>) {
        match self {
            Self::Sd => (0, Some(SD)),
            Self::Hd => (SD + 1, Some(HD)),
            Self::Uhd1 => (HD + 1, Some(UHD1)),
            Self::Uhd2 => (UHD1 + 1, None),
        }
    }

    /// The word of CPIX and of documents, in lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sd => "sd",
            Self::Hd => "hd",
            Self::Uhd1 => "uhd1",
            Self::Uhd2 => "uhd2",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds() {
        let class = |width, height| {
            ResolutionClass::of(Some(&Video { width, height, frame_rate: (25, 1), range: None, iframes: None }))
        };
        assert_eq!(class(1024, 576), ResolutionClass::Sd);
        assert_eq!(class(1280, 720), ResolutionClass::Hd);
        assert_eq!(class(1920, 1080), ResolutionClass::Hd);
        assert_eq!(class(1920, 1088), ResolutionClass::Uhd1);
        assert_eq!(class(3840, 2160), ResolutionClass::Uhd1);
        assert_eq!(class(7680, 4320), ResolutionClass::Uhd2);
        assert_eq!((class(0, 0), ResolutionClass::of(None)), (ResolutionClass::Uhd2, ResolutionClass::Uhd2));
    }
}
