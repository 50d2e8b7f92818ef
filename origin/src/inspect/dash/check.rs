use super::{AdaptationSet, Addressing, ContentProtection, Mpd, Representation};
use crate::inspect::{report::Warning, text::printable};
use sluice_packager::drm::fairplay;

/// What is likely to break players.
pub(super) fn check(mpd: &Mpd, read: &dash_mpd_core::MPD) -> Vec<Warning> {
    let mut warnings = Vec::new();
    if mpd.kind == "static" && mpd.duration.is_none() {
        warnings.push(Warning::new("duration_missing", "MPD", "a static MPD that does not tell its duration"));
    }
    if mpd.min_buffer_time.is_none() {
        warnings.push(Warning::new("min_buffer_time_missing", "MPD", "no minBufferTime, which is required"));
    }
    if mpd.periods.is_empty() {
        warnings.push(Warning::new("no_periods", "MPD", "no periods"));
    }
    for (number, period) in mpd.periods.iter().enumerate() {
        for (index, set) in period.adaptation_sets.iter().enumerate() {
            let id = set.id.clone().unwrap_or_else(|| format!("#{}", index + 1));
            let at =
                if mpd.periods.len() > 1 { format!("period {}, set {id}", number + 1) } else { format!("set {id}") };
            check_set(set, &at, &mut warnings);
        }
    }
    for told in dash_mpd_core::check_conformity(read) {
        // URLs may be credentials.
        let told = told.split_once("URL ").map_or(told.clone(), |(before, _)| format!("{before}URL"));
        warnings.push(Warning::new("conformity", "MPD", printable(&told)));
    }
    warnings
}

fn check_set(set: &AdaptationSet, at: &str, warnings: &mut Vec<Warning>) {
    let mut warn = |code, text: String| warnings.push(Warning::new(code, at, text));
    if set.representations.is_empty() {
        warn("no_representations", "no representations".to_owned());
    }
    let own: Vec<Vec<&str>> = set.representations.iter().map(|own| key_ids(&own.protection)).collect();
    if let Some((first, rest)) = own.split_first()
        && rest.iter().any(|ids| ids != first)
    {
        let text = "its representations differ in their key: a player that switches needs a set per key".to_owned();
        warn("keys_differ", text);
    }
    for representation in &set.representations {
        let id = representation.id.as_deref().unwrap_or("a representation");
        let media = matches!(set.content_type.as_deref(), Some("video" | "audio"));
        if media && representation.codecs.is_none() {
            warn("codecs_missing", format!("{id} has no codecs"));
        }
        if representation.bandwidth.is_none() {
            warn("bandwidth_missing", format!("{id} has no bandwidth, which is required"));
        }
        if let Some(text) = addressing(representation) {
            warn("addressing", format!("{id}: {text}"));
        }
    }
    let inherited = std::iter::once(&set.protection);
    for descriptors in inherited.chain(set.representations.iter().map(|own| &own.protection)) {
        if !descriptors.is_empty() {
            check_protection(descriptors, &mut warn);
        }
    }
}

fn addressing(representation: &Representation) -> Option<&'static str> {
    match &representation.addressing {
        Addressing::Timeline { media, .. } | Addressing::Number { media, .. } if media.is_empty() => {
            Some("a SegmentTemplate without media")
        }
        Addressing::Timeline { runs, .. } if runs.iter().any(|run| run.duration == 0) => {
            Some("a SegmentTimeline with segments of no duration")
        }
        Addressing::Timeline { runs, .. }
            if runs.iter().zip(runs.iter().skip(1)).any(|(run, next)| {
                let segments = run.segments.unwrap_or(1);
                run.start.saturating_add(run.duration.saturating_mul(segments)) > next.start
            }) =>
        {
            Some("a SegmentTimeline whose segments overlap")
        }
        Addressing::Number { segment_duration, .. } if *segment_duration <= 0.0 => {
            Some("a SegmentTemplate with neither duration nor SegmentTimeline")
        }
        Addressing::Base { index_range: None, .. } => Some("a SegmentBase without indexRange"),
        Addressing::List { segments: 0, .. } => Some("an empty SegmentList"),
        _ => None,
    }
}

fn key_ids(protection: &[ContentProtection]) -> Vec<&str> {
    let mut ids: Vec<&str> = protection.iter().flat_map(|given| &given.default_key_ids).map(String::as_str).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

fn check_protection(descriptors: &[ContentProtection], warn: &mut impl FnMut(&'static str, String)) {
    let common = descriptors.iter().find(|given| given.is_common_encryption());
    let Some(common) = common else {
        warn("mp4protection_missing", format!("no descriptor {}", super::protection::MP4_PROTECTION));
        return;
    };
    let ids = key_ids(descriptors);
    if ids.is_empty() {
        warn(
            "default_kid_missing",
            "no cenc:default_KID: players must read the init segment to ask for a key".to_owned(),
        );
    }
    if !descriptors.iter().any(|given| given.system.is_some()) {
        warn("no_key_system", "protected, but no key system is named".to_owned());
    }
    let scheme = common.value.as_deref().unwrap_or_default();
    if !matches!(scheme, "cenc" | "cbcs" | "cens" | "cbc1") {
        warn("scheme", "the scheme is none of cenc, cbcs, cens, cbc1".to_owned());
    }
    for given in descriptors {
        let name = given.system.as_ref().map_or_else(String::new, |system| system.to_string());
        if scheme != "cbcs" && given.scheme_id_uri.eq_ignore_ascii_case(fairplay::URN) {
            warn("fairplay_ctr", format!("FairPlay under {scheme}: FairPlay knows cbcs alone"));
        }
        for signalling in &given.signalling {
            if let Some(error) = &signalling.error {
                warn("pssh", format!("{name}: {error}"));
            }
            let of_another =
                !signalling.key_ids.is_empty() && !signalling.key_ids.iter().any(|id| ids.contains(&id.as_str()));
            if of_another && !ids.is_empty() {
                warn("pssh_other_key", format!("{name}: its data names other keys than cenc:default_KID"));
            }
            if let (Some(system), Some(inside)) = (&given.system, &signalling.system)
                && system != inside
            {
                warn("pssh_other_system", format!("{name}: the pssh is of {inside}"));
            }
        }
    }
}
