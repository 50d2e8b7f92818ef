use anyhow::{Context, anyhow};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Serialize;
use sluice_gate::rights::Rights;
use sluice_packager::title::{
    ClassKey, DeliveryKid, Descriptor, KeyPolicy, ResolutionClass, SchemeKeys, TitleId, Track, TrackKind, TrackRecord,
    Version,
};

use super::{Settings, kid, settings::Sharing, track::ReadTrack};

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
        let rank =
            |track: &Track| (track.kind, core::cmp::Reverse(track.video.map(|_| track.peak_bandwidth)), !track.default);
        rank(a).cmp(&rank(b)).then_with(|| a.id.cmp(&b.id))
    });
    // Without a word from the operator, players begin with the first audio track.
    if !listed.iter().any(|track| track.kind == TrackKind::Audio && track.default)
        && let Some(first) = listed.iter_mut().find(|track| track.kind == TrackKind::Audio)
    {
        first.default = true;
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
        sample_entry: STANDARD.encode(&track.sample_entry),
        timeline: track.timeline.clone(),
    })
}

fn describe(track: &ReadTrack, settings: &Settings) -> anyhow::Result<Track> {
    let own = settings.tracks.get(track.id.as_str()).cloned().unwrap_or_default();
    let (peak_bandwidth, average_bandwidth) = bandwidth(track)?;
    let spoken = track.kind != TrackKind::Video;
    Ok(Track {
        id: track.id.clone(),
        kind: track.kind,
        codec: track.codec.clone(),
        timescale: track.timescale,
        peak_bandwidth,
        average_bandwidth,
        language: own.language.or_else(|| spoken.then(|| "und".to_owned())),
        label: own.label,
        default: own.default,
        video: track.video,
        audio: track.audio,
        text: track.text,
        timeline: track.timeline.clone(),
    })
}

/// Highest bits per second over any segment, and over all; rounded up.
fn bandwidth(track: &ReadTrack) -> anyhow::Result<(u32, u32)> {
    let rate = |bytes: u64, duration: u64| {
        let bits = u128::from(bytes) * 8 * u128::from(track.timescale);
        u32::try_from(bits.div_ceil(u128::from(duration.max(1))))
            .map_err(|_| anyhow!("track {}: more than 4 Gbit/s cannot be described", track.id))
    };
    let mut peak = 0;
    for (number, file) in (1..).zip(track.segments()) {
        let duration = track.timeline.segment(number).map_or(1, |segment| segment.duration);
        peak = peak.max(rate(file.size, duration)?);
    }
    let total = track.segments().iter().map(|file| file.size).sum();
    Ok((peak, rate(total, track.timeline.duration())?))
}
