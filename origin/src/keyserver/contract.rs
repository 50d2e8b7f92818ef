use sluice_packager::keys::Kid;

use super::{
    Refusal,
    check::kid_of,
    refusal::{Malformed, said},
};
use crate::cpix::Element;

/// A rule's track type and key periods.
struct Rule<'a> {
    tracks: &'a str,
    /// Empty is every period.
    periods: Vec<&'a str>,
}

impl Rule<'_> {
    fn shares_a_period(&self, other: &Self) -> bool {
        let of_other = |period| other.periods.contains(period);
        self.periods.is_empty() || other.periods.is_empty() || self.periods.iter().any(of_other)
    }
}

/// Checks `ContentKeyUsageRuleList`: SPEKE v2.0, "Encryption contract". `periods` are the ids of `ContentKeyPeriodList`,
/// `None` where the document has no such list.
pub(super) fn check(list: &Element, kids: &[Kid], periods: Option<&[&str]>) -> Result<(), Refusal> {
    let filters = |rule: &Element| rule.child("VideoFilter").is_some() || rule.child("AudioFilter").is_some();
    if !list.all("ContentKeyUsageRule").any(filters) {
        return Err(Refusal::NoContract);
    }
    let (mut rules, mut used) = (Vec::<Rule<'_>>::new(), Vec::new());
    for element in list.all("ContentKeyUsageRule") {
        let kid = kid_of(element, "ContentKeyUsageRule@kid")?;
        let tracks =
            element.attribute("intendedTrackType").ok_or(Refusal::Missing("ContentKeyUsageRule@intendedTrackType"))?;
        if !kids.contains(&kid) {
            return Err(Refusal::UnknownKid { kid, list: "ContentKeyUsageRuleList" });
        }
        let types = Types::of(tracks);
        if types.audio > 0 && types.uhd {
            return Err(Refusal::Unsupported(said(tracks)));
        }
        check_filters(element, &types, kid).map_err(Refusal::Contract)?;
        let rule = Rule { tracks, periods: period_filters(element, kid, periods)? };
        for other in rules.iter().filter(|other| other.shares_a_period(&rule)) {
            if other.tracks == rule.tracks {
                return Err(Refusal::Contract(Malformed::Ambiguous(said(tracks))));
            }
            if other.tracks == "ALL" || rule.tracks == "ALL" {
                return Err(Refusal::Contract(Malformed::AllAndOthers));
            }
        }
        rules.push(rule);
        used.push(kid);
    }
    match kids.iter().find(|kid| !used.contains(kid)) {
        Some(kid) => Err(Refusal::Contract(Malformed::Unused(*kid))),
        None => Ok(()),
    }
}

fn period_filters<'a>(rule: &'a Element, kid: Kid, known: Option<&[&str]>) -> Result<Vec<&'a str>, Refusal> {
    let missing = Refusal::Missing("KeyPeriodFilter@periodId");
    let filters: Vec<_> = rule
        .all("KeyPeriodFilter")
        .map(|filter| filter.attribute("periodId").ok_or_else(|| missing.clone()))
        .collect::<Result<_, _>>()?;
    // awslabs' v2 suite asks for titles without periods by rules that filter one: it is a name, then, and no more.
    match known {
        Some(known) if !filters.iter().all(|id| known.contains(id)) => {
            Err(Refusal::Contract(Malformed::UnknownPeriod(kid)))
        }
        _ => Ok(filters),
    }
}

/// The parts of an `intendedTrackType`, joined with `+`.
struct Types {
    all: bool,
    video: usize,
    audio: usize,
    /// Of the encryptor's own: the word may be anything.
    other: usize,
    uhd: bool,
}

impl Types {
    fn of(tracks: &str) -> Self {
        let mut types = Self { all: tracks == "ALL", video: 0, audio: 0, other: 0, uhd: false };
        for part in tracks.split('+') {
            match part {
                "VIDEO" | "SD" | "HD" | "HD1" | "HD2" | "UHD" | "UHD1" | "UHD2" => types.video += 1,
                "AUDIO" | "STEREO_AUDIO" | "MULTICHANNEL_AUDIO" | "MULTICHANNEL_AUDIO_3_6" | "MULTICHANNEL_AUDIO_7" => {
                    types.audio += 1;
                }
                _ => types.other += 1,
            }
            types.uhd |= matches!(part, "UHD" | "UHD1" | "UHD2");
        }
        types
    }
}

fn check_filters(rule: &Element, types: &Types, kid: Kid) -> Result<(), Malformed> {
    if rule.child("LabelFilter").is_some() {
        return Err(Malformed::Label(kid));
    }
    let (video, audio) = (rule.all("VideoFilter").count(), rule.all("AudioFilter").count());
    let fits = if types.all {
        let bare = |filter: &Element| filter.attributes.is_empty();
        (video, audio) == (1, 1) && rule.all("VideoFilter").chain(rule.all("AudioFilter")).all(bare)
    } else {
        // As many as parts, says the documentation; one for `SD+HD1` in the presets, as MediaPackage sends it.
        let kind = |filters: usize, parts: usize| filters <= parts + types.other && filters >= usize::from(parts > 0);
        let count = (1..=types.video + types.audio + types.other).contains(&(video + audio));
        count && kind(video, types.video) && kind(audio, types.audio)
    };
    if !fits {
        return Err(Malformed::Filters(kid));
    }
    let limits = |filter: &Element, least: &str, most: &str| {
        let limit = |name, default| filter.attribute(name).map_or(Some(default), |value| value.parse::<u64>().ok());
        matches!((limit(least, 0), limit(most, u64::MAX)), (Some(least), Some(most)) if least <= most)
    };
    let video = |filter| limits(filter, "minPixels", "maxPixels") && limits(filter, "minFps", "maxFps");
    let audio = |filter| limits(filter, "minChannels", "maxChannels");
    if rule.all("VideoFilter").all(video) && rule.all("AudioFilter").all(audio) {
        Ok(())
    } else {
        Err(Malformed::Limits(kid))
    }
}
