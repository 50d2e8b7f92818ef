use super::{
    mpd::starting,
    protection::put_protection,
    template::{Origin, put_base, put_template},
    xml::{Escaped, put},
};
use crate::{
    manifest::{Addressing, Error, Options, Protection, language, peak, protection},
    title::{Descriptor, Role, Track, TrackKind, VideoRange},
};

/// Tracks between which a player may switch: one kind, codec, key, range of luminance, language, name, role and number of channels.
pub(super) struct Set<'d> {
    pub(super) members: Vec<&'d Track>,
    first: &'d Track,
    pub(super) protection: Option<Protection>,
}

/// What of a set its neighbours tell.
pub(super) struct Place<'a> {
    pub(super) id: usize,
    /// Whether players start with it.
    pub(super) main: bool,
    /// The ids of the sets that hold the same content under other keys.
    pub(super) switches_to: &'a [usize],
}

impl Set<'_> {
    /// Whether players start with this set among those of its kind; of video that is each, as codecs are alternatives.
    pub(super) fn is_main(&self, tracks: &[&Track]) -> bool {
        let start = starting(tracks, self.first.kind).map(|track| &track.id);
        self.first.kind == TrackKind::Video || self.members.iter().any(|track| Some(&track.id) == start)
    }
}

/// Sets in the order of their first tracks; thumbnails, which have no media segments, are in none of them.
///
/// # Errors
/// [`Error::NotOffered`]
pub(super) fn sets<'d>(
    tracks: &[&'d Track],
    descriptor: &Descriptor,
    options: &Options<'_>,
) -> Result<Vec<Set<'d>>, Error> {
    let mut sets: Vec<Set<'d>> = Vec::new();
    for track in tracks.iter().filter(|track| track.kind != TrackKind::Thumbnail) {
        let protection = protection(descriptor, options, track)?;
        match sets.iter_mut().find(|set| set.protection == protection && switchable(set.first, track)) {
            Some(set) => set.members.push(track),
            None => sets.push(Set { members: vec![track], first: track, protection }),
        }
    }
    Ok(sets)
}

