//! From a path to what is asked for. Nothing is decoded: no id of ours needs an escape, so a path that has one is unknown.

use sluice_gate::{SessionId, entitlement::System};
use sluice_packager::{
    keys::Kid,
    title::{Delivery, ImageFormat, TitleId, TrackId},
};

/// What a path names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Health,
    Sessions,
    Session(SessionId),
    Renew(SessionId),
    Revocations,
    Entitlements,
    /// Everything under a title takes a lease.
    Title(TitleId, Resource),
}

/// What a path names under a title.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Resource {
    Multivariant(Delivery),
    MediaPlaylist(Delivery, TrackId),
    IFramePlaylist(Delivery, TrackId),
    Mpd(Delivery),
    Init(Delivery, TrackId),
    Segment(Delivery, TrackId, u32),
    /// A segment's I-frames alone.
    IFrames(Delivery, TrackId, u32),
    Text(Delivery, TrackId, u32),
    /// A track as one file.
    File(Delivery, TrackId),
    Image(Delivery, TrackId, u32, ImageFormat),
    ClearKeyLicense,
    /// A licence that a vendor's server makes.
    License(System),
    /// The operator's FairPlay certificate.
    Certificate,
    Key(Kid),
}

/// A path taken apart: the handle, where it has one, and the route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Parsed<'a> {
    pub(crate) handle: Option<&'a str>,
    pub(crate) route: Route,
}

impl Route {
    /// The methods that it takes, as `Allow` lists them.
    pub(crate) fn methods(&self) -> &'static str {
        match self {
            Self::Sessions => "GET, POST, OPTIONS",
            Self::Session(_) => "DELETE, OPTIONS",
            Self::Renew(_)
            | Self::Revocations
            | Self::Entitlements
            | Self::Title(_, Resource::ClearKeyLicense | Resource::License(_)) => "POST, OPTIONS",
            Self::Health | Self::Title(..) => "GET, HEAD, OPTIONS",
        }
    }

    /// Whether it takes the method.
    pub(crate) fn takes(&self, method: &str) -> bool {
        self.methods().split(", ").any(|allowed| allowed == method)
    }
}

/// `None`: no route of ours.
pub(crate) fn parse(path: &str) -> Option<Parsed<'_>> {
    let path = path.strip_prefix('/')?;
    let (handle, path) = match path.strip_prefix('~') {
        Some(rest) => {
            let (handle, rest) = rest.split_once('/')?;
            (Some(handle), rest)
        }
        None => (None, path),
    };
    // Seven parts are one more than the longest route.
    let parts: Vec<&str> = path.splitn(7, '/').collect();
    let route = match *parts.as_slice() {
        ["healthz"] if handle.is_none() => Route::Health,
        ["v1", "sessions"] => Route::Sessions,
        ["v1", "sessions", id] => Route::Session(SessionId::parse(id)?),
        ["v1", "sessions", id, "renew"] => Route::Renew(SessionId::parse(id)?),
        ["v1", "revocations"] => Route::Revocations,
        ["v1", "entitlements"] if handle.is_none() => Route::Entitlements,
        ["v1", title, ref rest @ ..] => Route::Title(TitleId::parse(title).ok()?, resource(rest)?),
        _ => return None,
    };
    Some(Parsed { handle, route })
}

fn resource(parts: &[&str]) -> Option<Resource> {
    Some(match *parts {
        ["license", "clearkey"] => Resource::ClearKeyLicense,
        ["license", "widevine"] => Resource::License(System::Widevine),
        ["license", "playready"] => Resource::License(System::Playready),
        ["license", "fairplay"] => Resource::License(System::Fairplay),
        ["license", "fairplay", "certificate"] => Resource::Certificate,
        ["key", kid] => Resource::Key(kid.parse().ok()?),
        [delivery, file] => {
            let delivery = Delivery::parse(delivery)?;
            match file {
                "main.m3u8" => Resource::Multivariant(delivery),
                "manifest.mpd" => Resource::Mpd(delivery),
                _ if file.ends_with(".mp4") => {
                    Resource::File(delivery, TrackId::parse(file.strip_suffix(".mp4")?).ok()?)
                }
                _ => {
                    let name = file.strip_suffix(".m3u8")?;
                    // No track's id ends so.
                    match name.strip_suffix("-iframes") {
                        Some(track) => Resource::IFramePlaylist(delivery, TrackId::parse(track).ok()?),
                        None => Resource::MediaPlaylist(delivery, TrackId::parse(name).ok()?),
                    }
                }
            }
        }
        [delivery, track, file] => {
            let delivery = Delivery::parse(delivery)?;
            // No track's id ends so.
            let (track, iframes) = track.strip_suffix("-iframes").map_or((track, false), |track| (track, true));
            let track = TrackId::parse(track).ok()?;
            match file.split_once('.')? {
                // Decoders are set up alike for all pictures of a track and for its I-frames alone.
                ("init", "mp4") => Resource::Init(delivery, track),
                (number, "m4s") if iframes => Resource::IFrames(delivery, track, segment_number(number)?),
                _ if iframes => return None,
                (number, "m4s") => Resource::Segment(delivery, track, segment_number(number)?),
                (number, "vtt") => Resource::Text(delivery, track, segment_number(number)?),
                (number, extension) => {
                    let format = ImageFormat::of_extension(extension)?;
                    Resource::Image(delivery, track, segment_number(number)?, format)
                }
            }
        }
        _ => return None,
    })
}

