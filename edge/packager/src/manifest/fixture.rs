//! Small titles for tests.

use super::{Addressing, Options};
use crate::{
    keys::Kid,
    title::{
        Audio, Delivery, Descriptor, ImageFormat, InitSize, KeyPolicy, KeyScope, KeySystem, Run, Schedule, SchemeKeys,
        SignalledBy, Thumbnails, Timeline, TitleId, TitleKey, Track, TrackId, TrackKind, Version, Video,
    },
};

/// `first`, `first + 1`, …: every byte differs, so that a swapped order shows.
pub(crate) fn kid(first: u8) -> Kid {
    Kid(core::array::from_fn(|at| first + at as u8))
}

pub(crate) fn options(delivery: Delivery) -> Options<'static> {
    Options {
        delivery,
        systems: if delivery == Delivery::Clear { &[] } else { &KeySystem::ALL },
        max_height: None,
        codecs: None,
        base: "https://edge.example/~h/v1/film",
        query: "",
        addressing: Addressing::Segments,
        provided: None,
        define: false,
    }
}

/// Two AVC renditions, two AAC languages, WebVTT; `cenc` and `cbcs`, every key system.
pub(crate) fn protected() -> Descriptor {
    let key = |first, scope| TitleKey { kid: kid(first), scope, period: 0 };
    let keys = |scheme, video, audio| SchemeKeys {
        scheme,
        keys: vec![key(video, KeyScope::Video), key(audio, KeyScope::Audio)],
    };
    Descriptor {
        v: 1,
        title: TitleId::parse("film").expect("id"),
        version: Version::parse("r1").expect("id"),
        tracks: vec![
            video("v720", "avc1.64001f", (1280, 720), 3_000_000),
            video("v360", "avc1.64001e", (640, 360), 800_000),
            audio("en", "en", "English", true),
            audio("fr", "fr", "Français", false),
            text("subs-en", "en", "English"),
        ],
        key_policy: Some(KeyPolicy {
            systems: KeySystem::ALL.to_vec(),
            schemes: vec![
                keys(Delivery::Cenc, 0x10, 0x20),
                keys(Delivery::Cbcs, 0x30, 0x40),
                keys(Delivery::Aes128, 0x50, 0x60),
            ],
            signalling: SignalledBy::Own,
        }),
    }
}

pub(crate) fn unprotected() -> Descriptor {
    Descriptor { key_policy: None, ..protected() }
}

fn track(id: &str, kind: TrackKind, codec: &str, timescale: u32, peak: u32, runs: &[(u64, u32)]) -> Track {
    Track {
        id: TrackId::parse(id).expect("id"),
        kind,
        codec: codec.to_owned(),
        timescale,
        peak_bandwidth: peak,
        average_bandwidth: peak / 6 * 5,
        delivered: Vec::new(),
        language: None,
        label: None,
        role: None,
        default: false,
        hdcp: None,
        video: None,
        audio: None,
        init_size: matches!(kind, TrackKind::Video | TrackKind::Audio).then_some(InitSize {
            clear: 700,
            cenc: 780,
            cbcs: 800,
        }),
        text: None,
        thumbnails: None,
        timeline: Timeline { start: 0, runs: runs.iter().map(|(d, n)| Run { d: *d, n: *n, f: 4 }).collect() },
        schedule: Schedule::default(),
    }
}

pub(crate) fn video(id: &str, codec: &str, (width, height): (u32, u32), peak: u32) -> Track {
    Track {
        video: Some(Video { width, height, frame_rate: (25, 1), range: None, iframes: None }),
        ..track(id, TrackKind::Video, codec, 12_800, peak, &[(51_200, 2), (25_600, 1)])
    }
}

pub(crate) fn audio(id: &str, language: &str, label: &str, default: bool) -> Track {
    Track {
        audio: Some(Audio { channels: 2, sample_rate: 48_000 }),
        language: Some(language.to_owned()),
        label: Some(label.to_owned()),
        default,
        ..track(id, TrackKind::Audio, "mp4a.40.2", 48_000, 130_000, &[(192_512, 1), (191_488, 1), (96_256, 1)])
    }
}

/// Two images of five by four thumbnails, one each two seconds.
pub(crate) fn thumbnails(id: &str) -> Track {
    Track {
        thumbnails: Some(Thumbnails { format: ImageFormat::Jpeg, columns: 5, rows: 4, width: 160, height: 90 }),
        ..track(id, TrackKind::Thumbnail, "jpeg", 12_800, 20_000, &[(512_000, 2)])
    }
}

pub(crate) fn text(id: &str, language: &str, label: &str) -> Track {
    Track {
        language: Some(language.to_owned()),
        label: Some(label.to_owned()),
        ..track(id, TrackKind::Text, "wvtt", 1000, 800, &[(4000, 2), (2000, 1)])
    }
}
