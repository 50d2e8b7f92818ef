use serde::{Deserialize, Serialize};
use sluice_document::{members, words};

use super::{Delivery, KeySystem, ResolutionClass, Scheme, Track, TrackId, TrackKind, Video};
use crate::keys::Kid;

/// How a title is protected, and by which systems its keys may be had.
#[derive(Clone, Debug, Serialize)]
pub struct KeyPolicy {
    /// The key systems that the title allows. What is not listed is refused everywhere.
    pub systems: Vec<KeySystem>,
    /// Keys per delivery. A delivery that is not listed is not offered.
    pub schemes: Vec<SchemeKeys>,
    /// Who says how Widevine, PlayReady and FairPlay are told of the keys.
    #[serde(skip_serializing_if = "SignalledBy::is_own")]
    pub signalling: SignalledBy,
}

members!(KeyPolicy { systems, schemes, signalling = SignalledBy::Own });

/// Who says how key systems are told of a title's keys, in manifests and in `pssh` boxes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignalledBy {
    /// The edge, by the key ids alone.
    #[default]
    Own,
    /// The key provider, with whatever of its own its licence server wants to find there. ClearKey and identity keys stay the edge's.
    Provider,
}

words!(SignalledBy { Own => "own", Provider => "provider" });

impl SignalledBy {
    /// The word in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Provider => "provider",
        }
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
    fn is_own(&self) -> bool {
        *self == Self::Own
    }
}

/// The keys of one delivery. No two deliveries share a content key.
#[derive(Clone, Debug, Serialize)]
pub struct SchemeKeys {
    /// `cenc`, `cbcs` or `aes128`.
    pub scheme: Delivery,
    /// Every key, with what it is for.
    pub keys: Vec<TitleKey>,
}

members!(SchemeKeys { scheme, keys });

/// One content key of a title: what it is for, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TitleKey {
    /// Its id.
    pub kid: Kid,
    /// The tracks that it protects.
    pub scope: KeyScope,
    /// The key period, from 0; always 0 where keys do not rotate.
    #[serde(skip_serializing_if = "is_zero")]
    pub period: u32,
}

members!(TitleKey { kid, scope, period = 0 });

/// Which tracks a key protects. Of several that fit a track, the narrowest holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyScope {
    /// All video.
    Video,
    /// All audio.
    Audio,
    /// Video of one resolution class.
    Class(ResolutionClass),
    /// One track.
    Track(TrackId),
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_zero(n: &u32) -> bool {
    *n == 0
}

impl KeyPolicy {
    /// The keys of that delivery, where it is offered.
    pub fn keys(&self, delivery: Delivery) -> Option<&SchemeKeys> {
        self.schemes.iter().find(|keys| keys.scheme == delivery)
    }

    /// Whether the policy lists the system.
    pub fn allows(&self, system: KeySystem) -> bool {
        self.systems.contains(&system)
    }

    /// The systems to list in a manifest: those of `wanted` (all where `None`) that the policy lists and that exist under `scheme`, in canonical order.
    pub fn systems_for(&self, scheme: Scheme, wanted: Option<&[KeySystem]>) -> Vec<KeySystem> {
        KeySystem::ALL
            .into_iter()
            .filter(|system| self.allows(*system) && system.allows(scheme))
            .filter(|system| wanted.is_none_or(|wanted| wanted.contains(system)))
            .collect()
    }
}

impl KeyScope {
    /// How narrowly this fits a track of that id, kind and picture; `None` where it does not.
    fn fit(&self, id: &TrackId, kind: TrackKind, video: Option<&Video>) -> Option<u8> {
        let fits = match self {
            Self::Video => (kind == TrackKind::Video).then_some(1),
            Self::Audio => (kind == TrackKind::Audio).then_some(1),
            Self::Class(class) => (kind == TrackKind::Video && ResolutionClass::of(video) == *class).then_some(2),
            Self::Track(track) => (track == id).then_some(3),
        };
        // Text has no key, whatever a scope says.
        fits.filter(|_| matches!(kind, TrackKind::Video | TrackKind::Audio))
    }
}

