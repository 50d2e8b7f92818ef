use super::Key;

/// What vendors call keys by the pictures that they open, as encryption contracts of SPEKE v2 divide them: at most 1024×576, 1920×1080, 4096×2160, more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    Audio,
    Sd,
    Hd,
    Uhd1,
    Uhd2,
}

impl Class {
    /// All, from the smallest pictures to the largest.
    pub(super) const ALL: [Self; 5] = [Self::Audio, Self::Sd, Self::Hd, Self::Uhd1, Self::Uhd2];

    pub(super) fn of(key: &Key) -> Self {
        match key.max_height {
            None => Self::Audio,
            Some(..=576) => Self::Sd,
            Some(..=1080) => Self::Hd,
            Some(..=2160) => Self::Uhd1,
            Some(_) => Self::Uhd2,
        }
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Audio => "AUDIO",
            Self::Sd => "SD",
            Self::Hd => "HD",
            Self::Uhd1 => "UHD1",
            Self::Uhd2 => "UHD2",
        }
    }
}
