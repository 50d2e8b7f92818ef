use super::{
    VERSION, VERSION_DEFINE,
    images::images,
    key::KeyLines,
    playlist::{Place, Playlist},
    text::put,
};
use crate::{
    manifest::{Error, Options, Seconds, admits, segments},
    title::{Delivery, Descriptor, SingleFile, SingleFileError, Track, TrackId, TrackKind, plan::Entry},
};

/// The media playlist of a track (rfc8216bis, 4.4.3), as video on demand, with a URL for each segment.
///
/// # Errors
/// [`Error::UnknownTrack`] also where the options trim the track away; [`Error::NotOffered`], [`Error::NoKeySystem`],
/// [`Error::TooManySegments`], [`Error::Url`].
pub fn media_playlist(descriptor: &Descriptor, id: &TrackId, options: &Options<'_>) -> Result<Playlist, Error> {
    let track = listed(descriptor, id, options)?;
    if track.kind == TrackKind::Thumbnail {
        return images(descriptor, track).map(Playlist::whole);
    }
    let version = descriptor.version.as_str();
    let is_text = track.kind == TrackKind::Text;
    let (before, after) = (format!("{id}/"), format!(".{}?v={version}", if is_text { "vtt" } else { "m4s" }));
    let head = Head {
        map: (!is_text).then(|| format!("URI=\"{id}/init.mp4?v={version}\"")),
        define: options.define.then_some([("a", before.as_str()), ("b", after.as_str())]),
    };
    let (head, keys) = head.write(descriptor, track, options)?;
    let place = if options.define {
        Place::Uris { before: "{$a}".to_owned(), after: "{$b}".to_owned() }
    } else {
        Place::Uris { before, after }
    };
    Ok(Playlist::new(head, track, keys, place))
}

/// The whole text of [`media_playlist`].
///
/// # Errors
/// As [`media_playlist`].
pub fn media(descriptor: &Descriptor, id: &TrackId, options: &Options<'_>) -> Result<String, Error> {
    Ok(media_playlist(descriptor, id, options)?.collect())
}

/// The same by byte ranges of one file (4.4.4.2). `plan`: all of the track's.
///
/// # Errors
/// As [`media_playlist`]; [`Error::NoRanges`], also for text; [`Error::Plan`].
pub fn ranges_playlist(
    descriptor: &Descriptor,
    id: &TrackId,
    plan: &[Entry],
    options: &Options<'_>,
) -> Result<Playlist, Error> {
    let track = listed(descriptor, id, options)?;
    let scheme = options.delivery.scheme();
    let init =
        track.init_size.filter(|_| options.delivery != Delivery::Aes128).ok_or(Error::NoRanges)?.delivered(scheme);
    let file = SingleFile::new(init.into(), &track.timeline, plan, scheme).map_err(|error| match error {
        SingleFileError::Plan => Error::Plan,
        SingleFileError::Segments | SingleFileError::Reference(_) => Error::NoRanges,
    })?;
    let uri = format!("{id}.mp4?v={}", descriptor.version);
    let head = Head { map: Some(format!("URI=\"{uri}\",BYTERANGE=\"{init}@0\"")), define: None };
    let (head, keys) = head.write(descriptor, track, options)?;
    Ok(Playlist::new(head, track, keys, Place::Ranges { file, uri }))
}

/// A track that the request gets.
fn listed<'d>(descriptor: &'d Descriptor, id: &TrackId, options: &Options<'_>) -> Result<&'d Track, Error> {
    options.check()?;
    let track = descriptor.track(id).filter(|track| admits(track, options));
    if !descriptor.offers(options.delivery) {
        return Err(Error::NotOffered);
    }
    track.ok_or(Error::UnknownTrack)
}

/// What a playlist says before its segments, beside what all say.
struct Head<'a> {
    /// Attributes of `EXT-X-MAP`; text has none.
    map: Option<String>,
    /// Names of variables, and what they stand for.
    define: Option<[(&'a str, &'a str); 2]>,
}

