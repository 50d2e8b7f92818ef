use serde::Serialize;
use sluice_document::words;

/// What a licence is restricted to. What is `None` is left to the vendor's default and to the configured template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Restrictions {
    /// The tallest picture that the session may have, in pixels. Keys that open taller ones are the caller's to leave out; a key that opens both is
    /// refused where the vendor cannot cap the picture itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_height: Option<u32>,
    /// What an output's protection must be at least, for every key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hdcp: Option<Hdcp>,
    /// What the device must protect keys and pictures by at least, for every key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security_level: Option<SecurityLevel>,
    /// The licence's life from now, in seconds.
    pub seconds: u64,
    /// Whether the licence may be stored on the device.
    pub persistent: bool,
}

/// The least version of HDCP on digital outputs. Ordered: a later one is stricter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hdcp {
    /// 1.0, any.
    V1,
    /// 2.0.
    V2_0,
    /// 2.1.
    V2_1,
    /// 2.2.
    V2_2,
    /// 2.3.
    V2_3,
}

words!(Hdcp { V1 => "1.0", V2_0 => "2.0", V2_1 => "2.1", V2_2 => "2.2", V2_3 => "2.3" });

/// Where a device handles keys and pictures: Widevine's five levels. Ordered: a later one is stricter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SecurityLevel {
    /// Keys in obfuscated software. PlayReady 150 and Widevine L3.
    SoftwareCrypto,
    /// Keys and decoding in obfuscated software.
    SoftwareDecode,
    /// Keys in a trusted execution environment: Widevine L2.
    HardwareCrypto,
    /// Keys and decoding in a trusted execution environment: Widevine L1.
    HardwareDecode,
    /// All handling of the media, compressed or not, in a trusted execution environment: Widevine L1.
    HardwareAll,
}

words!(SecurityLevel {
    SoftwareCrypto => "software_crypto",
    SoftwareDecode => "software_decode",
    HardwareCrypto => "hardware_crypto",
    HardwareDecode => "hardware_decode",
    HardwareAll => "hardware_all",
});

impl SecurityLevel {
    /// PlayReady's `MinimumSecurityLevel` that promises as much: 2000 (software, hardened) or 3000 (a trusted execution environment).
    pub(super) fn playready(self) -> u32 {
        if self >= Self::HardwareCrypto { 3000 } else { 2000 }
    }
}
