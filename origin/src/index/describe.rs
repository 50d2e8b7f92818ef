use anyhow::{Context, bail};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Serialize;
use sluice_gate::rights::Rights;
use sluice_packager::title::{
    ClassKey, DeliveryKid, Descriptor, KeyPolicy, ResolutionClass, Role, SchemeKeys, TitleId, Track, TrackKind,
    TrackRecord, Version,
};

use super::{Settings, bandwidth, kid, settings::Sharing, track::ReadTrack};

/// `descriptor.json`: the media half, and the rights.
#[derive(Serialize)]
pub(super) struct Document<'a> {
    #[serde(flatten)]
    descriptor: &'a Descriptor,
    rights: &'a Rights,
}

impl<'a> Document<'a> {
    pub(super) fn new(descriptor: &'a Descriptor, rights: &'a Rights) -> Self {
        Self { descriptor, rights }
    }
}

/// `tracks` are sorted by id; manifests list video by falling bit rate, then audio and text, the default first.
pub(super) fn descriptor(
    title: &TitleId,
    version: &Version,
    settings: &Settings,
    tracks: &[ReadTrack],
) -> anyhow::Result<Descriptor> {
    let mut classes: Vec<_> = tracks
        .iter()
        .filter(|track| track.kind == TrackKind::Video)
        .map(|track| ResolutionClass::of(track.video.as_ref()))
        .collect();
    classes.sort();
    classes.dedup();
    let key_policy = settings.policy().map(|policy| KeyPolicy {
        systems: policy.systems,
        schemes: policy
            .schemes
            .into_iter()
            .map(|scheme| SchemeKeys {
                scheme,
                video: kid(title, version, scheme, "video"),
                audio: kid(title, version, scheme, "audio"),
                classes: match policy.keys {
                    Sharing::Kind => Vec::new(),
                    Sharing::Class => classes
                        .iter()
                        .map(|class| ClassKey { class: *class, kid: kid(title, version, scheme, class.as_str()) })
                        .collect(),
                },
            })
            .collect(),
    });
    let mut listed = tracks.iter().map(|track| describe(track, settings)).collect::<anyhow::Result<Vec<_>>>()?;
    listed.sort_by(|a, b| {
        let rank = |track: &Track| {
            (track.kind, core::cmp::Reverse(track.video.map(|_| track.peak_bandwidth)), !track.default, track.role)
        };
        rank(a).cmp(&rank(b)).then_with(|| a.id.cmp(&b.id))
    });
    // Without a word from the operator, players begin with the first audio track that is made to begin with.
    let audio = || listed.iter().enumerate().filter(|(_, track)| track.kind == TrackKind::Audio);
    let begins = |(_, track): &(usize, &Track)| track.role.is_none_or(Role::can_begin);
    if !audio().any(|(_, track)| track.default) {
        let first = audio().find(begins).or_else(|| audio().next()).map(|(at, _)| at);
        if let Some(first) = first.and_then(|at| listed.get_mut(at)) {
            first.default = true;
        }
    }
    Ok(Descriptor { v: 1, title: title.clone(), version: version.clone(), tracks: listed, key_policy })
}

/// The record of `track`, whose number is its place among all tracks sorted by id.
pub(super) fn record(descriptor: &Descriptor, track: &ReadTrack) -> anyhow::Result<TrackRecord> {
    let mut ids: Vec<_> = descriptor.tracks.iter().map(|track| &track.id).collect();
    ids.sort();
    let number = ids.iter().position(|id| **id == track.id).and_then(|at| u8::try_from(at).ok());
    let kids = descriptor.key_policy.iter().flat_map(|policy| &policy.schemes);
    Ok(TrackRecord {
        v: 1,
        track: track.id.clone(),
        version: descriptor.version.clone(),
        kind: track.kind,
        number: number.with_context(|| format!("track {}: a title has at most 256 tracks", track.id))?,
        timescale: track.timescale,
        height: track.video.map(|video| video.height),
        kids: kids
            .filter_map(|keys| {
                Some(DeliveryKid { scheme: keys.scheme, kid: keys.kid_for(track.kind, track.video.as_ref())? })
            })
            .collect(),
        unprotected_title: descriptor.key_policy.is_none(),
        iframes: track.video.and_then(|video| video.iframes).is_some_and(|iframes| iframes.segments.is_some()),
        image: track.thumbnails.map(|thumbnails| thumbnails.format),
        sample_entry: STANDARD.encode(&track.sample_entry),
        timeline: track.timeline.clone(),
    })
}

fn describe(track: &ReadTrack, settings: &Settings) -> anyhow::Result<Track> {
    let own = settings.tracks.get(track.id.as_str()).cloned().unwrap_or_default();
    let clear = bandwidth::clear(track)?;
    let schemes = settings.policy().map(|policy| policy.schemes).unwrap_or_default();
    if own.hdcp.is_some() && track.kind != TrackKind::Video {
        bail!("title.toml: tracks.{}: hdcp is of video alone", track.id);
    }
    if let Some(role) = own.role.filter(|role| !role.fits(track.kind)) {
        bail!("title.toml: tracks.{}: a track of its kind has no role {:?}", track.id, role.as_str());
    }
    if (own.tiles.is_some() || own.interval.is_some()) && track.kind != TrackKind::Thumbnail {
        bail!("title.toml: tracks.{}: tiles and interval are of thumbnails alone", track.id);
    }
    let spoken = matches!(track.kind, TrackKind::Audio | TrackKind::Text);
    Ok(Track {
        id: track.id.clone(),
        kind: track.kind,
        codec: track.codec.clone(),
        timescale: track.timescale,
        peak_bandwidth: clear.peak,
        average_bandwidth: clear.average,
        delivered: bandwidth::delivered(track, &schemes)?,
        language: own.language.or_else(|| spoken.then(|| "und".to_owned())),
        label: own.label,
        role: own.role,
        default: own.default,
        hdcp: own.hdcp.or_else(|| settings.hdcp_of(track.video.as_ref())),
        video: track.video,
        audio: track.audio,
        thumbnails: track.thumbnails,
        timeline: track.timeline.clone(),
    })
}