impl Head<'_> {
    /// Everything before the first segment, and the keys that are still to come.
    fn write(
        &self,
        descriptor: &Descriptor,
        track: &Track,
        options: &Options<'_>,
    ) -> Result<(String, KeyLines), Error> {
        let mut keys = KeyLines::of(descriptor, options, track)?;
        segments(track)?;
        let mut out = String::with_capacity(1024);
        out.push_str(if options.define { VERSION_DEFINE } else { VERSION });
        put!(out, "#EXT-X-TARGETDURATION:{}\n", target_duration(descriptor, track));
        // Segment n has media sequence number n: the two need no telling apart.
        out.push_str("#EXT-X-MEDIA-SEQUENCE:1\n#EXT-X-PLAYLIST-TYPE:VOD\n");
        // rfc8216bis, 4.4.2.3. Before all that is of segments: players look for it there alone.
        for (name, value) in self.define.iter().flatten() {
            put!(out, "#EXT-X-DEFINE:NAME=\"{name}\",VALUE=\"{value}\"\n");
        }
        let map = self.map.as_ref().map(|map| format!("#EXT-X-MAP:{map}\n")).unwrap_or_default();
        if options.delivery == Delivery::Aes128 {
            // Before the key, which would otherwise encrypt it, and want an IV (4.4.4.4).
            out.push_str(&map);
            out.push_str(keys.before(1));
        } else {
            // After the keys: the initialization section of SAMPLE-AES media belongs to them, and is not itself encrypted.
            out.push_str(keys.before(1));
            out.push_str(&map);
        }
        Ok((out, keys))
    }
}

/// The same for all audio and video of the title, as rfc8216bis, 6.2.4 wants of a variant stream's playlists, before any trimming;
/// no segment, rounded to the nearest second, is longer (4.4.3.1).
pub(super) fn target_duration(descriptor: &Descriptor, track: &Track) -> u128 {
    let of_media = descriptor.tracks.iter().filter(|track| matches!(track.kind, TrackKind::Video | TrackKind::Audio));
    of_media.chain([track]).map(rounded).max().unwrap_or(1).max(1)
}

fn rounded(track: &Track) -> u128 {
    // `EXTINF` may be up to the next millisecond.
    Seconds::up_milli(track.timeline.longest(), track.timescale).rounded()
}

#[cfg(test)]
mod tests {
    use m3u8_rs::{KeyMethod, MediaPlaylistType, parse_media_playlist_res};
    use proptest::prelude::*;

    use super::*;
    use crate::{
        manifest::fixture,
        title::{KeyScope, KeySystem, Run, Schedule, TitleKey},
    };

    fn in_ranges(title: &Descriptor, id: &TrackId, plan: &[Entry], options: &Options<'_>) -> Result<String, Error> {
        Ok(ranges_playlist(title, id, plan, options)?.collect())
    }

    fn id(text: &str) -> TrackId {
        TrackId::parse(text).expect("id")
    }

    #[test]
    fn protected_audio() {
        let options = Options { systems: &[KeySystem::Fairplay], ..fixture::options(Delivery::Cbcs) };
        assert_eq!(
            media(&fixture::protected(), &id("en"), &options).expect("playlist"),
            "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:1\n#EXT-X-PLAYLIST-TYPE:VOD\n\
             #EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"skd://404142434445464748494a4b4c4d4e4f\",KEYFORMAT=\"com.apple.streamingkeydelivery\",KEYFORMATVERSIONS=\"1\"\n\
             #EXT-X-MAP:URI=\"en/init.mp4?v=r1\"\n\
             #EXTINF:4.011,\nen/1.m4s?v=r1\n#EXTINF:3.989,\nen/2.m4s?v=r1\n#EXTINF:2.005,\nen/3.m4s?v=r1\n\
             #EXT-X-ENDLIST\n"
        );
    }

    #[test]
    fn text_and_clear_media_have_no_key() {
        let options = fixture::options(Delivery::Cenc);
        assert_eq!(
            media(&fixture::protected(), &id("subs-en"), &options).expect("playlist"),
            "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:1\n#EXT-X-PLAYLIST-TYPE:VOD\n\
             #EXTINF:4,\nsubs-en/1.vtt?v=r1\n#EXTINF:4,\nsubs-en/2.vtt?v=r1\n#EXTINF:2,\nsubs-en/3.vtt?v=r1\n\
             #EXT-X-ENDLIST\n"
        );
        let clear = media(&fixture::unprotected(), &id("v720"), &fixture::options(Delivery::Clear)).expect("playlist");
        assert!(!clear.contains("KEY") && clear.contains("#EXT-X-MAP:URI=\"v720/init.mp4?v=r1\"\n"));
    }

