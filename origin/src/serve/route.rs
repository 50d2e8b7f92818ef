use sluice_packager::title::{Delivery, ImageFormat, TitleId, TrackId, Version};

use super::problem::Problem;

/// What a path asks for. Only what is of the exact form gets this far: a path is never decoded, joined or tidied up, so
/// that `..`, `%2e` and doubled slashes are simply no ids.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Route {
    Health,
    Descriptor(TitleId),
    Media {
        title: TitleId,
        version: Version,
        track: TrackId,
        file: File,
    },
    /// What a segment needs beside its media.
    Segment {
        title: TitleId,
        version: Version,
        track: TrackId,
        number: u32,
        delivery: Delivery,
    },
    Keys {
        title: TitleId,
        version: Version,
        delivery: Delivery,
    },
    /// What the key provider says of the key systems.
    Signalling {
        title: TitleId,
        version: Version,
        delivery: Delivery,
    },
    /// An issuer's key set by its name.
    KeySet(String),
    /// Where edges' decision lines go.
    Decisions,
}

/// A file of a track.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum File {
    Init,
    Record,
    Plan,
    /// CMAF, counted from 1.
    Segment(u32),
    /// WebVTT, counted from 1.
    Text(u32),
    /// Thumbnails, counted from 1.
    Image(u32, ImageFormat),
}

impl Route {
    pub(super) fn parse(path: &str) -> Result<Self, Problem> {
        let mut words = path.strip_prefix('/').ok_or(Problem::UnknownRoute)?.split('/');
        let words = [(); 8].map(|()| words.next());
        let title = |word| TitleId::parse(word).map_err(|_| Problem::UnknownTitle);
        let version = |word| Version::parse(word).map_err(|_| Problem::UnknownVersion);
        match words {
            [Some("healthz"), None, ..] => Ok(Self::Health),
            [Some("decisions"), None, ..] => Ok(Self::Decisions),
            [Some("jwks"), Some(name), None, ..] => Ok(Self::KeySet(name.to_owned())),
            [Some("titles"), Some(id), Some("descriptor.json"), None, ..] => Ok(Self::Descriptor(title(id)?)),
            [
                Some("titles"),
                Some(id),
                Some(state),
                Some(word),
                Some("segments"),
                Some(digits),
                Some(delivery),
                None,
            ] => {
                let (title, version) = (title(id)?, version(state)?);
                let track = TrackId::parse(word).map_err(|_| Problem::UnknownTrack)?;
                let number = number(digits).ok_or(Problem::UnknownSegment)?;
                let delivery = Delivery::parse(delivery).ok_or(Problem::UnknownRoute)?;
                Ok(Self::Segment { title, version, track, number, delivery })
            }
            [Some("titles"), Some(id), Some(state), Some(word), Some(file), None, ..] => {
                let (title, version) = (title(id)?, version(state)?);
                // No file of a track has the name of a delivery.
                match (word, Delivery::parse(file)) {
                    ("keys", Some(delivery)) => return Ok(Self::Keys { title, version, delivery }),
                    ("signalling", Some(delivery)) => return Ok(Self::Signalling { title, version, delivery }),
                    _ => {}
                }
                let track = TrackId::parse(word).map_err(|_| Problem::UnknownTrack)?;
                let file = File::parse(file).ok_or(Problem::UnknownSegment)?;
                Ok(Self::Media { title, version, track, file })
            }
            _ => Err(Problem::UnknownRoute),
        }
    }

    /// For logs and metrics.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Health => "health",
            Self::Descriptor(_) => "descriptor",
            Self::Media { .. } => "media",
            Self::Segment { .. } => "segment",
            Self::Keys { .. } => "keys",
            Self::Signalling { .. } => "signalling",
            Self::KeySet(_) => "jwks",
            Self::Decisions => "decisions",
        }
    }
}

/// A number as it is written.
fn number(digits: &str) -> Option<u32> {
    let plain = !digits.is_empty() && !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| digits.parse().ok())?
}

impl File {
    fn parse(name: &str) -> Option<Self> {
        match name {
            "init.mp4" => return Some(Self::Init),
            "record.json" => return Some(Self::Record),
            "plan.bin" => return Some(Self::Plan),
            _ => {}
        }
        let (digits, extension) = name.split_once('.')?;
        let number = number(digits)?;
        match extension {
            "m4s" => Some(Self::Segment(number)),
            "vtt" => Some(Self::Text(number)),
            _ => ImageFormat::of_extension(extension).map(|format| Self::Image(number, format)),
        }
    }

