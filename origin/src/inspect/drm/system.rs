use std::fmt;

use serde::Serialize;
use sluice_packager::{
    drm::{clearkey, fairplay, playready, widevine},
    keys::Kid,
};

/// A key system, by its id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct System {
    /// The system's UUID.
    pub id: String,
    /// Its name, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<&'static str>,
}

/// Ids and names as DASH-IF registers them (dashif.org/identifiers/content_protection).
const KNOWN: [(&str, &str); 20] = [
    ("edef8ba9-79d6-4ace-a3c8-27dcd51d21ed", "Widevine"),
    ("9a04f079-9840-4286-ab92-e65be0885f95", "PlayReady"),
    ("94ce86fb-07ff-4f43-adb8-93d2fa968ca2", "FairPlay"),
    ("e2719d58-a985-b3c9-781a-b030af78d30e", "ClearKey"),
    ("1077efec-c0b2-4d02-ace3-3c1e52e2fb4b", "W3C common"),
    ("3ea8778f-7742-4bf9-b18b-e834b2acbd47", "Clear Key AES-128"),
    ("be58615b-19c4-4684-88b3-c8c57e99e957", "Clear Key SAMPLE-AES"),
    ("5e629af5-38da-4063-8977-97ffbd9902d4", "Marlin"),
    ("f239e769-efa3-4850-9c16-a903c6932efb", "Adobe Primetime"),
    ("9a27dd82-fde2-4725-8cbc-4234aa06ec09", "Verimatrix VCAS"),
    ("adb41c24-2dbf-4a6d-958b-4457c0d27b95", "Nagra MediaAccess"),
    ("3d5e6d35-9b9a-41e8-b843-dd3c6e72c42c", "WisePlay (ChinaDRM)"),
    ("80a6be7e-1448-4c37-9e70-d5aebe04c8d2", "Irdeto"),
    ("35bf197b-530e-42d7-8b65-1b4bf415070f", "DivX"),
    ("a68129d3-575b-4f1a-9cba-3223846cf7c3", "VideoGuard"),
    ("b4413586-c58c-ffb0-94a5-d4896c1af6c3", "Viaccess-Orca"),
    ("644fe7b5-260f-4fad-949a-0762ffb054b4", "CMLA (OMA DRM)"),
    ("1f83e1e8-6ee9-4f0d-ba2f-5ec4e3ed1a66", "SecureMedia"),
    ("6a99532d-869f-5922-9a91-113ab7b1e2f3", "MobiTV"),
    ("992c46e6-c437-4899-b6a0-50fa91ad0e39", "SecureMedia SteelKnot"),
];

impl System {
    /// The system of that id, in box order.
    pub(crate) fn of(id: [u8; 16]) -> Self {
        Self::named(Kid(id).uuid())
    }

    /// The system of a `urn:uuid:…`.
    pub(crate) fn of_urn(urn: &str) -> Option<Self> {
        let id = urn.get(..9).filter(|prefix| prefix.eq_ignore_ascii_case("urn:uuid:")).and_then(|_| urn.get(9..))?;
        Some(Self::named(id.parse::<Kid>().ok()?.uuid()))
    }

    /// The system of an HLS `KEYFORMAT`; none for `identity`, the raw key, and for one that is not known.
    pub(crate) fn of_keyformat(keyformat: &str) -> Option<Self> {
        match keyformat {
            playready::KEYFORMAT => Self::of_urn(playready::URN),
            fairplay::KEYFORMAT => Self::of_urn(fairplay::URN),
            clearkey::KEYFORMAT => Self::of_urn(clearkey::URN),
            // What shaka-packager 2 and older players called Widevine.
            "com.widevine" => Self::of_urn(widevine::URN),
            urn => Self::of_urn(urn),
        }
    }

    fn named(id: String) -> Self {
        let name = KNOWN.iter().find(|(known, _)| *known == id).map(|(_, name)| *name);
        Self { id, name }
    }
}

impl fmt::Display for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name {
            Some(name) => f.write_str(name),
            None => write!(f, "system {}", self.id),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn systems_are_named_by_id_urn_and_keyformat() {
        let name = |system: Option<System>| system.and_then(|system| system.name);
        assert_eq!(name(Some(System::of(widevine::SYSTEM.0))), Some("Widevine"));
        assert_eq!(name(System::of_urn("URN:UUID:9A04F079-9840-4286-AB92-E65BE0885F95")), Some("PlayReady"));
        assert_eq!(name(System::of_keyformat(fairplay::KEYFORMAT)), Some("FairPlay"));
        assert_eq!(System::of_keyformat(clearkey::IDENTITY), None);
        assert_eq!(System::of([7; 16]).to_string(), "system 07070707-0707-0707-0707-070707070707");
    }
}