    #[test]
    fn keys_stand_before_the_map_and_have_no_iv() {
        let title = fixture::protected();
        for (delivery, method) in [(Delivery::Cenc, "SAMPLE-AES-CTR"), (Delivery::Cbcs, "SAMPLE-AES")] {
            let text = media(&title, &id("v720"), &fixture::options(delivery)).expect("playlist");
            assert!(text.rfind("#EXT-X-KEY") < text.find("#EXT-X-MAP") && !text.contains("IV="));
            let playlist = parse_media_playlist_res(text.as_bytes()).expect("m3u8-rs");
            assert!(playlist.end_list && playlist.playlist_type == Some(MediaPlaylistType::Vod));
            assert_eq!((playlist.segments.len(), playlist.target_duration, playlist.version), (3, 4, Some(6)));
            let key = playlist.segments[0].key.as_ref().expect("key");
            assert_eq!(
                key.method,
                match method {
                    "SAMPLE-AES" => KeyMethod::SampleAES,
                    other => KeyMethod::Other(other.to_owned()),
                }
            );
            assert_eq!(playlist.segments[0].map.as_ref().expect("map").uri, "v720/init.mp4?v=r1");
            assert_eq!(playlist.segments[2].uri, "v720/3.m4s?v=r1");
        }
    }

    #[test]
    fn ranges_are_of_one_file_as_delivered() {
        let title = fixture::protected();
        let entry = |cbcs| Entry { clear: 1, cenc: 2, cbcs, duration: 1, first_picture_cenc: 0, first_picture_cbcs: 0 };
        let plan: Vec<_> = (0..12).map(|n| entry(100 + n)).collect();
        let options = Options { systems: &[KeySystem::Fairplay], ..fixture::options(Delivery::Cbcs) };
        let text = in_ranges(&title, &id("en"), &plan, &options).expect("playlist");
        let playlist = parse_media_playlist_res(text.as_bytes()).expect("m3u8-rs");
        let map = playlist.segments[0].map.as_ref().expect("a map");
        let range = |range: &m3u8_rs::ByteRange| (range.length, range.offset);
        assert_eq!((map.uri.as_str(), map.byte_range.as_ref().map(range)), ("en.mp4?v=r1", Some((800, Some(0)))));
        let ranges: Vec<_> =
            playlist.segments.iter().map(|one| range(one.byte_range.as_ref().expect("a range"))).collect();
        let first = 800 + 40 + 36;
        assert_eq!(ranges, [(406, Some(first)), (422, Some(first + 406)), (438, Some(first + 828))]);
        assert!(playlist.segments.iter().all(|one| one.uri == "en.mp4?v=r1"));
        let of =
            |track: &str, plan: &[Entry], delivery| in_ranges(&title, &id(track), plan, &fixture::options(delivery));
        assert_eq!(of("en", &plan[1..], Delivery::Cbcs), Err(Error::Plan));
        assert_eq!(of("en", &plan, Delivery::Aes128), Err(Error::NoRanges));
        assert_eq!(of("subs-en", &plan, Delivery::Cbcs), Err(Error::NoRanges));
    }

    #[test]
    fn keys_stand_where_they_begin_to_hold() {
        let mut title = fixture::protected();
        title.tracks[2].schedule = Schedule { clear_lead: 1, periods: vec![3] };
        let second = TitleKey { kid: fixture::kid(0x70), scope: KeyScope::Audio, period: 1 };
        title.key_policy.as_mut().expect("policy").schemes[1].keys.push(second);
        let options = Options { systems: &[KeySystem::Fairplay], ..fixture::options(Delivery::Cbcs) };
        let key = |kid: &str| {
            format!(
                "#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"skd://{kid}\",KEYFORMAT=\"com.apple.streamingkeydelivery\",KEYFORMATVERSIONS=\"1\"\n"
            )
        };
        let text = media(&title, &id("en"), &options).expect("playlist");
        let body = text.split_once("VOD\n").expect("a head").1;
        assert_eq!(
            body,
            format!(
                "#EXT-X-MAP:URI=\"en/init.mp4?v=r1\"\n#EXTINF:4.011,\nen/1.m4s?v=r1\n\
                 {}#EXTINF:3.989,\nen/2.m4s?v=r1\n{}#EXT-X-MAP:URI=\"en/init.mp4?v=r1&period=1\"\n#EXTINF:2.005,\nen/3.m4s?v=r1\n#EXT-X-ENDLIST\n",
                key("404142434445464748494a4b4c4d4e4f"),
                key("707172737475767778797a7b7c7d7e7f")
            )
        );
        let playlist = parse_media_playlist_res(text.as_bytes()).expect("m3u8-rs");
        assert!(playlist.segments[0].key.is_none());
    }

