use super::{VERSION, VERSION_DEFINE, extinf::Durations, images::images, key::keys_of, text::put};
use crate::{
    manifest::{Error, Options, Seconds, admits, segments},
    title::{Delivery, Descriptor, Track, TrackId, TrackKind},
};

/// The media playlist of a track (rfc8216bis, 4.4.3), as video on demand.
///
/// # Errors
/// [`Error::UnknownTrack`] also where the options trim the track away; [`Error::NotOffered`], [`Error::NoKeySystem`],
/// [`Error::TooManySegments`], [`Error::Url`].
pub fn media(descriptor: &Descriptor, id: &TrackId, options: &Options<'_>) -> Result<String, Error> {
    options.check()?;
    let track = descriptor.track(id).filter(|track| admits(track, options));
    if !descriptor.offers(options.delivery) {
        return Err(Error::NotOffered);
    }
    let track = track.ok_or(Error::UnknownTrack)?;
    if track.kind == TrackKind::Thumbnail {
        return images(descriptor, track);
    }
    let keys = keys_of(descriptor, options, track)?;
    let count = segments(track)?;
    let version = descriptor.version.as_str();

    // Per segment: the id and the version, and at most 10 + 10 + 10 digits of duration, number and punctuation.
    let per_segment = id.as_str().len() + version.len() + 44;
    let head = 512 + keys.iter().map(|key| key.len() + 12).sum::<usize>();
    let mut out = String::with_capacity(head + per_segment * count as usize);
    out.push_str(if options.define { VERSION_DEFINE } else { VERSION });
    put!(out, "#EXT-X-TARGETDURATION:{}\n", target_duration(descriptor, track));
    // Segment n has media sequence number n: the two need no telling apart.
    out.push_str("#EXT-X-MEDIA-SEQUENCE:1\n#EXT-X-PLAYLIST-TYPE:VOD\n");
    let map = || format!("#EXT-X-MAP:URI=\"{id}/init.mp4?v={version}\"\n");
    let (extension, map_before, map_after) = match (track.kind, options.delivery) {
        (TrackKind::Text, _) => ("vtt", String::new(), String::new()),
        // Before the key, which would otherwise encrypt it, and want an IV (4.4.4.4).
        (_, Delivery::Aes128) => ("m4s", map(), String::new()),
        // After the keys: the initialization section of SAMPLE-AES media belongs to them, and is not itself encrypted.
        _ => ("m4s", String::new(), map()),
    };
    let (before, after) = (format!("{id}/"), format!(".{extension}?v={version}"));
    let (before, after) = if options.define {
        // rfc8216bis, 4.4.2.3. Before all that is of segments: players look for it there alone.
        put!(out, "#EXT-X-DEFINE:NAME=\"a\",VALUE=\"{before}\"\n#EXT-X-DEFINE:NAME=\"b\",VALUE=\"{after}\"\n");
        ("{$a}", "{$b}")
    } else {
        (before.as_str(), after.as_str())
    };
    out.push_str(&map_before);
    for key in &keys {
        put!(out, "#EXT-X-KEY:{key}\n");
    }
    out.push_str(&map_after);
    let mut durations = Durations::new(track.timescale);
    let mut number = 0u32;
    for run in &track.timeline.runs {
        for _ in 0..run.n {
            number += 1;
            let duration = durations.next(run.d);
            put!(out, "#EXTINF:{duration},\n{before}{number}{after}\n");
        }
    }
    out.push_str("#EXT-X-ENDLIST\n");
    Ok(out)
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
        title::{KeySystem, Run},
    };

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
