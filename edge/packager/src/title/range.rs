use sluice_document::words;

/// The range of a picture's luminance, as far as manifests tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VideoRange {
    /// Standard.
    Sdr,
    /// Hybrid log-gamma (ITU-R BT.2100).
    Hlg,
    /// Perceptual quantiser (ITU-R BT.2100, SMPTE ST 2084).
    Pq,
}

words!(VideoRange { Sdr => "SDR", Hlg => "HLG", Pq => "PQ" });

impl VideoRange {
    /// The range that these transfer characteristics (ISO/IEC 23091-2, 8.2) are of; `None` where rfc8216bis (4.4.6.2, VIDEO-RANGE) names none for
    /// them.
    pub fn of(transfer: u16) -> Option<Self> {
        match transfer {
            1 | 6 | 13 | 14 | 15 => Some(Self::Sdr),
            16 => Some(Self::Pq),
            18 => Some(Self::Hlg),
            _ => None,
        }
    }

    /// The word of HLS.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sdr => "SDR",
            Self::Hlg => "HLG",
            Self::Pq => "PQ",
        }
    }

    /// Transfer characteristics as DASH gives them.
    pub fn transfer(self) -> u16 {
        match self {
            Self::Sdr => 1,
            Self::Hlg => 18,
            Self::Pq => 16,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_range_is_written_as_reads_as_that_range() {
        for range in [VideoRange::Sdr, VideoRange::Hlg, VideoRange::Pq] {
            assert_eq!(VideoRange::of(range.transfer()), Some(range));
            assert_eq!(serde_json::to_value(range).expect("writes"), range.as_str());
        }
        assert_eq!(VideoRange::of(2), None, "unspecified");
    }
}
