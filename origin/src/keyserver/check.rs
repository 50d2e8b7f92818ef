use sluice_packager::{
    keys::Kid,
    title::{KeySystem, Scheme},
};

use crate::cpix::{Element, VERSION, system_id};

/// Why a request is refused (422). Where SPEKE's documentation has a text for the case, it is that text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// `X-Speke-Version` is missing or not 2.0.
    #[error("Unsupported SPEKE version")]
    SpekeVersion,
    /// The root is not `CPIX`.
    #[error("The document is not CPIX")]
    NotCpix,
    /// A mandatory element or attribute is missing, empty or malformed.
    #[error("Missing {0}")]
    Missing(&'static str),
    /// `CPIX@version` is not 2.3.
    #[error("Unsupported CPIX@version")]
    CpixVersion,
    /// A list stands there twice.
    #[error("More than one {0}")]
    Repeated(&'static str),
    /// A `ContentKey` without a scheme.
    #[error("Missing ContentKey@commonEncryptionScheme for KID {}", .0.uuid())]
    NoScheme(Kid),
    /// A scheme that this server does not know, or two in one document.
    #[error("Non compliant ContentKey@commonEncryptionScheme combination")]
    Schemes,
    /// A key id twice in `ContentKeyList`, or in `DRMSystemList` for one system.
    #[error("KID {} stands twice in {list}", kid.uuid())]
    Twice {
        /// The key id.
        kid: Kid,
        /// The list.
        list: &'static str,
    },
    /// A key id that `ContentKeyList` does not have.
    #[error("KID {} is used in {list} and is not in ContentKeyList", kid.uuid())]
    UnknownKid {
        /// The key id.
        kid: Kid,
        /// The list.
        list: &'static str,
    },
    /// A key that no usage rule uses.
    #[error("KID {} has no ContentKeyUsageRule", .0.uuid())]
    Unused(Kid),
    /// A system that is unknown here.
    #[error("Unsupported DRMSystem@systemId {0}")]
    System(String),
    /// FairPlay under `cenc`.
    #[error("Non compliant ContentKey@commonEncryptionScheme for FairPlay, which needs cbcs")]
    Fairplay,
    /// `HLSSignalingData` that is not the pair of `media` and `master`.
    #[error("HLSSignalingData of KID {} is not the pair of playlist=\"media\" and playlist=\"master\"", .0.uuid())]
    HlsPair(Kid),
    /// A rule without a filter, or with one that contradicts its track type.
    #[error("ContentKeyUsageRule of KID {} has no VideoFilter or AudioFilter that goes with its intendedTrackType", .0.uuid())]
    Filter(Kid),
    /// A rule for all tracks beside others.
    #[error("intendedTrackType ALL stands beside other ContentKeyUsageRules")]
    AllAndOthers,
    /// Two keys for one kind of track and period.
    #[error("intendedTrackType {0} has more than one KID")]
    Ambiguous(String),
    /// An `explicitIV` that is not 16 bytes of base64.
    #[error("explicitIV of KID {} is not 16 bytes in base64", .0.uuid())]
    ExplicitIv(Kid),
}

/// What a request that is in order asks for.
pub(super) struct Checked {
    pub(super) scheme: Scheme,
}

/// Checks what SPEKE v2.0 makes mandatory, and that the document does not contradict itself.
pub(super) fn check(root: &Element) -> Result<Checked, Refusal> {
    if !root.is("CPIX") {
        return Err(Refusal::NotCpix);
    }
    root.attribute("contentId").ok_or(Refusal::Missing("CPIX@contentId"))?;
    if root.attribute("version").ok_or(Refusal::Missing("CPIX@version"))? != VERSION {
        return Err(Refusal::CpixVersion);
    }
    let (scheme, kids) = content_keys(list(root, "ContentKeyList", "ContentKey")?)?;
    systems(list(root, "DRMSystemList", "DRMSystem")?, scheme, &kids)?;
    usage_rules(list(root, "ContentKeyUsageRuleList", "ContentKeyUsageRule")?, &kids)?;
    Ok(Checked { scheme })
}

/// The one list of that name, which must not be empty.
fn list<'a>(root: &'a Element, name: &'static str, entry: &'static str) -> Result<&'a Element, Refusal> {
    let mut all = root.all(name);
    let list = all.next().ok_or(Refusal::Missing(name))?;
    if all.next().is_some() {
        return Err(Refusal::Repeated(name));
    }
    list.child(entry).ok_or(Refusal::Missing(entry))?;
    Ok(list)
}

pub(super) fn kid_of(element: &Element, missing: &'static str) -> Result<Kid, Refusal> {
    element.attribute("kid").and_then(|kid| kid.parse().ok()).ok_or(Refusal::Missing(missing))
}