    #[test]
    fn segments_encrypted_whole_have_a_clear_init_and_a_raw_key() {
        let mut title = fixture::protected();
        let options = fixture::options(Delivery::Aes128);
        assert_eq!(
            media(&title, &id("en"), &options).expect("playlist"),
            "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:1\n#EXT-X-PLAYLIST-TYPE:VOD\n\
             #EXT-X-MAP:URI=\"en/init.mp4?v=r1\"\n\
             #EXT-X-KEY:METHOD=AES-128,URI=\"https://edge.example/~h/v1/film/key/606162636465666768696a6b6c6d6e6f\"\n\
             #EXTINF:4.011,\nen/1.m4s?v=r1\n#EXTINF:3.989,\nen/2.m4s?v=r1\n#EXTINF:2.005,\nen/3.m4s?v=r1\n\
             #EXT-X-ENDLIST\n"
        );
        assert!(!media(&title, &id("subs-en"), &options).expect("playlist").contains("EXT-X-KEY"));
        // Who may not have raw keys may not have this.
        title.key_policy.as_mut().expect("policy").systems.retain(|system| *system != KeySystem::Identity);
        assert_eq!(media(&title, &id("en"), &options), Err(Error::NoKeySystem));
    }

    #[test]
    fn what_uris_share_can_be_named_once() {
        let title = fixture::protected();
        let plain = fixture::options(Delivery::Cbcs);
        let defined = Options { define: true, ..plain };
        let text = media(&title, &id("en"), &defined).expect("playlist");
        let head = "#EXTM3U\n#EXT-X-VERSION:8\n";
        assert!(text.starts_with(head) && text.ends_with("#EXTINF:2.005,\n{$a}3{$b}\n#EXT-X-ENDLIST\n"), "{text}");
        assert!(
            text.contains("#EXT-X-DEFINE:NAME=\"a\",VALUE=\"en/\"\n#EXT-X-DEFINE:NAME=\"b\",VALUE=\".m4s?v=r1\"\n")
        );
        // Substituted, it is the plain one.
        let lines = text.lines().filter(|line| !line.starts_with("#EXT-X-DEFINE"));
        let lines: Vec<_> = lines.map(|line| line.replace("{$a}", "en/").replace("{$b}", ".m4s?v=r1")).collect();
        let expected = media(&title, &id("en"), &plain).expect("playlist").replace("VERSION:6", "VERSION:8");
        assert_eq!(lines, expected.lines().collect::<Vec<_>>());
    }

    #[test]
    fn what_is_not_there_has_no_playlist() {
        let title = fixture::protected();
        let all = fixture::options(Delivery::Cenc);
        let low = Options { max_height: Some(360), ..all };
        assert_eq!(media(&title, &id("v720"), &low), Err(Error::UnknownTrack));
        assert!(media(&title, &id("v360"), &low).is_ok());
        assert_eq!(media(&title, &id("v1080"), &all), Err(Error::UnknownTrack));
        let clear = fixture::options(Delivery::Clear);
        assert_eq!(media(&title, &id("v720"), &clear), Err(Error::NotOffered));
        assert_eq!(media(&title, &id("nothing"), &clear), Err(Error::NotOffered));
        let broken = Options { base: "https://x/\"\n#EXT-X-ENDLIST", ..all };
        assert_eq!(media(&title, &id("v720"), &broken), Err(Error::Url));
        let mut long = title;
        long.tracks[0].timeline.runs = vec![Run { d: 1, n: u32::MAX, f: 1 }; 2];
        assert_eq!(media(&long, &id("v720"), &all), Err(Error::TooManySegments));
    }

    proptest! {
        #[test]
        fn any_timeline_parses_and_keeps_its_durations(
            timescale: u32,
            runs in proptest::collection::vec((any::<u64>(), 0..40u32), 0..5),
        ) {
            let mut title = fixture::protected();
            title.tracks[0].timescale = timescale;
            title.tracks[0].timeline.runs = runs.iter().map(|(d, n)| Run { d: d >> 20, n: *n, f: 1 }).collect();
            let text = media(&title, &id("v720"), &fixture::options(Delivery::Cenc)).expect("playlist");
            let playlist = parse_media_playlist_res(text.as_bytes()).expect("m3u8-rs");
            let expected = title.tracks[0].timeline.runs.iter().flat_map(|run| (0..run.n).map(|_| run.d));
            prop_assert_eq!(playlist.segments.len(), runs.iter().map(|(_, n)| *n as usize).sum::<usize>());
            for (segment, ticks) in playlist.segments.iter().zip(expected) {
                let seconds = ticks as f64 / f64::from(timescale.max(1));
                prop_assert!((f64::from(segment.duration) - seconds).abs() <= 1.001e-3 + seconds * 1e-6);
                prop_assert!(seconds.round() <= playlist.target_duration as f64 + 1.0);
            }
        }
    }
}
