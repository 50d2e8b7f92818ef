use sluice_document::words;

use super::TrackKind;

/// What a track is for among those of its kind: the words of DASH (ISO/IEC 23009-1, 5.8.5.5, `urn:mpeg:dash:role:2011`), of `title.toml` and of the
/// descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// What players begin with.
    Main,
    /// Audio in another language than the original's.
    Dub,
    /// In place of the main one.
    Alternate,
    /// Text for those who do not understand what is said.
    Subtitle,
    /// Text for those who cannot hear: what is said, and what else sounds.
    Caption,
    /// Text that is shown unasked, where something is said or written that the main language does not explain.
    ForcedSubtitle,
    /// Audio that tells those who cannot see what is shown.
    Description,
    /// Beside the main one.
    Supplementary,
    /// Somebody's remarks on what is shown.
    Commentary,
}

words!(Role {
    Main => "main",
    Dub => "dub",
    Alternate => "alternate",
    Subtitle => "subtitle",
    Caption => "caption",
    ForcedSubtitle => "forced-subtitle",
    Description => "description",
    Supplementary => "supplementary",
    Commentary => "commentary",
});

impl Role {
    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Dub => "dub",
            Self::Alternate => "alternate",
            Self::Subtitle => "subtitle",
            Self::Caption => "caption",
            Self::ForcedSubtitle => "forced-subtitle",
            Self::Description => "description",
            Self::Supplementary => "supplementary",
            Self::Commentary => "commentary",
        }
    }

    /// Whether a track of that kind can have the role. Video that is anything but main would be a rendition of its own, which no manifest here makes.
    pub fn fits(self, kind: TrackKind) -> bool {
        match self {
            Self::Main => true,
            Self::Alternate | Self::Supplementary | Self::Commentary => kind != TrackKind::Video,
            Self::Dub | Self::Description => kind == TrackKind::Audio,
            Self::Subtitle | Self::Caption | Self::ForcedSubtitle => kind == TrackKind::Text,
        }
    }

    /// Whether only who asks for it is to get it: never chosen by language alone.
    pub fn is_asked_for(self) -> bool {
        matches!(self, Self::Supplementary | Self::Commentary)
    }

    /// Whether players may begin with it, where nothing says with what.
    pub fn can_begin(self) -> bool {
        self != Self::Description && !self.is_asked_for()
    }

    /// The value of HLS `CHARACTERISTICS` (rfc8216bis, 4.4.6.1).
    pub fn characteristics(self) -> Option<&'static str> {
        match self {
            Self::Description => Some("public.accessibility.describes-video"),
            Self::Caption => {
                Some("public.accessibility.transcribes-spoken-dialog,public.accessibility.describes-music-and-sound")
            }
            _ => None,
        }
    }

    /// The term of `urn:tva:metadata:cs:AudioPurposeCS:2007` by which DASH `Accessibility` names it (ETSI TS 103 285, 6.1.2).
    pub fn audio_purpose(self) -> Option<u8> {
        match self {
            Self::Description => Some(1),
            Self::Caption => Some(2),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_documents_are_those_of_dash() {
        use Role::*;
        for role in [Main, Dub, Alternate, Subtitle, Caption, ForcedSubtitle, Description, Supplementary, Commentary] {
            assert_eq!(serde_json::to_value(role).expect("writes"), role.as_str());
            assert!([TrackKind::Video, TrackKind::Audio, TrackKind::Text].iter().any(|kind| role.fits(*kind)));
        }
    }
}