/// The system of a `DRMSystem`, of those that content can be signalled for.
pub(super) fn system_of(element: &Element) -> Result<KeySystem, Refusal> {
    let id = element.attribute("systemId").ok_or(Refusal::Missing("DRMSystem@systemId"))?;
    KeySystem::ALL
        .into_iter()
        .find(|system| system_id(*system).is_some_and(|known| known.eq_ignore_ascii_case(id)))
        .ok_or_else(|| Refusal::System(id.chars().take(64).collect()))
}

fn content_keys(list: &Element) -> Result<(Scheme, Vec<Kid>), Refusal> {
    let (mut scheme, mut kids) = (None, Vec::new());
    for key in list.all("ContentKey") {
        let kid = kid_of(key, "ContentKey@kid")?;
        if kids.contains(&kid) {
            return Err(Refusal::Twice { kid, list: "ContentKeyList" });
        }
        kids.push(kid);
        let own = match key.attribute("commonEncryptionScheme").ok_or(Refusal::NoScheme(kid))? {
            "cenc" => Scheme::Cenc,
            "cbcs" => Scheme::Cbcs,
            _ => return Err(Refusal::Schemes),
        };
        if *scheme.get_or_insert(own) != own {
            return Err(Refusal::Schemes);
        }
    }
    Ok((scheme.ok_or(Refusal::Missing("ContentKey"))?, kids))
}

fn systems(list: &Element, scheme: Scheme, kids: &[Kid]) -> Result<(), Refusal> {
    let mut seen = Vec::new();
    for element in list.all("DRMSystem") {
        let kid = kid_of(element, "DRMSystem@kid")?;
        let system = system_of(element)?;
        if !kids.contains(&kid) {
            return Err(Refusal::UnknownKid { kid, list: "DRMSystemList" });
        }
        if seen.contains(&(kid, system)) {
            return Err(Refusal::Twice { kid, list: "DRMSystemList" });
        }
        seen.push((kid, system));
        if !system.allows(scheme) {
            return Err(Refusal::Fairplay);
        }
        let mut playlists: Vec<_> = element.all("HLSSignalingData").map(|data| data.attribute("playlist")).collect();
        playlists.sort_unstable();
        if !playlists.is_empty() && playlists != [Some("master"), Some("media")] {
            return Err(Refusal::HlsPair(kid));
        }
    }
    Ok(())
}

fn usage_rules(list: &Element, kids: &[Kid]) -> Result<(), Refusal> {
    // Track type and key period of each rule, with its key.
    let mut seen: Vec<((&str, Option<&str>), Kid)> = Vec::new();
    for rule in list.all("ContentKeyUsageRule") {
        let kid = kid_of(rule, "ContentKeyUsageRule@kid")?;
        let tracks =
            rule.attribute("intendedTrackType").ok_or(Refusal::Missing("ContentKeyUsageRule@intendedTrackType"))?;
        if !kids.contains(&kid) {
            return Err(Refusal::UnknownKid { kid, list: "ContentKeyUsageRuleList" });
        }
        let (video, audio) = (rule.child("VideoFilter").is_some(), rule.child("AudioFilter").is_some());
        if !(match kind(tracks) {
            Kind::All => video && audio,
            Kind::Video => video && !audio,
            Kind::Audio => audio && !video,
            Kind::Unknown => video || audio,
        }) {
            return Err(Refusal::Filter(kid));
        }
        let place = (tracks, rule.child("KeyPeriodFilter").and_then(|period| period.attribute("periodId")));
        if seen.iter().any(|(known, other)| *known == place && *other != kid) {
            return Err(Refusal::Ambiguous(tracks.chars().take(64).collect()));
        }
        seen.push((place, kid));
    }
    let all = |tracks: &str| matches!(kind(tracks), Kind::All);
    let has = |wanted: bool, period| seen.iter().any(|((tracks, own), _)| all(tracks) == wanted && *own == period);
    if seen.iter().any(|((_, period), _)| has(true, *period) && has(false, *period)) {
        return Err(Refusal::AllAndOthers);
    }
    match kids.iter().find(|kid| !seen.iter().any(|(_, used)| used == *kid)) {
        Some(kid) => Err(Refusal::Unused(*kid)),
        None => Ok(()),
    }
}

enum Kind {
    All,
    Video,
    Audio,
    /// A type of the encryptor's own.
    Unknown,
}

/// What an `intendedTrackType` speaks of: SPEKE's presets, joined with `+`.
fn kind(tracks: &str) -> Kind {
    let every = |known: &[&str]| tracks.split('+').all(|part| known.contains(&part));
    if tracks == "ALL" {
        Kind::All
    } else if every(&["VIDEO", "SD", "HD", "HD1", "HD2", "UHD", "UHD1", "UHD2"]) {
        Kind::Video
    } else if every(&["AUDIO", "STEREO_AUDIO", "MULTICHANNEL_AUDIO"]) {
        Kind::Audio
    } else {
        Kind::Unknown
    }
}
