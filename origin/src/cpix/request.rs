use sluice_packager::{
    keys::Kid,
    title::{KeySystem, ResolutionClass, Scheme},
};
use zeroize::Zeroizing;

use super::{Element, VERSION, system_id, write};

/// `ContentKeyUsageRule@intendedTrackType`, of those that this encryptor uses.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TrackType {
    /// All video tracks.
    Video,
    /// All audio tracks.
    Audio,
    /// One key for everything.
    All,
    /// Video of one resolution class.
    Class(ResolutionClass),
    /// One track: SPEKE's presets have no word for it, so that its id is the word.
    Track {
        /// The track's id.
        id: String,
        /// Whether it is video rather than audio.
        video: bool,
    },
}

impl TrackType {
    /// The word of CPIX.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Video => "VIDEO",
            Self::Audio => "AUDIO",
            Self::All => "ALL",
            Self::Class(ResolutionClass::Sd) => "SD",
            Self::Class(ResolutionClass::Hd) => "HD",
            Self::Class(ResolutionClass::Uhd1) => "UHD1",
            Self::Class(ResolutionClass::Uhd2) => "UHD2",
            Self::Track { id, .. } => id,
        }
    }

    /// The filters of its rule: what kinds of tracks the key is for.
    fn filters(&self) -> &'static [&'static str] {
        match self {
            Self::Video | Self::Class(_) | Self::Track { video: true, .. } => &["VideoFilter"],
            Self::Audio | Self::Track { video: false, .. } => &["AudioFilter"],
            Self::All => &["VideoFilter", "AudioFilter"],
        }
    }
}

/// A key that is asked for. The encryptor chooses the key id; a provider that changes it is refused.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RequestedKey {
    /// Its id.
    pub kid: Kid,
    /// What it is for.
    pub tracks: TrackType,
    /// When it is: the key period, from 0. Periods are told of only where there is more than one.
    pub period: u32,
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
    let mut periods: Vec<u32> = request.keys.iter().map(|key| key.period).collect();
    periods.sort_unstable();
    periods.dedup();
    let rotate = periods.len() > 1;
    let rules = request.keys.iter().map(|key| {
        let period = rotate.then(|| Element::cpix("KeyPeriodFilter").with("periodId", period_id(key.period)));
        Element::cpix("ContentKeyUsageRule")
            .with("kid", key.kid.uuid())
            .with("intendedTrackType", key.tracks.as_str())
            .holding(period.into_iter().chain(key.tracks.filters().iter().map(|filter| Element::cpix(filter))))
    });
    let listed = periods.iter().map(|period| {
        Element::cpix("ContentKeyPeriod").with("id", period_id(*period)).with("index", period.to_string())
    });
    let period_list = rotate.then(|| Element::cpix("ContentKeyPeriodList").holding(listed));
    let lists = [
        Some(Element::cpix("ContentKeyList").holding(keys)),
        Some(Element::cpix("DRMSystemList").holding(systems)),
        period_list,
        Some(Element::cpix("ContentKeyUsageRuleList").holding(rules)),
    ];
    let document = Element::cpix("CPIX").with("contentId", request.content_id.as_str()).with("version", VERSION);
    write(&document.holding(lists.into_iter().flatten()))
}

/// An `xs:ID`, which does not begin with a digit.
fn period_id(period: u32) -> String {
    format!("period-{period}")
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
                RequestedKey { kid: Kid([1; 16]), tracks: TrackType::Video, period: 0 },
                RequestedKey { kid: Kid([2; 16]), tracks: TrackType::Audio, period: 0 },
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
        assert!(
            parse(write_request(&request(Scheme::Cbcs)).as_bytes())
                .expect("well-formed")
                .child("ContentKeyPeriodList")
                .is_none()
        );
        let mut rotating = request(Scheme::Cbcs);
        let track = TrackType::Track { id: "en".to_owned(), video: false };
        rotating.keys.push(RequestedKey { kid: Kid([3; 16]), tracks: track, period: 1 });
        let tree = parse(write_request(&rotating).as_bytes()).expect("well-formed");
        let periods: Vec<_> = tree
            .child("ContentKeyPeriodList")
            .expect("periods")
            .all("ContentKeyPeriod")
            .map(|one| one.attribute("index"))
            .collect();
        assert_eq!(periods, [Some("0"), Some("1")]);
        let rule = tree.child("ContentKeyUsageRuleList").and_then(|list| list.children.last()).expect("a rule");
        assert_eq!(rule.attribute("intendedTrackType"), Some("en"));
        let period = rule.child("KeyPeriodFilter").and_then(|filter| filter.attribute("periodId"));
        assert_eq!((period, rule.child("AudioFilter").is_some()), (Some("period-1"), true));
        let raw = KeyRequest { systems: vec![KeySystem::Identity], ..request(Scheme::Cenc) };
        assert_eq!(raw.listed_systems().len(), 1);
    }
}
