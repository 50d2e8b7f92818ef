//! Manifests read back by the crate dash-mpd-core.

use core::time::Duration;
use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use dash_mpd_core::{AdaptationSet, MPD, SupplementalProperty, check_conformity, parse};
use proptest::prelude::*;

use super::mpd;
use crate::{
    drm::pssh,
    manifest::fixture,
    title::{Delivery, Descriptor, IFrameSegments, IFrames, Role, Run, Text, Track, VideoRange},
};

fn read(title: &Descriptor, delivery: Delivery) -> (String, MPD) {
    let text = mpd(title, &fixture::options(delivery)).expect("manifest");
    let mpd = parse(&text).expect("dash-mpd-core");
    assert_eq!(check_conformity(&mpd), Vec::<String>::new());
    (text, mpd)
}

fn sets(mpd: &MPD) -> &[AdaptationSet] {
    let [period] = &mpd.periods[..] else { panic!("one period") };
    &period.adaptations
}

/// Attributes that the reader spells in its own way or, though DASH-IF's CPS schema has it (`licenseType`), does not know.
const APART: [&str; 4] = ["mediaPresentationDuration=\"", "minBufferTime=\"", "start=\"", "licenseType=\""];

/// How often each attribute name and value occurs, but for namespaces and what is [`APART`].
fn attributes(text: &str) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    let quoted = text.split_inclusive('"').collect::<Vec<_>>();
    for pair in quoted.chunks_exact(2) {
        let from = pair[0].rfind([' ', '<']).map_or(0, |at| at + 1);
        let name = &pair[0][from..];
        if !name.starts_with("xmlns") && !APART.contains(&name) {
            *counts.entry(name).or_insert(0) += 1;
            *counts.entry(pair[1]).or_insert(0) += 1;
        }
    }
    counts
}

#[test]
fn nothing_that_is_written_is_unknown_to_the_reader() {
    for (title, delivery) in [
        (fixture::protected(), Delivery::Cenc),
        (fixture::protected(), Delivery::Cbcs),
        (fixture::unprotected(), Delivery::Clear),
    ] {
        let (text, read) = read(&title, delivery);
        let body = |text: &str| text[text.find("<MPD").expect("MPD")..].to_owned();
        let (ours, theirs) = (body(&text), body(&read.to_string()));
        let (ours, theirs) = (attributes(&ours), attributes(&theirs));
        for (attribute, count) in ours {
            assert!(theirs.get(attribute).is_some_and(|kept| *kept >= count), "{attribute} in {delivery:?}");
        }
    }
}

#[test]
fn every_pssh_is_whole_and_of_its_system() {
    let (_, read) = read(&fixture::protected(), Delivery::Cbcs);
    let mut boxes = 0;
    for protection in sets(&read).iter().flat_map(|set| &set.ContentProtection) {
        for pssh_text in &protection.cenc_pssh {
            let bytes = STANDARD.decode(pssh_text.content.as_deref().expect("base64 text")).expect("base64");
            let (parsed, after) = pssh::parse(&bytes).expect("pssh");
            let system = crate::keys::Kid(parsed.system.0).uuid();
            assert_eq!((protection.schemeIdUri.clone(), after), (format!("urn:uuid:{system}"), &[][..]));
            boxes += 1;
        }
        if protection.schemeIdUri.ends_with("b030af78d30e") {
            // The reader goes by local names: `Laurl`, whatever its prefix.
            let url = protection.clearkey_laurl.as_ref().and_then(|laurl| laurl.content.as_deref());
            assert_eq!(url, Some("https://edge.example/~h/v1/film/license/clearkey"));
        }
    }
    assert_eq!(boxes, 3 * 2);
}

/// Start and duration of each segment, as the reader has them.
fn segments(set: &AdaptationSet) -> Vec<(u64, u64)> {
    let template = set.SegmentTemplate.as_ref().expect("template");
    assert_eq!(template.startNumber, Some(1));
    let mut all = Vec::new();
    let mut time = 0;
    for s in &template.SegmentTimeline.as_ref().expect("timeline").segments {
        time = s.t.unwrap_or(time);
        for _ in 0..=s.r.unwrap_or(0) {
            all.push((time, s.d));
            time += s.d;
        }
    }
    all
}

fn expected(track: &Track) -> Vec<(u64, u64)> {
    let segment = |number| track.timeline.segment(number).map(|segment| (segment.time, segment.duration));
    (1..=track.timeline.count()).map_while(segment).collect()
}

