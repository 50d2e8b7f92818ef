use super::{
    VERSION,
    group::{Group, audio_groups, put_group, put_uri},
    images::put_image_stream,
    key::keys_of,
    text::{Quoted, put},
};
use crate::{
    manifest::{Error, Options, average, peak, selection},
    title::{Delivery, Descriptor, Track, TrackKind},
};

/// The multivariant playlist (rfc8216bis, 4.4.6): every video track with every audio group, or every audio group where the title
/// has no video.
///
/// # Errors
/// [`Error::NotOffered`], [`Error::NoKeySystem`], [`Error::NothingLeft`], [`Error::Url`]
pub fn multivariant(descriptor: &Descriptor, options: &Options<'_>) -> Result<String, Error> {
    options.check()?;
    if !descriptor.offers(options.delivery) {
        return Err(Error::NotOffered);
    }
    let tracks = selection(descriptor, options)?;
    let session_keys = session_keys(descriptor, options, &tracks)?;
    let of = |kind| tracks.iter().copied().filter(move |track| track.kind == kind);
    let audio = audio_groups(&tracks);
    let text = Group { id: "text".to_owned(), members: of(TrackKind::Text).collect() };

    let mut out = String::with_capacity(1024 + 256 * tracks.len() * (audio.len() + 1));
    out.push_str(VERSION);
    out.push_str("#EXT-X-INDEPENDENT-SEGMENTS\n");
    for key in session_keys {
        put!(out, "#EXT-X-SESSION-KEY:{key}\n");
    }
    for group in &audio {
        put_group(&mut out, "AUDIO", group, options);
    }
    put_group(&mut out, "SUBTITLES", &text, options);

    let text = Some(&text).filter(|text| !text.members.is_empty());
    let groups = || audio.iter().map(Some).chain(audio.is_empty().then_some(None));
    let with_video = of(TrackKind::Video).flat_map(|video| groups().map(move |group| (video, group)));
    let audio_only = || audio.iter().filter_map(|group| Some((*group.members.first()?, Some(group))));
    let mut variants = with_video.peekable();
    if variants.peek().is_some() {
        variants.for_each(|(track, group)| put_variant(&mut out, track, group, text, options));
    } else {
        audio_only().for_each(|(track, group)| put_variant(&mut out, track, group, text, options));
    }
    // Of a segment that is encrypted whole no part can be had alone.
    if options.delivery != Delivery::Aes128 {
        of(TrackKind::Video).for_each(|track| put_iframes(&mut out, track, options));
    }
    of(TrackKind::Thumbnail).for_each(|track| put_image_stream(&mut out, track, options));
    Ok(out)
}

/// `EXT-X-I-FRAME-STREAM-INF` (4.4.6.3), where the track has I-frames to list.
fn put_iframes(out: &mut String, track: &Track, options: &Options<'_>) {
    let Some(iframes) = track.video.and_then(|video| video.iframes) else { return };
    put!(
        out,
        "#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH={},AVERAGE-BANDWIDTH={},CODECS={}",
        iframes.peak_bandwidth,
        iframes.average_bandwidth,
        Quoted(&track.codec)
    );
    put_picture(out, track);
    out.push_str(",URI=\"");
    put_uri(out, track, "-iframes", options);
    out.push_str("\"\n");
}

/// What a variant's and an I-frame variant's tag tell alike of the picture.
fn put_picture(out: &mut String, track: &Track) {
    let Some(video) = track.video else { return };
    if video.width > 0 && video.height > 0 {
        put!(out, ",RESOLUTION={}x{}", video.width, video.height);
    }
    if let Some(range) = video.range {
        put!(out, ",VIDEO-RANGE={}", range.as_str());
    }
    if let Some(level) = track.hdcp {
        put!(out, ",HDCP-LEVEL={}", level.as_str());
    }
}

/// Every key of the listed media playlists, each once, so that players ask for licences ahead.
fn session_keys(descriptor: &Descriptor, options: &Options<'_>, tracks: &[&Track]) -> Result<Vec<String>, Error> {
    let mut all: Vec<String> = Vec::new();
    for track in tracks {
        let new = keys_of(descriptor, options, track)?;
        all.extend(new.into_iter().flatten().filter(|key| !all.contains(key)).collect::<Vec<_>>());
    }
    Ok(all)
}

