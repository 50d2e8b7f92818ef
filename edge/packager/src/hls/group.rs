use super::{
    rendition::{default, is_automatic, is_forced},
    text::{Quoted, put},
};
use crate::{
    manifest::{Options, language},
    title::{Role, Track, TrackKind},
};

/// The renditions that a variant stream may take its audio from: one codec, one number of channels, one quality.
pub(super) struct Group<'d> {
    pub(super) id: String,
    pub(super) members: Vec<&'d Track>,
}

/// Audio groups in the order of their first tracks. Tracks alike in codec, channels, language, name and role are qualities of one
/// another, and go to groups of their own.
pub(super) fn audio_groups<'d>(tracks: &[&'d Track]) -> Vec<Group<'d>> {
    let mut groups: Vec<Group<'d>> = Vec::new();
    for track in tracks.iter().filter(|track| track.kind == TrackKind::Audio) {
        let fits = |group: &&mut Group<'d>| {
            group.members.iter().all(|member| alike(member, track) && !same_rendition(member, track))
        };
        match groups.iter_mut().find(fits) {
            Some(group) => group.members.push(track),
            None => groups.push(Group { id: format!("audio-{}", groups.len() + 1), members: vec![track] }),
        }
    }
    groups
}

fn alike(one: &Track, other: &Track) -> bool {
    let channels = |track: &Track| track.audio.map(|audio| audio.channels);
    one.codec == other.codec && channels(one) == channels(other)
}

fn same_rendition(one: &Track, other: &Track) -> bool {
    language(one) == language(other) && one.label == other.label && one.role == other.role
}

/// The name shown to viewers, where the title gives none: its language, or else its id.
fn name(track: &Track) -> &str {
    track.label.as_deref().or(language(track)).unwrap_or(track.id.as_str())
}

/// `EXT-X-MEDIA` of each member (rfc8216bis, 4.4.6.1): names differ within a group, and one member at most is the default.
pub(super) fn put_group(out: &mut String, kind: &str, group: &Group<'_>, options: &Options<'_>) {
    let default = default(&group.members);
    for (at, track) in group.members.iter().enumerate() {
        put!(out, "#EXT-X-MEDIA:TYPE={kind},GROUP-ID=\"{}\",NAME=", group.id);
        if group.members[..at].iter().any(|earlier| name(earlier) == name(track)) {
            put!(out, "{}", Quoted(&format!("{} ({})", name(track), track.id)));
        } else {
            put!(out, "{}", Quoted(name(track)));
        }
        if let Some(language) = language(track) {
            put!(out, ",LANGUAGE=\"{language}\"");
        }
        let yes = |flag| if flag { "YES" } else { "NO" };
        put!(out, ",DEFAULT={},AUTOSELECT={}", yes(default == Some(at)), yes(is_automatic(&group.members, at)));
        if is_forced(track) {
            out.push_str(",FORCED=YES");
        }
        if let Some(characteristics) = track.role.and_then(Role::characteristics) {
            put!(out, ",CHARACTERISTICS=\"{characteristics}\"");
        }
        if let Some(audio) = track.audio {
            put!(out, ",CHANNELS=\"{}\"", audio.channels);
        }
        put!(out, ",URI=\"");
        put_uri(out, track, "", options);
        out.push_str("\"\n");
    }
}

/// The media playlist's URI, with the query that brings the request's trims along. `kind` is what stands behind the track's id.
pub(super) fn put_uri(out: &mut String, track: &Track, kind: &str, options: &Options<'_>) {
    let mark = if options.query.is_empty() { "" } else { "?" };
    put!(out, "{}{kind}.m3u8{mark}{}", track.id, options.query);
}