proptest! {
    #[test]
    fn any_timeline_reads_back(
        start in 0..1u64 << 40,
        timescale in 1..1_000_000u32,
        runs in proptest::collection::vec((1..1_000_000u64, 0..9u32), 1..6),
        label in ".{0,12}",
    ) {
        let mut title = fixture::unprotected();
        title.tracks.truncate(1);
        title.tracks[0].timescale = timescale;
        title.tracks[0].label = Some(label);
        title.tracks[0].timeline.start = start;
        title.tracks[0].timeline.runs = runs.iter().map(|(d, n)| Run { d: *d, n: *n, f: 1 }).collect();
        let (_, read) = read(&title, Delivery::Clear);
        prop_assert_eq!(segments(&sets(&read)[0]), expected(&title.tracks[0]));
        let offset = sets(&read)[0].SegmentTemplate.as_ref().and_then(|template| template.presentationTimeOffset);
        prop_assert_eq!(offset.unwrap_or(0), start);
        let seconds = title.tracks[0].timeline.duration() as f64 / f64::from(timescale);
        let told = read.mediaPresentationDuration.unwrap_or(Duration::ZERO).as_secs_f64();
        prop_assert!((told - seconds).abs() < 0.002 + seconds * 1e-9, "{} {}", told, seconds);
    }
}

#[test]
fn timed_text_in_cmaf_is_listed_as_such_and_lines_up_with_the_media() {
    let mut title = fixture::protected();
    title.tracks[0].timeline.start = 12_800 * 3;
    title.tracks[1].timeline.start = 12_800 * 3;
    title.tracks.truncate(2);
    for (id, codec) in [("stpp-en", "stpp.ttml.im1t"), ("wvtt-en", "wvtt"), ("plain", "wvtt")] {
        let mut track = fixture::text(id, "en", id);
        codec.clone_into(&mut track.codec);
        track.text = Some(Text { fragmented: id != "plain" });
        title.tracks.push(track);
    }
    let (_, read) = read(&title, Delivery::Cbcs);
    let text: Vec<_> = sets(&read).iter().filter(|set| set.contentType.as_deref() == Some("text")).collect();
    let told: Vec<_> = text
        .iter()
        .map(|set| {
            let template = set.SegmentTemplate.as_ref().expect("template");
            assert!(set.ContentProtection.is_empty(), "text is in the clear");
            // The media's start, though the text begins before.
            assert_eq!((template.presentationTimeOffset, segments(set)[0].0), (Some(3000), 0));
            let media = template.media.as_deref().expect("media").rsplit_once('/').expect("a folder").1.to_owned();
            let codecs = set.representations[0].codecs.clone();
            (set.mimeType.as_deref().expect("mimeType"), codecs, template.initialization.is_some(), media)
        })
        .collect();
    let m4s = || "$Number$.m4s?v=r1".to_owned();
    assert_eq!(
        told,
        [
            ("application/mp4", Some("stpp.ttml.im1t".to_owned()), true, m4s()),
            ("application/mp4", Some("wvtt".to_owned()), true, m4s()),
            ("text/vtt", None, false, "$Number$.vtt?v=r1".to_owned()),
        ]
    );
}

#[test]
fn another_range_is_another_set_that_says_so() {
    let mut title = fixture::protected();
    title.tracks[0].video.as_mut().expect("video").range = Some(VideoRange::Pq);
    title.tracks[1].video.as_mut().expect("video").range = Some(VideoRange::Sdr);
    let (_, read) = read(&title, Delivery::Cenc);
    let told = |set: &AdaptationSet| {
        let of =
            |property: &&SupplementalProperty| property.schemeIdUri == "urn:mpeg:mpegB:cicp:TransferCharacteristics";
        set.supplemental_property.iter().find(of).and_then(|property| property.value.clone())
    };
    let video = sets(&read).iter().filter(|set| set.contentType.as_deref() == Some("video"));
    assert_eq!(video.map(told).collect::<Vec<_>>(), [Some("16".to_owned()), None]);
}