/// The ids of the sets between which and the one at `at` only the key differs: one key per set is what players want (DASH-IF IOP), and switching between
/// them is for the manifest to allow.
pub(super) fn switches_to(sets: &[Set<'_>], at: usize) -> Vec<usize> {
    let Some(set) = sets.get(at) else { return Vec::new() };
    let alike = |(other, found): &(usize, &Set<'_>)| *other != at && switchable(set.first, found.first);
    sets.iter().enumerate().filter(alike).map(|(other, _)| other + 1).collect()
}

fn switchable(one: &Track, other: &Track) -> bool {
    let channels = |track: &Track| track.audio.map(|audio| audio.channels);
    let range = |track: &Track| track.video.and_then(|video| video.range);
    one.kind == other.kind
        && match one.kind {
            TrackKind::Video => {
                one.codec.split('.').next() == other.codec.split('.').next() && range(one) == range(other)
            }
            TrackKind::Audio => {
                one.codec == other.codec
                    && channels(one) == channels(other)
                    && language(one) == language(other)
                    && one.label == other.label
                    && one.role == other.role
            }
            // Text has one quality: no two are alternatives by bandwidth.
            TrackKind::Text | TrackKind::Thumbnail => false,
        }
}

/// `AdaptationSet` (5.3.3).
///
/// # Errors
/// [`Error::NotOffered`], [`Error::NoKeySystem`], [`Error::NoRanges`]
pub(super) fn put_set(
    out: &mut String,
    place: &Place<'_>,
    set: &Set<'_>,
    descriptor: &Descriptor,
    options: &Options<'_>,
    origin: Origin,
) -> Result<(), Error> {
    let first = set.first;
    let aligned = set.members.iter().all(|track| same_segments(first, track));
    let (content, mime) = match first.kind {
        TrackKind::Video => ("video", "video/mp4"),
        TrackKind::Audio => ("audio", "audio/mp4"),
        TrackKind::Text if first.is_fragmented() => ("text", "application/mp4"),
        TrackKind::Text | TrackKind::Thumbnail => ("text", "text/vtt"),
    };
    put!(out, "<AdaptationSet id=\"{}\" contentType=\"{content}\" mimeType=\"{mime}\"", place.id);
    if let Some(language) = language(first) {
        put!(out, " lang=\"{language}\"");
    }
    // Text is a file per segment whatever is asked for.
    let ranges = options.addressing == Addressing::Ranges && first.kind != TrackKind::Text;
    match (ranges, aligned) {
        (true, true) => out.push_str(" subsegmentAlignment=\"true\""),
        (false, true) => out.push_str(" segmentAlignment=\"true\""),
        (_, false) => {}
    }
    if first.is_fragmented() {
        out.push_str(if ranges { " subsegmentStartsWithSAP=\"1\"" } else { " startWithSAP=\"1\"" });
    }
    out.push('>');
    if let Some(channels) = first.audio.map(|audio| audio.channels) {
        put!(
            out,
            "<AudioChannelConfiguration schemeIdUri=\"urn:mpeg:dash:23003:3:audio_channel_configuration:2011\" value=\"{channels}\"/>"
        );
    }
    if let Some(protection) = &set.protection {
        put_protection(out, descriptor, options, protection)?;
    }
    if !place.switches_to.is_empty() {
        let ids = place.switches_to.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        // ISO/IEC 23009-1, 5.3.3.5.
        put!(
            out,
            "<SupplementalProperty schemeIdUri=\"urn:mpeg:dash:adaptation-set-switching:2016\" value=\"{ids}\"/>"
        );
    }
    // DASH-IF IOP, HDR: a player that cannot show the range is to know; one that does not know the property plays on.
    if let Some(range) = first.video.and_then(|video| video.range).filter(|range| *range != VideoRange::Sdr) {
        put!(
            out,
            "<SupplementalProperty schemeIdUri=\"urn:mpeg:mpegB:cicp:TransferCharacteristics\" value=\"{}\"/>",
            range.transfer()
        );
    }
    if let Some(label) = &first.label {
        put!(out, "<Label>{}</Label>", Escaped(label));
    }
    put_roles(out, first, place.main);
    let shared = aligned && !ranges;
    if shared {
        put_template(out, first, &descriptor.version, origin);
    }
    for track in &set.members {
        put_representation(out, track, options);
        if shared {
            out.push_str("/>");
            continue;
        }
        out.push('>');
        if ranges {
            put_base(out, track, &descriptor.version, origin, options.delivery.scheme())?;
        } else {
            put_template(out, track, &descriptor.version, origin);
        }
        out.push_str("</Representation>");
    }
    out.push_str("</AdaptationSet>\n");
    Ok(())
}

/// Whether two tracks are cut alike.
pub(super) fn same_segments(one: &Track, other: &Track) -> bool {
    let runs = |track: &Track| track.timeline.runs.iter().map(|run| (run.d, run.n)).collect::<Vec<_>>();
    (one.timescale, one.timeline.start) == (other.timescale, other.timeline.start) && runs(one) == runs(other)
}

/// `Accessibility` and `Role` (5.8.4.2, 5.8.4.3): what the track is for, and whether players start with it.
fn put_roles(out: &mut String, track: &Track, main: bool) {
    if let Some(purpose) = track.role.and_then(Role::audio_purpose) {
        put!(out, "<Accessibility schemeIdUri=\"urn:tva:metadata:cs:AudioPurposeCS:2007\" value=\"{purpose}\"/>");
    }
    let mut put = |role: Role| put!(out, "<Role schemeIdUri=\"urn:mpeg:dash:role:2011\" value=\"{}\"/>", role.as_str());
    let own = track.role.filter(|role| *role != Role::Main);
    // Players take text that is no caption for a subtitle only where it says so.
    if track.kind == TrackKind::Text && !matches!(own, Some(Role::Caption | Role::Subtitle | Role::ForcedSubtitle)) {
        put(Role::Subtitle);
    }
    if let Some(role) = own {
        put(role);
    }
    if main || track.role == Some(Role::Main) {
        put(Role::Main);
    } else if own.is_none() && track.kind == TrackKind::Audio {
        put(Role::Alternate);
    }
}

/// The start tag of a `Representation` (5.3.5) up to its end. `text/vtt` has no codecs parameter.
fn put_representation(out: &mut String, track: &Track, options: &Options<'_>) {
    let bandwidth = u32::try_from(peak(track, options.delivery)).unwrap_or(u32::MAX);
    put!(out, "<Representation id=\"{}\" bandwidth=\"{bandwidth}\"", track.id);
    if track.is_fragmented() {
        put!(out, " codecs=\"{}\"", Escaped(&track.codec));
    }
    if let Some(video) = track.video {
        put!(out, " width=\"{}\" height=\"{}\"", video.width, video.height);
        match video.frame_rate {
            (0, _) | (_, 0) => {}
            (frames, 1) => put!(out, " frameRate=\"{frames}\""),
            (frames, per) => put!(out, " frameRate=\"{frames}/{per}\""),
        }
    }
    if let Some(audio) = track.audio {
        put!(out, " audioSamplingRate=\"{}\"", audio.sample_rate);
    }
}
