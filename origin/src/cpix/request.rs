use sluice_packager::{
    keys::Kid,
    title::{KeySystem, ResolutionClass, Scheme},
};
use zeroize::Zeroizing;

use super::{Element, VERSION, system_id, write};

/// `ContentKeyUsageRule@intendedTrackType`, of those that this encryptor uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TrackType {
    /// All video tracks.
    Video,
    /// All audio tracks.
    Audio,
    /// One key for everything.
    All,
    /// Video of one resolution class.
    Class(ResolutionClass),
}

impl TrackType {
    /// The word of CPIX.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Video => "VIDEO",
            Self::Audio => "AUDIO",
            Self::All => "ALL",
            Self::Class(ResolutionClass::Sd) => "SD",
            Self::Class(ResolutionClass::Hd) => "HD",
            Self::Class(ResolutionClass::Uhd1) => "UHD1",
            Self::Class(ResolutionClass::Uhd2) => "UHD2",
        }
    }

    /// The filters of its rule: what kinds of tracks the key is for.
    fn filters(self) -> &'static [&'static str] {
        match self {
            Self::Video | Self::Class(_) => &["VideoFilter"],
            Self::Audio => &["AudioFilter"],
            Self::All => &["VideoFilter", "AudioFilter"],
        }
    }
}

/// A key that is asked for. The encryptor chooses the key id; a provider that changes it is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RequestedKey {
    /// Its id.
    pub kid: Kid,
    /// What it is for.
    pub tracks: TrackType,
}

/// One exchange: the keys of one title in one scheme.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KeyRequest {
    /// `CPIX@contentId`.
    pub content_id: String,
    /// `ContentKey@commonEncryptionScheme`, the same for all keys of a document.
    pub scheme: Scheme,
    /// The keys, no id twice.
    pub keys: Vec<RequestedKey>,
    /// The systems whose signalling is asked for. FairPlay is left out where the scheme is not `cbcs`, identity always.
    pub systems: Vec<KeySystem>,
}

impl KeyRequest {
    /// The systems that stand in the document, with their ids. `DRMSystemList` must not be empty, so that a title of raw
    /// keys alone names ClearKey.
    pub(super) fn listed_systems(&self) -> Vec<(KeySystem, &'static str)> {
        let listed: Vec<_> = KeySystem::ALL
            .into_iter()
            .filter(|system| self.systems.contains(system) && system.allows(self.scheme))
            .filter_map(|system| Some((system, system_id(system)?)))
            .collect();
        if listed.is_empty() {
            let clearkey = KeySystem::Clearkey;
            return system_id(clearkey).map(|id| (clearkey, id)).into_iter().collect();
        }
        listed
    }
}

/// Writes the request: the tree of the answer with the provider's parts left blank.
pub fn write_request(request: &KeyRequest) -> Zeroizing<String> {
    let keys = request.keys.iter().map(|key| {
        Element::cpix("ContentKey").with("kid", key.kid.uuid()).with("commonEncryptionScheme", request.scheme.as_str())
    });
    let systems = request.keys.iter().flat_map(|key| {
        request.listed_systems().into_iter().map(move |(system, id)| {
            Element::cpix("DRMSystem").with("kid", key.kid.uuid()).with("systemId", id).holding(blanks(system))
        })
    });
    let rules = request.keys.iter().map(|key| {
        Element::cpix("ContentKeyUsageRule")
            .with("kid", key.kid.uuid())
            .with("intendedTrackType", key.tracks.as_str())
            .holding(key.tracks.filters().iter().map(|filter| Element::cpix(filter)))
    });
    let document =
        Element::cpix("CPIX").with("contentId", request.content_id.as_str()).with("version", VERSION).holding([
            Element::cpix("ContentKeyList").holding(keys),
            Element::cpix("DRMSystemList").holding(systems),
            Element::cpix("ContentKeyUsageRuleList").holding(rules),
        ]);
    write(&document)
}

/// What a system's signalling consists of, to be filled in by the provider.
fn blanks(system: KeySystem) -> Vec<Element> {
    let hls = ["media", "master"].map(|playlist| Element::cpix("HLSSignalingData").with("playlist", playlist));
    let dash = ["PSSH", "ContentProtectionData"].map(Element::cpix);
    match system {
        KeySystem::Widevine | KeySystem::Playready => dash.into_iter().chain(hls).collect(),
        KeySystem::Fairplay => hls.into(),
        KeySystem::Clearkey => vec![Element::cpix("ContentProtectionData")],
        KeySystem::Identity => Vec::new(),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::cpix::parse;

    pub(in crate::cpix) fn request(scheme: Scheme) -> KeyRequest {
        KeyRequest {
            content_id: "final".to_owned(),
            scheme,
            keys: vec![
                RequestedKey { kid: Kid([1; 16]), tracks: TrackType::Video },
                RequestedKey { kid: Kid([2; 16]), tracks: TrackType::Audio },
            ],
            systems: KeySystem::ALL.to_vec(),
        }
    }

    #[test]
    fn a_request_has_all_that_speke_demands() {
        for (scheme, systems) in [(Scheme::Cbcs, 4), (Scheme::Cenc, 3)] {
            let tree = parse(write_request(&request(scheme)).as_bytes()).expect("well-formed");
            assert_eq!((tree.attribute("contentId"), tree.attribute("version")), (Some("final"), Some("2.3")));
            let list = |name: &str| tree.child(name).expect("present").children.len();
            assert_eq!(
                (list("ContentKeyList"), list("DRMSystemList"), list("ContentKeyUsageRuleList")),
                (2, 2 * systems, 2)
            );
        }
        let raw = KeyRequest { systems: vec![KeySystem::Identity], ..request(Scheme::Cenc) };
        assert_eq!(raw.listed_systems().len(), 1);
    }
}