#[test]
fn roles_are_sets_of_their_own_and_tell_whom_they_are_for() {
    let mut title = fixture::protected();
    title.tracks.push(Track { role: Some(Role::Description), ..fixture::audio("en-ad", "en", "English", false) });
    title.tracks.push(Track { role: Some(Role::Caption), ..fixture::text("sdh-en", "en", "English") });
    let (_, read) = read(&title, Delivery::Cenc);
    let told = |id: &str| {
        let set = sets(&read).iter().find(|set| set.representations.iter().any(|one| one.id.as_deref() == Some(id)));
        let set = set.expect("a set");
        assert_eq!(set.representations.len(), if id.starts_with('v') { 2 } else { 1 });
        let roles = set.Role.iter().map(|role| role.value.clone().unwrap_or_default()).collect::<Vec<_>>().join(" ");
        let purpose = set.Accessibility.first().and_then(|purpose| purpose.value.clone());
        (roles, purpose)
    };
    let of = |roles: &str, purpose: Option<&str>| (roles.to_owned(), purpose.map(str::to_owned));
    assert_eq!(told("v720"), of("main", None));
    assert_eq!(told("en"), of("main", None));
    assert_eq!(told("fr"), of("alternate", None));
    assert_eq!(told("en-ad"), of("description", Some("1")));
    assert_eq!(told("subs-en"), of("subtitle", None));
    assert_eq!(told("sdh-en"), of("caption", Some("2")));
}

#[test]
fn iframes_alone_are_a_trick_mode_of_their_set_under_its_key() {
    let mut title = fixture::protected();
    let segments = |bandwidth| Some(IFrameSegments { bandwidth, max_playout_rate: 50 });
    for (at, bandwidth) in [(0, 400_000), (1, 90_000)] {
        let iframes = IFrames { peak_bandwidth: 2, average_bandwidth: 1, segments: segments(bandwidth) };
        title.tracks[at].video.as_mut().expect("video").iframes = Some(iframes);
    }
    title.tracks[1].timeline.runs.pop();
    let (text, read) = read(&title, Delivery::Cbcs);
    let (main, trick) = (&sets(&read)[0], sets(&read).last().expect("sets"));
    let essential = trick.essential_property.first().expect("essential");
    assert_eq!(essential.schemeIdUri, "http://dashif.org/guidelines/trickmode");
    assert_eq!((essential.value.clone(), trick.codingDependency), (main.id.clone(), Some(false)));
    assert_eq!(sets(&read).iter().filter(|set| !set.essential_property.is_empty()).count(), 1);
    let kid = |set: &AdaptationSet| set.ContentProtection.iter().find_map(|protection| protection.default_KID.clone());
    assert!(kid(main).is_some() && kid(main) == kid(trick));
    let told: Vec<_> =
        trick.representations.iter().map(|one| (one.id.as_deref(), one.bandwidth, one.maxPlayoutRate)).collect();
    assert_eq!(
        told,
        [(Some("v720-iframes"), Some(400_000), Some(50.0)), (Some("v360-iframes"), Some(90_000), Some(50.0))]
    );
    assert_eq!(
        text.matches("media=\"$RepresentationID$/$Number$.m4s?v=r1\"").count(),
        2 + 2 + 2,
        "each its own timeline"
    );
    // Where nothing was taken out of one, it is no part of it.
    title.tracks[1].video.as_mut().expect("video").iframes = None;
    let (text, _) = self::read(&title, Delivery::Cbcs);
    assert!(text.contains("v720-iframes") && !text.contains("v360-iframes"));
}

#[test]
fn thumbnails_are_images_in_tiles() {
    let mut title = fixture::protected();
    title.tracks.push(fixture::thumbnails("thumbs"));
    let (text, read) = read(&title, Delivery::Cenc);
    let images = sets(&read).last().expect("sets");
    assert_eq!((images.contentType.as_deref(), images.mimeType.as_deref()), (Some("image"), Some("image/jpeg")));
    let [image] = &images.representations[..] else { panic!("one representation") };
    let tiles = image.essential_property.first().expect("essential");
    let told = (tiles.schemeIdUri.as_str(), tiles.value.as_deref());
    assert_eq!(told, ("http://dashif.org/guidelines/thumbnail_tile", Some("5x4")));
    assert_eq!((image.width, image.height, image.bandwidth), (Some(800), Some(360), Some(20_000)));
    assert!(images.ContentProtection.is_empty());
    assert_eq!(segments(images), expected(title.tracks.last().expect("thumbnails")));
    assert!(text.contains(" media=\"$RepresentationID$/$Number$.jpg?v=r1\""));
    // The last image goes past the end, and moves it not.
    assert!(text.contains(" mediaPresentationDuration=\"PT10.005334S\" minBufferTime=\"PT4.010667S\""));
}