/// One spelling per number: no sign, no leading zero.
fn segment_number(text: &str) -> Option<u32> {
    let canonical = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    if canonical { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn title(resource: Resource) -> Option<Route> {
        Some(Route::Title(TitleId::parse("final").expect("id"), resource))
    }

    fn track() -> TrackId {
        TrackId::parse("v1").expect("id")
    }

    #[test]
    fn every_route_of_the_contract_that_is_served() {
        let route = |path: &str| parse(path).map(|parsed| parsed.route);
        let id = "0".repeat(32);
        assert_eq!(route("/healthz"), Some(Route::Health));
        assert_eq!(route("/v1/sessions"), Some(Route::Sessions));
        assert!(matches!(route(&format!("/v1/sessions/{id}")), Some(Route::Session(_))));
        assert!(matches!(route(&format!("/v1/sessions/{id}/renew")), Some(Route::Renew(_))));
        assert_eq!(route("/v1/revocations"), Some(Route::Revocations));
        assert_eq!(route("/v1/final/cbcs/main.m3u8"), title(Resource::Multivariant(Delivery::Cbcs)));
        assert_eq!(route("/v1/final/cenc/manifest.mpd"), title(Resource::Mpd(Delivery::Cenc)));
        assert_eq!(route("/v1/final/clear/v1.m3u8"), title(Resource::MediaPlaylist(Delivery::Clear, track())));
        assert_eq!(route("/v1/final/cbcs/v1-iframes.m3u8"), title(Resource::IFramePlaylist(Delivery::Cbcs, track())));
        assert_eq!(route("/v1/final/cenc/v1/init.mp4"), title(Resource::Init(Delivery::Cenc, track())));
        assert_eq!(route("/v1/final/cenc/v1/12.m4s"), title(Resource::Segment(Delivery::Cenc, track(), 12)));
        assert_eq!(route("/v1/final/cenc/v1-iframes/init.mp4"), title(Resource::Init(Delivery::Cenc, track())));
        assert_eq!(route("/v1/final/cenc/v1-iframes/12.m4s"), title(Resource::IFrames(Delivery::Cenc, track(), 12)));
        assert_eq!(route("/v1/final/cenc/v1/1.vtt"), title(Resource::Text(Delivery::Cenc, track(), 1)));
        assert_eq!(route("/v1/final/cenc/v1.mp4"), title(Resource::File(Delivery::Cenc, track())));
        let image = Resource::Image(Delivery::Cbcs, track(), 2, ImageFormat::Webp);
        assert_eq!(route("/v1/final/cbcs/v1/2.webp"), title(image));
        assert_eq!(route("/v1/final/license/clearkey"), title(Resource::ClearKeyLicense));
        for (word, system) in
            [("widevine", System::Widevine), ("playready", System::Playready), ("fairplay", System::Fairplay)]
        {
            assert_eq!(route(&format!("/v1/final/license/{word}")), title(Resource::License(system)));
        }
        assert_eq!(route("/v1/final/license/fairplay/certificate"), title(Resource::Certificate));
        assert_eq!(route("/v1/entitlements"), Some(Route::Entitlements));
        assert_eq!(route(&format!("/v1/final/key/{id}")), title(Resource::Key(Kid([0; 16]))));
        let parsed = parse("/~abc/v1/final/cenc/manifest.mpd").expect("route");
        assert_eq!(parsed.handle, Some("abc"));
    }

    #[test]
    fn tricks_are_no_routes() {
        for path in [
            "",
            "/",
            "//",
            "/v1",
            "/v1/",
            "/v1/final",
            "/v1//cenc/main.m3u8",
            "/v1/final/cenc/",
            "/v1/final/cenc/v1/",
            "/v1/final/cenc/../main.m3u8",
            "/v1/../final/cenc/main.m3u8",
            "/v1/final/cenc/v1/..",
            "/v1/final/cenc/..m3u8",
            "/v1/final/cenc/-iframes.m3u8",
            "/v1/final/cenc/v1-iframes-iframes.m3u8",
            "/v1/final/cenc/v1-iframes/1.vtt",
            "/v1/final/cenc/v1-iframes/1.jpg",
            "/v1/final/cenc/v1/init.jpg",
            "/v1/final/cenc/v1/1.jpeg",
            "/v1/final/cenc/v1-iframes-iframes/1.m4s",
            "/v1/final/cenc/-iframes/1.m4s",
            "/v1/final/cenc%2fv1/init.mp4",
            "/v1/final/cenc/v1%2Finit.mp4",
            "/v1/%66inal/cenc/main.m3u8",
            "/%7eabc/v1/final/cenc/main.m3u8",
            "/V1/final/cenc/main.m3u8",
            "/v1/final/CENC/main.m3u8",
            "/v1/final/cenc/v1/01.m4s",
            "/v1/final/cenc/v1/+1.m4s",
            "/v1/final/cenc/v1/0.m4s",
            "/v1/final/cenc/v1/4294967296.m4s",
            "/v1/final/cenc/v1/1.m4s/",
            "/v1/final/cenc/v1/1.m4s.mp4",
            "/~/",
            "/~abc",
            "/~abc/healthz",
            "/v1/revocations/",
            "/v1/revocations/x",
            "/~abc/v1/entitlements",
            "/v1/entitlements/x",
            "/v1/final/license",
            "/v1/final/license/identity",
            "/v1/final/license/Widevine",
            "/v1/final/license/widevine/",
            "/v1/final/license/widevine/certificate",
            "/v1/sessions/xyz",
            "/v1/sessions/main.m3u8",
            "/v1/final/key/00",
        ] {
            assert_eq!(parse(path), None, "{path}");
        }
    }

    proptest! {
        #[test]
        fn any_path_is_parsed_or_refused(path in "[/~.%a-z0-9]{0,80}|\\PC{0,40}") {
            let _ = parse(&path);
        }
    }
}
