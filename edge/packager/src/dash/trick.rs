use super::{
    protection::put_protection,
    set::{Set, same_segments},
    template::{Origin, put_template},
    xml::{Escaped, put},
};
use crate::{
    manifest::{Error, Options},
    title::{Descriptor, IFrameSegments, Track},
};

/// Whether one of the set's tracks has I-frames to be had as segments of their own.
pub(super) fn has_trick(set: &Set<'_>) -> bool {
    set.members.iter().any(|track| segments(track).is_some())
}

fn segments(track: &Track) -> Option<IFrameSegments> {
    track.video.and_then(|video| video.iframes).and_then(|iframes| iframes.segments)
}

/// The trick mode `AdaptationSet` of the set `main` (DASH-IF IOP, 3.2.9): its I-frames alone, as tracks named `{track}-iframes`, under the same key.
///
/// # Errors
/// [`Error::NoKeySystem`]
pub(super) fn put_trick(
    out: &mut String,
    id: usize,
    main: usize,
    set: &Set<'_>,
    descriptor: &Descriptor,
    options: &Options<'_>,
    origin: Origin,
) -> Result<(), Error> {
    let members = || set.members.iter().filter_map(|track| Some((*track, segments(track)?)));
    let Some((first, _)) = members().next() else { return Ok(()) };
    let aligned = members().all(|(track, _)| same_segments(first, track));
    put!(out, "<AdaptationSet id=\"{id}\" contentType=\"video\" mimeType=\"video/mp4\" codingDependency=\"false\"");
    if aligned {
        out.push_str(" segmentAlignment=\"true\"");
    }
    out.push_str(" startWithSAP=\"1\">");
    if let Some(protection) = &set.protection {
        put_protection(out, descriptor, options, protection)?;
    }
    put!(out, "<EssentialProperty schemeIdUri=\"http://dashif.org/guidelines/trickmode\" value=\"{main}\"/>");
    if aligned {
        put_template(out, first, &descriptor.version, origin);
    }
    for (track, IFrameSegments { bandwidth, max_playout_rate }) in members() {
        put!(
            out,
            "<Representation id=\"{}-iframes\" bandwidth=\"{bandwidth}\" codecs=\"{}\" maxPlayoutRate=\"{max_playout_rate}\"",
            track.id,
            Escaped(&track.codec)
        );
        if let Some(video) = track.video {
            put!(out, " width=\"{}\" height=\"{}\"", video.width, video.height);
        }
        if aligned {
            out.push_str("/>");
        } else {
            out.push('>');
            put_template(out, track, &descriptor.version, origin);
            out.push_str("</Representation>");
        }
    }
    out.push_str("</AdaptationSet>\n");
    Ok(())
}