impl SchemeKeys {
    /// The key ids of a track of that id, kind and picture, one for each key period, in order; none of text.
    pub fn kids_for(&self, id: &TrackId, kind: TrackKind, video: Option<&Video>) -> Vec<Kid> {
        let in_period = |period: u32| {
            let of_period = self.keys.iter().filter(|key| key.period == period);
            of_period.filter_map(|key| Some((key.scope.fit(id, kind, video)?, key.kid))).max_by_key(|(fit, _)| *fit)
        };
        (0..).map_while(|period| Some(in_period(period)?.1)).collect()
    }

    /// The same of a track.
    pub fn kids(&self, track: &Track) -> Vec<Kid> {
        self.kids_for(&track.id, track.kind, track.video.as_ref())
    }

    /// Whether who may see pictures up to `limit` (in pixels; all where `None`) may have the key of that id: it is that of a track within it.
    pub fn opens(&self, kid: Kid, tracks: &[Track], limit: Option<u32>) -> bool {
        tracks.iter().any(|track| track.within(limit) && self.kids(track).contains(&kid))
    }

    /// The key id and those that take its place in other key periods: a player that is told of one only by its manifest needs them all.
    pub fn with_other_periods(&self, kid: Kid) -> Vec<Kid> {
        let Some(known) = self.keys.iter().find(|key| key.kid == kid) else { return vec![kid] };
        let others = self.keys.iter().filter(|key| key.scope == known.scope && key.kid != kid);
        core::iter::once(kid).chain(others.map(|key| key.kid)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::fixture;

    fn keys() -> SchemeKeys {
        let key = |kid, scope, period| TitleKey { kid: Kid([kid; 16]), scope, period };
        let track = |id| KeyScope::Track(TrackId::parse(id).expect("id"));
        SchemeKeys {
            scheme: Delivery::Cenc,
            keys: vec![
                key(1, KeyScope::Video, 0),
                key(2, KeyScope::Audio, 0),
                key(3, KeyScope::Class(ResolutionClass::Hd), 0),
                key(4, track("fr"), 0),
                key(5, KeyScope::Video, 1),
                key(6, KeyScope::Audio, 1),
                key(7, KeyScope::Audio, 3),
            ],
        }
    }

    #[test]
    fn the_narrowest_scope_holds_in_each_period() {
        let (keys, title) = (keys(), fixture::protected());
        let kids = |at: usize| keys.kids(&title.tracks[at]).iter().map(|kid| kid.0[0]).collect::<Vec<_>>();
        assert_eq!(kids(0), [3, 5], "v720 is of the class HD");
        assert_eq!(kids(1), [1, 5]);
        assert_eq!(kids(2), [2, 6], "a period that is left out ends them");
        assert_eq!(kids(3), [4, 6]);
        assert!(kids(4).is_empty(), "text");
    }

    #[test]
    fn a_key_opens_what_its_tracks_may() {
        let (keys, title) = (keys(), fixture::protected());
        let opens = |kid: u8, limit| keys.opens(Kid([kid; 16]), &title.tracks, limit);
        assert!(opens(1, Some(360)) && opens(5, Some(360)) && opens(2, Some(100)), "v360's and English");
        assert!(!opens(1, Some(359)), "no video is left that it is of");
        assert!(opens(3, None) && opens(3, Some(720)) && !opens(3, Some(719)), "of the class HD");
        assert!(opens(4, Some(100)), "of an audio track");
        assert!(!opens(9, None));
        assert_eq!(keys.with_other_periods(Kid([6; 16])), [6, 2, 7].map(|kid| Kid([kid; 16])));
        assert_eq!(keys.with_other_periods(Kid([9; 16])), [Kid([9; 16])]);
    }
}
