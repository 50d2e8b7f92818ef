use super::{VERSION, key::KeyLines, media::target_duration, text::put};
use crate::{
    manifest::{Error, Options, Seconds, admits, offered},
    title::{Descriptor, TrackId, TrackKind, plan::Entry},
};

/// The I-frame playlist of a video track (rfc8216bis, 4.4.3.6): of every fragment at which decoding can begin, the bytes up to the end of its first
/// picture, by a range of the protected segment.
///
/// `plan`: all of the track's.
///
/// # Errors
/// [`Error::UnknownTrack`] also where the options trim the track away, or it has no I-frames to list; [`Error::Plan`] where the plan is of another
/// timeline; [`Error::NotOffered`], [`Error::NoKeySystem`], [`Error::Url`].
pub fn iframes(descriptor: &Descriptor, id: &TrackId, plan: &[Entry], options: &Options<'_>) -> Result<String, Error> {
    options.check()?;
    let listed = descriptor.track(id).filter(|track| admits(track, options) && track.kind == TrackKind::Video);
    offered(descriptor, options)?;
    let track = listed.ok_or(Error::UnknownTrack)?;
    let mut keys = KeyLines::of(descriptor, options, track)?;
    let pictures = pictures(track.timeline.runs.iter().flat_map(|run| (0..run.n).map(|_| run.f)), plan, options)?;
    let version = descriptor.version.as_str();

    let mut out = String::with_capacity(1024 + pictures.len() * (id.as_str().len() + version.len() + 72));
    out.push_str(VERSION);
    let longest = pictures.iter().map(|picture| Seconds::nearest(picture.duration, track.timescale).rounded()).max();
    let target = longest.unwrap_or(0).max(target_duration(descriptor, track));
    put!(
        out,
        "#EXT-X-TARGETDURATION:{target}\n#EXT-X-MEDIA-SEQUENCE:1\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-I-FRAMES-ONLY\n"
    );
    out.push_str(keys.before(1));
    put!(out, "#EXT-X-MAP:URI=\"{id}/init.mp4?v={version}\"\n");
    for Picture { segment, offset, length, duration } in pictures {
        let duration = Seconds::nearest(duration, track.timescale);
        out.push_str(keys.before(segment));
        put!(out, "#EXTINF:{duration},\n#EXT-X-BYTERANGE:{length}@{offset}\n{id}/{segment}.m4s?v={version}\n");
    }
    out.push_str("#EXT-X-ENDLIST\n");
    Ok(out)
}

/// An I-frame, as a range of its segment.
struct Picture {
    segment: u32,
    offset: u64,
    length: u32,
    /// Until the next, or the end; in the track's timescale.
    duration: u64,
}

/// `per_segment`: how many entries of the plan each segment has.
fn pictures(
    per_segment: impl Iterator<Item = u32>,
    plan: &[Entry],
    options: &Options<'_>,
) -> Result<Vec<Picture>, Error> {
    let scheme = options.delivery.scheme();
    let mut pictures: Vec<Picture> = Vec::new();
    let mut rest = plan;
    for (segment, count) in (1..).zip(per_segment) {
        let (entries, later) = rest.split_at_checked(count as usize).ok_or(Error::Plan)?;
        rest = later;
        let mut offset = 0;
        for entry in entries {
            if let Some(length) = entry.first_picture(scheme) {
                pictures.push(Picture { segment, offset, length, duration: 0 });
            }
            // What comes before the first is shown by none.
            if let Some(last) = pictures.last_mut() {
                last.duration = last.duration.saturating_add(entry.duration.into());
            }
            offset += u64::from(entry.delivered(scheme));
        }
    }
    match (rest, pictures.as_slice()) {
        ([], []) => Err(Error::UnknownTrack),
        ([], _) => Ok(pictures),
        _ => Err(Error::Plan),
    }
}

#[cfg(test)]
mod tests {
    use m3u8_rs::parse_media_playlist_res;

    use super::*;
    use crate::{manifest::fixture, title::Delivery};

    fn id(text: &str) -> TrackId {
        TrackId::parse(text).expect("id")
    }

    /// Four fragments a segment, of which the first and third begin with a picture to begin at.
    fn plan() -> Vec<Entry> {
        let entry = |n: u32| Entry {
            clear: 1000,
            cenc: 1100,
            cbcs: 1060,
            duration: 12_800,
            first_picture_cenc: if n.is_multiple_of(2) { 600 + n } else { 0 },
            first_picture_cbcs: if n.is_multiple_of(2) { 560 + n } else { 0 },
        };
        (0..12).map(entry).collect()
    }

    #[test]
    fn ranges_are_of_the_media_as_delivered() {
        for (delivery, title, size, first) in [
            (Delivery::Cenc, fixture::protected(), 1100, 600),
            (Delivery::Cbcs, fixture::protected(), 1060, 560),
            (Delivery::Clear, fixture::unprotected(), 1000, 500),
        ] {
            let text = iframes(&title, &id("v720"), &plan(), &fixture::options(delivery)).expect("playlist");
            let playlist = parse_media_playlist_res(text.as_bytes()).expect("m3u8-rs");
            assert!(playlist.i_frames_only && playlist.end_list);
            assert_eq!(playlist.segments.len(), 6);
            for (at, segment) in playlist.segments.iter().enumerate() {
                let range = segment.byte_range.as_ref().expect("a range");
                assert_eq!(range.length, first + 2 * at as u64, "{delivery:?}");
                assert_eq!(range.offset, Some(at as u64 % 2 * 2 * size), "{delivery:?}");
                assert_eq!(segment.uri, format!("v720/{}.m4s?v=r1", at / 2 + 1));
                assert!((segment.duration - 2.0).abs() < 1e-6);
            }
            let first = &playlist.segments[0];
            assert_eq!(first.map.as_ref().map(|map| map.uri.as_str()), Some("v720/init.mp4?v=r1"));
            assert_eq!(first.key.is_none(), delivery == Delivery::Clear);
        }
    }

    #[test]
    fn what_has_no_iframes_has_no_such_playlist() {
        let title = fixture::protected();
        let of = |track: &str, plan: &[Entry], delivery| iframes(&title, &id(track), plan, &fixture::options(delivery));
        assert_eq!(of("en", &plan(), Delivery::Cenc), Err(Error::UnknownTrack));
        assert_eq!(of("v999", &plan(), Delivery::Cenc), Err(Error::UnknownTrack));
        assert_eq!(of("v720", &plan(), Delivery::Clear), Err(Error::NotOffered));
        assert_eq!(of("v720", &plan()[1..], Delivery::Cenc), Err(Error::Plan));
        assert_eq!(of("v720", &[plan(), plan()].concat(), Delivery::Cenc), Err(Error::Plan));
        let none: Vec<_> =
            plan().into_iter().map(|entry| Entry { first_picture_cenc: 0, first_picture_cbcs: 0, ..entry }).collect();
        assert_eq!(of("v720", &none, Delivery::Cenc), Err(Error::UnknownTrack));
    }
}
