use std::collections::BTreeSet;

use sluice_packager::{bmff::moov::Init, title::TrackId};

use super::{Found, TrackFiles};

/// What a track's id is made of.
#[derive(Clone, Debug)]
pub(super) enum Hint {
    /// An id as it is: a folder's name that is one.
    Exact(TrackId),
    /// A name that another tool chose, and what the track carries (`video`, `audio`, `text`), where that is known.
    Name(String, Option<&'static str>),
}

/// What a track carries, as its handler says (ISO/IEC 14496-12, 8.4.3).
pub(super) fn carries(init: &Init<'_>) -> &'static str {
    match &init.handler.0 {
        b"vide" => "video",
        b"soun" => "audio",
        _ => "text",
    }
}

impl Hint {
    /// Of one of several tracks in one.
    pub(super) fn of_several(&self, init: &Init<'_>) -> Self {
        let carries = carries(init);
        let name = match self {
            Self::Exact(id) => id.as_str(),
            Self::Name(name, _) => name,
        };
        Self::Name(format!("{name}-{carries}"), Some(carries))
    }
}

/// Gives every track an id: its name in the form of one, told apart by a number where two are alike.
pub(super) fn assign(tracks: Vec<Found>) -> Vec<TrackFiles> {
    let mut taken: BTreeSet<TrackId> = tracks
        .iter()
        .filter_map(|track| match &track.hint {
            Hint::Exact(id) => Some(id.clone()),
            Hint::Name(..) => None,
        })
        .collect();
    let with_id = |found: Found| {
        let id = match found.hint {
            Hint::Exact(id) => id,
            Hint::Name(name, kind) => derive(&name, kind, &taken),
        };
        taken.insert(id.clone());
        TrackFiles { id, init: found.init, image: found.image, segments: found.segments, said: found.said }
    };
    tracks.into_iter().map(with_id).collect()
}

fn derive(name: &str, kind: Option<&'static str>, taken: &BTreeSet<TrackId>) -> TrackId {
    let slug = slug(name);
    // A bare number, as ffmpeg and shaka-packager count representations, tells nobody anything.
    let stem = match (slug.bytes().all(|byte| byte.is_ascii_digit()), slug.as_str()) {
        (_, "") => kind.unwrap_or("track").to_owned(),
        (true, number) => format!("{}-{number}", kind.unwrap_or("track")),
        (false, slug) => slug.to_owned(),
    };
    let candidates = (1u32..).map(|n| if n == 1 { stem.clone() } else { format!("{stem}-{n}") });
    let mut free = candidates.filter_map(|text| TrackId::parse(&text).ok()).filter(|id| !taken.contains(id));
    // There are more numbers than tracks, and a slug with a number behind it is an id.
    free.next().unwrap_or_else(|| unreachable!("{stem:?} followed by a number is a track id"))
}

/// `name` in small letters, digits, `_` and `-`, at most 48 of them: room for a number.
fn slug(name: &str) -> String {
    let mut slug = String::new();
    for letter in name.chars().flat_map(char::to_lowercase) {
        if slug.len() == 48 {
            break;
        }
        match letter {
            'a'..='z' | '0'..='9' => slug.push(letter),
            '_' if !slug.is_empty() => slug.push('_'),
            _ if slug.is_empty() || slug.ends_with('-') => {}
            _ => slug.push('-'),
        }
    }
    slug.truncate(slug.trim_end_matches(['-', '_']).len());
    slug
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ids(names: &[(&str, Option<&'static str>)]) -> Vec<String> {
        let found = names.iter().map(|(name, kind)| Found {
            image: None,
            hint: Hint::Name((*name).to_owned(), *kind),
            init: None,
            segments: Vec::new(),
            said: Default::default(),
        });
        assign(found.collect()).into_iter().map(|track| track.id.to_string()).collect()
    }

    #[test]
    fn names_of_other_tools_become_ids() {
        assert_eq!(
            ids(&[
                ("0", Some("video")),
                ("1", Some("audio")),
                ("video/avc1/1", None),
                ("audio/en/mp4a.40.2", None),
                ("Film_Video_1080p", None),
                ("film video 1080p", None),
                ("main", None),
                ("v1-iframes", None),
                ("Überschriften", Some("text")),
                ("", None),
                ("名前", None),
            ]),
            [
                "video-0",
                "audio-1",
                "video-avc1-1",
                "audio-en-mp4a-40-2",
                "film_video_1080p",
                "film-video-1080p",
                "main-2",
                "v1-iframes-2",
                "berschriften",
                "track",
                "track-2"
            ]
        );
    }

    proptest! {
        #[test]
        fn any_names_get_ids_of_their_own(names in proptest::collection::vec(".{0,80}", 0..20)) {
            let named: Vec<_> = names.iter().map(|name| (name.as_str(), None)).collect();
            let ids = ids(&named);
            prop_assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), names.len());
            for id in ids {
                prop_assert!(TrackId::parse(&id).is_ok());
            }
        }
    }
}
