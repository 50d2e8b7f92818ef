use sluice_packager::{
    keys::Kid,
    title::{KeySystem, ResolutionClass, Scheme},
};
use zeroize::Zeroizing;

use super::{Element, Profile, Recipient, system_id, write};

/// `ContentKeyUsageRule@intendedTrackType`, of those that this encryptor uses.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TrackType {
    /// All video tracks.
    Video,
    /// All audio tracks.
    Audio,
    /// Audio of up to two channels.
    Stereo,
    /// Audio of three channels or more.
    Multichannel,
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
            Self::Stereo => "STEREO_AUDIO",
            Self::Multichannel => "MULTICHANNEL_AUDIO",
            Self::All => "ALL",
            Self::Class(ResolutionClass::Sd) => "SD",
            Self::Class(ResolutionClass::Hd) => "HD",
            Self::Class(ResolutionClass::Uhd1) => "UHD1",
            Self::Class(ResolutionClass::Uhd2) => "UHD2",
            Self::Track { id, .. } => id,
        }
    }

    /// The filters of its rule: what kinds of tracks the key is for. SPEKE wants those of `ALL` to have no attributes.
    fn filters(&self) -> Vec<Element> {
        let (video, audio) = (Element::cpix("VideoFilter"), Element::cpix("AudioFilter"));
        match self {
            Self::Video | Self::Track { video: true, .. } => vec![video],
            Self::Class(class) => {
                let (least, most) = class.pixels();
                let video = if least > 0 { video.with("minPixels", least.to_string()) } else { video };
                vec![match most {
                    Some(most) => video.with("maxPixels", most.to_string()),
                    None => video,
                }]
            }
            Self::Audio | Self::Track { video: false, .. } => vec![audio],
            Self::Stereo => vec![audio.with("maxChannels", "2")],
            Self::Multichannel => vec![audio.with("minChannels", "3")],
            Self::All => vec![video, audio],
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

    fn rotates(&self) -> bool {
        self.keys.iter().any(|key| Some(key.period) != self.keys.first().map(|first| first.period))
    }

    /// The key periods, where there is more than one.
    pub(super) fn periods(&self) -> Option<Element> {
        let mut periods: Vec<u32> = self.keys.iter().map(|key| key.period).collect();
        periods.sort_unstable();
        periods.dedup();
        let listed = periods.iter().map(|period| {
            Element::cpix("ContentKeyPeriod").with("id", period_id(*period)).with("index", period.to_string())
        });
        self.rotates().then(|| Element::cpix("ContentKeyPeriodList").holding(listed))
    }

    /// The usage rule of a key.
    pub(super) fn rule(&self, key: &RequestedKey) -> Element {
        let period = self.rotates().then(|| Element::cpix("KeyPeriodFilter").with("periodId", period_id(key.period)));
        Element::cpix("ContentKeyUsageRule")
            .with("kid", key.kid.uuid())
            .with("intendedTrackType", key.tracks.as_str())
            .holding(period.into_iter().chain(key.tracks.filters()))
    }
}

/// Writes the request, of SPEKE v2.0 and for keys in the clear.
pub fn write_request(request: &KeyRequest) -> Zeroizing<String> {
    Profile::default().write_request(request)
}

impl Profile<'_> {
    /// Writes the request: the tree of the answer with the provider's parts left blank.
    pub fn write_request(&self, request: &KeyRequest) -> Zeroizing<String> {
        let scheme = request.scheme.as_str();
        let keys = request
            .keys
            .iter()
            .map(|key| Element::cpix("ContentKey").with("kid", key.kid.uuid()).with("commonEncryptionScheme", scheme));
        let systems = request.keys.iter().flat_map(|key| {
            request.listed_systems().into_iter().map(move |(system, id)| {
                Element::cpix("DRMSystem").with("kid", key.kid.uuid()).with("systemId", id).holding(blanks(system))
            })
        });
        let lists = [
            self.recipient.map(Recipient::delivery_data),
            Some(Element::cpix("ContentKeyList").holding(keys)),
            Some(Element::cpix("DRMSystemList").holding(systems)),
            request.periods(),
            Some(Element::cpix("ContentKeyUsageRuleList").holding(request.keys.iter().map(|key| request.rule(key)))),
        ];
        let document = Element::cpix("CPIX").with("contentId", request.content_id.as_str());
        write(&document.with("version", self.version.cpix()).holding(lists.into_iter().flatten()))
    }
}

/// An `xs:ID`, which does not begin with a digit.
fn period_id(period: u32) -> String {
    format!("period-{period}")
}

/// What a system's signalling consists of, to be filled in by the provider.
pub(super) fn blanks(system: KeySystem) -> Vec<Element> {
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
    fn filters_have_the_bounds_of_the_preset() {
        let filters = |tracks: TrackType| {
            let attributes = tracks.filters().into_iter().map(|filter| {
                let said: Vec<String> =
                    filter.attributes.iter().map(|(name, value)| format!("{name}={value}")).collect();
                format!("{} {}", filter.name, said.join(" "))
            });
            attributes.collect::<Vec<_>>()
        };
        let class = |class| filters(TrackType::Class(class));
        assert_eq!(class(ResolutionClass::Sd), ["VideoFilter maxPixels=589824"]);
        assert_eq!(class(ResolutionClass::Hd), ["VideoFilter minPixels=589825 maxPixels=2073600"]);
        assert_eq!(class(ResolutionClass::Uhd1), ["VideoFilter minPixels=2073601 maxPixels=8847360"]);
        assert_eq!(class(ResolutionClass::Uhd2), ["VideoFilter minPixels=8847361"]);
        assert_eq!(filters(TrackType::All), ["VideoFilter ", "AudioFilter "]);
        assert_eq!(filters(TrackType::Stereo), ["AudioFilter maxChannels=2"]);
        assert_eq!(filters(TrackType::Multichannel), ["AudioFilter minChannels=3"]);
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