    /// The name in the store.
    pub(super) fn name(self) -> String {
        match self {
            Self::Init => "init.mp4".to_owned(),
            Self::Record => "record.json".to_owned(),
            Self::Plan => "plan.bin".to_owned(),
            Self::Segment(number) => format!("{number}.m4s"),
            Self::Text(number) => format!("{number}.vtt"),
            Self::Image(number, format) => format!("{number}.{}", format.extension()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_exact_paths_are_routes() {
        let kind = |path: &str| Route::parse(path).map(|route| route.kind());
        assert_eq!(kind("/healthz"), Ok("health"));
        assert_eq!(kind("/jwks/main"), Ok("jwks"));
        assert_eq!(kind("/jwks/main/x"), Err(Problem::UnknownRoute));
        assert_eq!(kind("/titles/final/descriptor.json"), Ok("descriptor"));
        for file in ["init.mp4", "record.json", "plan.bin", "1.m4s", "4294967295.m4s", "12.vtt"] {
            assert_eq!(kind(&format!("/titles/final/v1/video-1080/{file}")), Ok("media"), "{file}");
        }
        assert_eq!(kind("/titles/final/v1/keys/cbcs"), Ok("keys"));
        assert_eq!(kind("/titles/final/v1/video-1080/segments/12/cbcs"), Ok("segment"));
        assert_eq!(kind("/titles/final/v1/signalling/cbcs"), Ok("signalling"));
        assert_eq!(kind("/decisions"), Ok("decisions"));
        assert_eq!(kind("/decisions/"), Err(Problem::UnknownRoute));
        assert_eq!(kind("/titles/final/v1/keys/init.mp4"), Ok("media"), "a track may be called keys");
        assert_eq!(kind("/titles/final/v1/signalling/1.m4s"), Ok("media"), "or signalling");

        for (path, problem) in [
            ("", Problem::UnknownRoute),
            ("/", Problem::UnknownRoute),
            ("/healthz/", Problem::UnknownRoute),
            ("//titles/final/descriptor.json", Problem::UnknownRoute),
            ("/titles/final/descriptor.json/", Problem::UnknownRoute),
            ("/titles/../descriptor.json", Problem::UnknownTitle),
            ("/titles/%2e%2e/descriptor.json", Problem::UnknownTitle),
            ("/titles//descriptor.json", Problem::UnknownTitle),
            ("/titles/sessions/descriptor.json", Problem::UnknownTitle),
            ("/titles/final/../a/init.mp4", Problem::UnknownVersion),
            ("/titles/final/v1/../init.mp4", Problem::UnknownTrack),
            ("/titles/final/v1/a%2f..%2fb/init.mp4", Problem::UnknownTrack),
            ("/titles/final/v1/keys/cens", Problem::UnknownSegment),
            ("/titles/final/v1/a/../../x/1.m4s", Problem::UnknownRoute),
            ("/titles/final/v1/a/segments", Problem::UnknownSegment),
            ("/titles/final/v1/a/segments/1", Problem::UnknownRoute),
            ("/titles/final/v1/a/segments/01/cbcs", Problem::UnknownSegment),
            ("/titles/final/v1/a/segments/1/cens", Problem::UnknownRoute),
            ("/titles/final/v1/../segments/1/cbcs", Problem::UnknownTrack),
            ("/titles/final/v1/a/segments/1/cbcs/", Problem::UnknownRoute),
        ] {
            assert_eq!(Route::parse(path), Err(problem), "{path}");
        }
        for file in [
            "",
            ".m4s",
            "0.m4s",
            "01.m4s",
            "+1.m4s",
            "-1.m4s",
            "4294967296.m4s",
            "1.m4s.bak",
            "1.mp4",
            "title.toml",
            "1%2em4s",
            "１.m4s",
        ] {
            assert_eq!(Route::parse(&format!("/titles/final/v1/a/{file}")), Err(Problem::UnknownSegment), "{file}");
        }
    }

    proptest! {
        #[test]
        fn no_route_has_a_name_that_climbs(path in "(/titles)?(/[a-z0-9.%_-]{0,6}){0,5}") {
            if let Ok(Route::Media { title, version, track, file }) = Route::parse(&path) {
                let stored = format!("/titles/{title}/{version}/{track}/{}", file.name());
                prop_assert_eq!(stored, path);
            }
        }
    }
}