/// `EXT-X-STREAM-INF` and its URI. Bandwidths are the sums of the dearest playable combination (4.4.6.2).
fn put_variant(
    out: &mut String,
    track: &Track,
    audio: Option<&Group<'_>>,
    text: Option<&Group<'_>>,
    options: &Options<'_>,
) {
    let delivery = options.delivery;
    let dearest = |of: fn(&Track, Delivery) -> u64, group: Option<&Group<'_>>| {
        group.into_iter().flat_map(|group| &group.members).map(|track| of(track, delivery)).max().unwrap_or(0)
    };
    let video = Some(track).filter(|track| track.kind == TrackKind::Video);
    let sum = |of: fn(&Track, Delivery) -> u64| {
        [video.map_or(0, |track| of(track, delivery)), dearest(of, audio), dearest(of, text)]
            .into_iter()
            .fold(0, u64::saturating_add)
    };
    put!(out, "#EXT-X-STREAM-INF:BANDWIDTH={},AVERAGE-BANDWIDTH={},CODECS=", sum(peak), sum(average));
    // Members of an audio group share their codec.
    let audio_codec = audio.and_then(|group| group.members.first()).map(|track| track.codec.as_str());
    match (video, audio_codec) {
        (Some(video), Some(audio)) => put!(out, "{}", Quoted(&format!("{},{audio}", video.codec))),
        _ => put!(out, "{}", Quoted(&track.codec)),
    }
    if let Some((track, video)) = video.and_then(|track| Some((track, track.video?))) {
        put_picture(out, track);
        if let (frames @ 1.., per @ 1..) = video.frame_rate {
            let thousandths = (u64::from(frames) * 1000 + u64::from(per) / 2) / u64::from(per);
            put!(out, ",FRAME-RATE={}.{:03}", thousandths / 1000, thousandths % 1000);
        }
    }
    if let Some(group) = audio {
        put!(out, ",AUDIO=\"{}\"", group.id);
    }
    if let Some(group) = text {
        put!(out, ",SUBTITLES=\"{}\"", group.id);
    }
    if video.is_some() {
        out.push_str(",CLOSED-CAPTIONS=NONE");
    }
    out.push('\n');
    put_uri(out, track, "", options);
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use m3u8_rs::{AlternativeMediaType, MasterPlaylist, VariantStream, parse_master_playlist_res};

    use super::*;
    use crate::{
        hls::media,
        manifest::fixture,
        title::{HdcpLevel, IFrames, KeySystem, Role, TrackId, VideoRange},
    };

    fn parsed(title: &Descriptor, options: &Options<'_>) -> MasterPlaylist {
        let text = multivariant(title, options).expect("playlist");
        parse_master_playlist_res(text.as_bytes()).expect("m3u8-rs")
    }

    #[test]
    fn clear_title() {
        let mut title = fixture::unprotected();
        title.tracks.remove(1);
        let options = Options { query: "ks=clearkey&max_height=720", ..fixture::options(Delivery::Clear) };
        assert_eq!(
            multivariant(&title, &options).expect("playlist"),
            "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-INDEPENDENT-SEGMENTS\n\
             #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"audio-1\",NAME=\"English\",LANGUAGE=\"en\",DEFAULT=YES,AUTOSELECT=YES,CHANNELS=\"2\",URI=\"en.m3u8?ks=clearkey&max_height=720\"\n\
             #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"audio-1\",NAME=\"Français\",LANGUAGE=\"fr\",DEFAULT=NO,AUTOSELECT=YES,CHANNELS=\"2\",URI=\"fr.m3u8?ks=clearkey&max_height=720\"\n\
             #EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"text\",NAME=\"English\",LANGUAGE=\"en\",DEFAULT=NO,AUTOSELECT=YES,URI=\"subs-en.m3u8?ks=clearkey&max_height=720\"\n\
             #EXT-X-STREAM-INF:BANDWIDTH=3130800,AVERAGE-BANDWIDTH=2608995,CODECS=\"avc1.64001f,mp4a.40.2\",RESOLUTION=1280x720,FRAME-RATE=25.000,AUDIO=\"audio-1\",SUBTITLES=\"text\",CLOSED-CAPTIONS=NONE\n\
             v720.m3u8?ks=clearkey&max_height=720\n"
        );
    }

    #[test]
    fn every_variant_has_codecs_and_groups_that_exist() {
        let mut title = fixture::protected();
        let mut surround = fixture::audio("en-51", "en", "English", false);
        (surround.codec, surround.peak_bandwidth) = ("ec-3".to_owned(), 400_000);
        let low = fixture::audio("en-low", "en", "English", false);
        title.tracks.extend([surround, low]);
        let playlist = parsed(&title, &fixture::options(Delivery::Cbcs));
        assert_eq!(playlist.variants.len(), 2 * 3);
        let groups: Vec<_> =
            playlist.alternatives.iter().map(|media| (media.media_type.clone(), &media.group_id)).collect();
        for variant in &playlist.variants {
            let codecs = variant.codecs.as_deref().expect("CODECS");
            assert!(codecs.starts_with("avc1.") && (codecs.ends_with(",mp4a.40.2") || codecs.ends_with(",ec-3")));
            let audio = variant.audio.as_ref().expect("AUDIO");
            assert!(groups.contains(&(AlternativeMediaType::Audio, audio)));
            assert!(
                groups.contains(&(AlternativeMediaType::Subtitles, variant.subtitles.as_ref().expect("SUBTITLES")))
            );
            assert!(variant.average_bandwidth.expect("AVERAGE-BANDWIDTH") <= variant.bandwidth);
            assert!(variant.bandwidth > if codecs.ends_with("ec-3") { 1_200_000 } else { 930_000 });
        }
    }

    #[test]
    fn names_defaults_and_languages_do_not_clash_within_a_group() {
        let mut title = fixture::protected();
        title.tracks.push(fixture::audio("en-commentary", "en", "Commentary", true));
        title.tracks.push(fixture::audio("en-gb", "en-GB", "English", false));
        let playlist = parsed(&title, &fixture::options(Delivery::Cenc));
        let audio: Vec<_> = playlist.alternatives.iter().filter(|media| media.group_id == "audio-1").collect();
        let flags: Vec<_> = audio.iter().map(|media| (media.name.as_str(), media.default, media.autoselect)).collect();
        assert_eq!(
            flags,
            [
                ("English", true, true),
                ("Français", false, true),
                ("Commentary", false, false),
                ("English (en-gb)", false, true),
            ]
        );
    }

    #[test]
    fn roles_are_characteristics_and_flags() {
        let mut title = fixture::protected();
        let described = fixture::audio("en-ad", "en", "English", false);
        title.tracks.push(Track { role: Some(Role::Description), ..described });
        for (id, role) in [("forced-en", Role::ForcedSubtitle), ("sdh-en", Role::Caption)] {
            title.tracks.push(Track { role: Some(role), ..fixture::text(id, "en", id) });
        }
        let playlist = parsed(&title, &fixture::options(Delivery::Cenc));
        let told = |uri: &str| {
            let media = playlist.alternatives.iter().find(|media| media.uri.as_deref() == Some(uri)).expect("listed");
            assert!(!media.default || uri == "en.m3u8");
            assert!(media.autoselect, "each is a choice of its own");
            (media.group_id.as_str(), media.forced, media.characteristics.clone())
        };
        assert_eq!(told("en.m3u8"), ("audio-1", false, None));
        // Another role is no other quality: the same group.
        let describes = Some("public.accessibility.describes-video".to_owned());
        assert_eq!(told("en-ad.m3u8"), ("audio-1", false, describes));
        assert_eq!(told("subs-en.m3u8"), ("text", false, None));
        assert_eq!(told("forced-en.m3u8"), ("text", true, None));
        assert!(told("sdh-en.m3u8").2.is_some_and(|told| told.contains("transcribes-spoken-dialog")));
    }

    #[test]
    fn session_keys_are_the_media_playlists_keys() {
        let title = fixture::protected();
        for delivery in [Delivery::Cenc, Delivery::Cbcs] {
            let options = fixture::options(delivery);
            let lines = |text: &str, tag: &str| -> Vec<String> {
                text.lines().filter_map(|line| line.strip_prefix(tag)).map(str::to_owned).collect()
            };
            let session = lines(&multivariant(&title, &options).expect("playlist"), "#EXT-X-SESSION-KEY:");
            let mut expected = Vec::new();
            for track in ["v720", "en"] {
                let text = media(&title, &TrackId::parse(track).expect("id"), &options).expect("playlist");
                expected.extend(lines(&text, "#EXT-X-KEY:"));
            }
            assert_eq!(session, expected);
            assert!(!session.is_empty() && session.iter().all(|key| !key.contains("NONE")));
        }
    }

    #[test]
    fn one_key_for_all_is_listed_once() {
        let mut title = fixture::protected();
        let keys = &mut title.key_policy.as_mut().expect("policy").schemes[0].keys;
        keys[1].kid = keys[0].kid;
        let options = Options { systems: &[KeySystem::Widevine], ..fixture::options(Delivery::Cenc) };
        assert_eq!(parsed(&title, &options).session_key.len(), 1);
    }

    #[test]
    fn audio_alone_and_video_alone_have_variants() {
        let mut title = fixture::protected();
        title.tracks.retain(|track| track.kind == TrackKind::Audio);
        let playlist = parsed(&title, &fixture::options(Delivery::Cenc));
        assert_eq!(playlist.variants.len(), 1);
        assert_eq!(
            (playlist.variants[0].uri.as_str(), playlist.variants[0].codecs.as_deref()),
            ("en.m3u8", Some("mp4a.40.2"))
        );
        let mut title = fixture::protected();
        title.tracks.retain(|track| track.kind == TrackKind::Video);
        let playlist = parsed(&title, &fixture::options(Delivery::Cenc));
        assert_eq!((playlist.variants.len(), playlist.alternatives.len()), (2, 0));
        assert_eq!(playlist.variants[0].codecs.as_deref(), Some("avc1.64001f"));
        title.tracks.clear();
        assert_eq!(multivariant(&title, &fixture::options(Delivery::Cenc)), Err(Error::NothingLeft));
    }

    #[test]
    fn the_range_is_told_where_it_is_known() {
        let mut title = fixture::protected();
        let video = title.tracks[0].video.as_mut().expect("video");
        video.range = Some(VideoRange::Pq);
        video.iframes = Some(IFrames { peak_bandwidth: 2, average_bandwidth: 1, segments: None });
        let playlist = parsed(&title, &fixture::options(Delivery::Cenc));
        let range = |variant: &VariantStream| {
            let told = variant.other_attributes.as_ref().and_then(|others| others.get("VIDEO-RANGE"));
            (variant.is_i_frame, told.map(ToString::to_string))
        };
        let ranges: Vec<_> = playlist.variants.iter().map(range).collect();
        let pq = || Some("PQ".to_owned());
        assert_eq!(ranges, [(false, pq()), (false, None), (true, pq())]);
    }

    #[test]
    fn the_protection_of_outputs_is_told_of_variants_and_iframes() {
        let mut title = fixture::protected();
        title.tracks[0].hdcp = Some(HdcpLevel::Type1);
        let iframes = IFrames { peak_bandwidth: 2, average_bandwidth: 1, segments: None };
        title.tracks[0].video.as_mut().expect("video").iframes = Some(iframes);
        title.tracks[1].video.as_mut().expect("video").iframes = Some(iframes);
        let playlist = parsed(&title, &fixture::options(Delivery::Cbcs));
        let told = playlist.variants.iter().map(|variant| (variant.is_i_frame, variant.hdcp_level.clone()));
        let told: Vec<_> = told.map(|(of, level)| (of, level.map(|level| level.to_string()))).collect();
        let high = || Some("TYPE-1".to_owned());
        assert_eq!(told, [(false, high()), (false, None), (true, high()), (true, None)]);
    }

    #[test]
    fn odd_sizes_and_rates_are_left_out() {
        let mut title = fixture::unprotected();
        for (at, rate) in [(0, (25, 0)), (1, (0, 0))] {
            let video = title.tracks[at].video.as_mut().expect("video");
            (video.width, video.frame_rate) = (0, rate);
        }
        let text = multivariant(&title, &fixture::options(Delivery::Clear)).expect("playlist");
        assert!(!text.contains("RESOLUTION") && !text.contains("FRAME-RATE"));
        title.tracks[0].video.as_mut().expect("video").frame_rate = (30_000, 1001);
        let text = multivariant(&title, &fixture::options(Delivery::Clear)).expect("playlist");
        assert!(text.contains(",FRAME-RATE=29.970,"));
    }
}
