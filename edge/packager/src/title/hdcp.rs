use sluice_document::words;

/// The copy protection that a display's link must have before a picture is shown (rfc8216bis, 4.4.6.2, HDCP-LEVEL).
///
/// What enforces it is the licence; a manifest tells players what not to ask for. DASH has no attribute for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HdcpLevel {
    /// None: shown on any output.
    None,
    /// HDCP 1.4 or its like.
    Type0,
    /// HDCP 2.2 or its like, and nothing older behind it.
    Type1,
}

words!(HdcpLevel { None => "NONE", Type0 => "TYPE-0", Type1 => "TYPE-1" });

impl HdcpLevel {
    /// The word of HLS, of `title.toml` and of the descriptor.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::Type0 => "TYPE-0",
            Self::Type1 => "TYPE-1",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_documents_are_those_of_hls() {
        for level in [HdcpLevel::None, HdcpLevel::Type0, HdcpLevel::Type1] {
            assert_eq!(serde_json::to_value(level).expect("writes"), level.as_str());
            assert_eq!(serde_json::from_value::<HdcpLevel>(level.as_str().into()).expect("reads"), level);
        }
    }
}
