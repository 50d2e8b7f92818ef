/// The class of tracks that a key was asked for by (SPEKE v2, encryption contract presets), and so what its vendor calls it: pictures of at most 1024×576,
/// 1920×1080, 4096×2160 luma samples, more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Sound.
    Audio,
    /// At most 1024×576.
    Sd,
    /// At most 1920×1080.
    Hd,
    /// At most 4096×2160.
    Uhd1,
    /// Larger pictures.
    Uhd2,
}

impl Class {
    /// All, from the smallest pictures to the largest.
    pub(super) const ALL: [Self; 5] = [Self::Audio, Self::Sd, Self::Hd, Self::Uhd1, Self::Uhd2];

    /// What tests' titles of 16:9 pictures have.
    #[cfg(test)]
    pub(super) fn of_height(max_height: Option<u32>) -> Self {
        match max_height {
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
