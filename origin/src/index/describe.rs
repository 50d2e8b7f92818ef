use std::collections::BTreeMap;

use anyhow::{Context, bail};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Serialize;
use sluice_gate::rights::Rights;
use sluice_packager::{
    cenc::{InitProtection, protect_init},
    drm::{self, pssh_boxes},
    title::{
        Delivery, DeliveryKid, Descriptor, InitSize, KeyPolicy, KeyScope, PsshPlaces, ResolutionClass, Role, Scheme,
        SchemeKeys, TitleId, TitleKey, Track, TrackKind, TrackRecord, Version,
    },
};

use super::{Settings, bandwidth, kid, protecting::Protecting, settings::Sharing, track::ReadTrack};

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
    protecting: &Protecting,
    tracks: &[ReadTrack],
) -> anyhow::Result<Descriptor> {
    let key_policy = settings.policy().map(|policy| KeyPolicy {
        schemes: policy
            .schemes
            .iter()
            .map(|scheme| scheme_keys(title, version, *scheme, policy.keys, tracks))
            .collect(),
        systems: policy.systems,
        signalling: policy.signalling,
    });
    let mut listed = Vec::new();
    for track in tracks {
        let init_size = match track.kind {
            TrackKind::Text | TrackKind::Thumbnail => None,
            TrackKind::Video | TrackKind::Audio => Some(init_size(track, key_policy.as_ref(), protecting)?),
        };
        listed.push(Track { init_size, ..describe(track, settings)? });
    }
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

/// The keys of a delivery: for each group of tracks that share one, one in every key period. Where all tracks share one, it stands there for
/// video and for audio.
fn scheme_keys(
    title: &TitleId,
    version: &Version,
    scheme: Delivery,
    sharing: Sharing,
    tracks: &[ReadTrack],
) -> SchemeKeys {
    // Each scope by its name, once, and the most key periods of its tracks.
    let mut scopes: BTreeMap<String, (KeyScope, usize)> = BTreeMap::new();
    for track in tracks {
        let class = ResolutionClass::of(track.video.as_ref());
        let (name, scope) = match (track.kind, sharing) {
            (TrackKind::Text | TrackKind::Thumbnail, _) => continue,
            (_, Sharing::Track) => (format!("track/{}", track.id), KeyScope::Track(track.id.clone())),
            (TrackKind::Video, Sharing::Class) => (class.as_str().to_owned(), KeyScope::Class(class)),
            (TrackKind::Video, Sharing::Kind | Sharing::Title) => ("video".to_owned(), KeyScope::Video),
            (TrackKind::Audio, _) => ("audio".to_owned(), KeyScope::Audio),
        };
        let periods = &mut scopes.entry(name).or_insert((scope, 0)).1;
        *periods = (*periods).max(track.schedule.periods.len() + 1);
    }
    let mut keys = Vec::new();
    for (name, (scope, periods)) in scopes {
        for period in 0..periods as u32 {
            let word = if sharing == Sharing::Title { "title" } else { name.as_str() };
            let name = if period == 0 { word.to_owned() } else { format!("{word}/{period}") };
            keys.push(TitleKey { kid: kid(title, version, scheme, &name), scope: scope.clone(), period });
        }
    }
    // By period, as providers are asked.
    keys.sort_by_key(|key| key.period);
    SchemeKeys { scheme, keys }
}

/// The record of `track`, whose number is its place among all tracks sorted by id.
pub(super) fn record(
    descriptor: &Descriptor,
    track: &ReadTrack,
    protecting: &Protecting,
) -> anyhow::Result<TrackRecord> {
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
            .flat_map(|keys| {
                let kids = keys.kids_for(&track.id, track.kind, track.video.as_ref());
                (0..).zip(kids).map(|(period, kid)| DeliveryKid { scheme: keys.scheme, kid, period })
            })
            .collect(),
        unprotected_title: descriptor.key_policy.is_none(),
        iframes: track.video.and_then(|video| video.iframes).is_some_and(|iframes| iframes.segments.is_some()),
        image: track.thumbnails.map(|thumbnails| thumbnails.format),
        sample_entry: STANDARD.encode(&track.sample_entry),
        timeline: track.timeline.clone(),
        schedule: track.schedule.clone(),
        pssh: protecting.pssh().filter(|_| matches!(track.kind, TrackKind::Video | TrackKind::Audio)).cloned(),
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
        text: track.text,
        init_size: None,
        thumbnails: track.thumbnails,
        timeline: track.timeline.clone(),
        schedule: track.schedule.clone(),
    })
}

/// Bytes of the init segment as the edge will make it.
fn init_size(track: &ReadTrack, policy: Option<&KeyPolicy>, protecting: &Protecting) -> anyhow::Result<InitSize> {
    let size = |scheme: Scheme| -> anyhow::Result<u32> {
        let keys = policy.and_then(|policy| policy.keys(scheme.into()));
        let kids = keys.map(|keys| keys.kids_for(&track.id, track.kind, track.video.as_ref())).unwrap_or_default();
        // In a delivery that is not offered, no size is asked for.
        let Some(kid) = kids.first() else { return Ok(track.init.len() as u32) };
        let pssh = match protecting.pssh().filter(|places| places.init) {
            None => Vec::new(),
            // Of a provider's boxes only the room is known.
            Some(PsshPlaces { systems, room: Some(room), .. }) => {
                let room = drm::room(systems, &kids, scheme, *room);
                if room > drm::MAX_ROOM {
                    bail!(
                        "track {}: a provider's pssh boxes for {} keys are too many for an init segment",
                        track.id,
                        kids.len()
                    );
                }
                vec![0; room]
            }
            Some(places) => pssh_boxes(&places.systems, &kids, scheme),
        };
        let protection = InitProtection {
            clear_entry: track.schedule.clear_lead > 0,
            pssh,
            ..InitProtection::derived(scheme, *kid)
        };
        let init =
            protect_init(&track.init, &protection).with_context(|| format!("track {}: init segment", track.id))?;
        Ok(init.len() as u32)
    };
    Ok(InitSize { clear: track.init.len() as u32, cenc: size(Scheme::Cenc)?, cbcs: size(Scheme::Cbcs)? })
}
