use sluice_packager::{
    keys::Kid,
    title::{Delivery, Descriptor, KeyScope, KeySystem, Scheme, TitleKey, TrackId, TrackKind},
};

use crate::cpix::{KeyRequest, RequestedKey, TrackType};

/// What keys are held by. Key ids belong to a version's bytes: a title that is indexed anew never gets the old ones.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Place {
    pub(super) title: String,
    pub(super) version: String,
    pub(super) delivery: Delivery,
}

/// The exchange that a delivery of a title needs.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) place: Place,
    pub(super) request: KeyRequest,
}

impl Wanted {
    /// `None` where the title is not offered in the delivery, or there are no keys in it.
    ///
    /// SPEKE has no name for the encryption of whole segments, and wants one: `cbcs` comes nearest, with key ids that are the delivery's own, and
    /// without signalling.
    pub(super) fn new(descriptor: &Descriptor, delivery: Delivery) -> Option<Self> {
        let policy = descriptor.key_policy.as_ref()?;
        let kids = policy.keys(delivery)?;
        let (scheme, systems) = match (delivery.scheme(), delivery) {
            (Some(scheme), _) => (scheme, policy.systems.clone()),
            (None, Delivery::Aes128) => (Scheme::Cbcs, vec![KeySystem::Identity]),
            (None, _) => return None,
        };
        let video = |id: &TrackId| descriptor.track(id).is_some_and(|track| track.kind == TrackKind::Video);
        let mut keys: Vec<RequestedKey> = Vec::new();
        for TitleKey { kid, scope, period } in &kids.keys {
            let tracks = match scope {
                KeyScope::Video => TrackType::Video,
                KeyScope::Audio => TrackType::Audio,
                KeyScope::Class(class) => TrackType::Class(*class),
                KeyScope::Track(id) => TrackType::Track { id: id.to_string(), video: video(id) },
            };
            match keys.iter_mut().find(|key| key.kid == *kid) {
                // One key for all.
                Some(known) => known.tracks = TrackType::All,
                None => keys.push(RequestedKey { kid: *kid, tracks, period: *period }),
            }
        }
        let place = Place { title: descriptor.title.to_string(), version: descriptor.version.to_string(), delivery };
        let request = KeyRequest { content_id: place.title.clone(), scheme, keys, systems };
        Some(Self { place, request })
    }

    pub(super) fn kids(&self) -> Vec<Kid> {
        self.request.keys.iter().map(|key| key.kid).collect()
    }
}
