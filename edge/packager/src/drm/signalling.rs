//! Who says how key systems are told of keys: the edge, by the key ids alone, or the title's key provider.

use super::{Provided, fairplay, playready, pssh_of};
use crate::{
    keys::Kid,
    title::{KeySystem, Scheme},
};

/// The largest room for `pssh` boxes in an init segment, bytes.
pub const MAX_ROOM: usize = 1 << 20;

/// Bytes of a `free` box that is empty (ISO/IEC 14496-12, 8.1.2).
const FREE: usize = 8;

/// Who says how key systems are told of keys.
#[derive(Clone, Copy, Debug)]
pub enum Signalling<'a> {
    /// The edge.
    Own,
    /// The title's key provider says it to Widevine, PlayReady and FairPlay.
    Provider(&'a Provided),
}

/// The provider says nothing to this system of one of the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key provider signals nothing to {} for a key of the title", .0.as_str())]
pub struct Unsignalled(pub KeySystem);

/// Why there are no boxes for an init segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RoomError {
    /// The provider has no box of a system for one of the keys.
    #[error(transparent)]
    Unsignalled(#[from] Unsignalled),
    /// The boxes are longer than the room that the title was indexed with, or that is beyond [`MAX_ROOM`].
    #[error("the provider's pssh boxes do not fit into the init segment's room for them")]
    Full,
}

/// Bytes of an init segment that `pssh` boxes of these systems take: a provider's, `of_each` for each system and key.
pub fn room(systems: &[KeySystem], kids: &[Kid], scheme: Scheme, of_each: u32) -> usize {
    let bytes = |system: &KeySystem| match system {
        KeySystem::Widevine | KeySystem::Playready => (of_each as usize).saturating_mul(kids.len()),
        own => pssh_of(*own, kids, scheme).len(),
    };
    systems.iter().map(bytes).fold(0, usize::saturating_add)
}

impl Signalling<'_> {
    /// The system's `pssh` boxes for these keys, whole, one behind the other; nothing of a system that has none.
    ///
    /// # Errors
    /// [`Unsignalled`]
    pub fn pssh(self, system: KeySystem, kids: &[Kid], scheme: Scheme) -> Result<Vec<u8>, Unsignalled> {
        match (self, system) {
            (Self::Provider(provided), KeySystem::Widevine | KeySystem::Playready) => provided.pssh(system, kids),
            _ => Ok(pssh_of(system, kids, scheme)),
        }
    }

    /// The PlayReady Object for these keys; a provider's is the first key's.
    ///
    /// # Errors
    /// [`Unsignalled`]
    pub fn playready_object(self, kids: &[Kid], scheme: Scheme) -> Result<Vec<u8>, Unsignalled> {
        match (self, kids) {
            (Self::Provider(provided), [first, ..]) => provided.playready_object(*first).map(<[u8]>::to_vec),
            _ => Ok(playready::object(kids, scheme)),
        }
    }

    /// The URI by which a FairPlay player's application asks for the key.
    ///
    /// # Errors
    /// [`Unsignalled`]
    pub fn fairplay_uri(self, kid: &Kid) -> Result<String, Unsignalled> {
        match self {
            Self::Own => Ok(fairplay::uri(kid)),
            Self::Provider(provided) => provided.fairplay_uri(*kid).map(ToOwned::to_owned),
        }
    }

    /// All of an init segment's `pssh` boxes, and a `free` box behind them that makes them as long as [`room`] says: byte ranges behind it, which players
    /// hold for as long as they play, stay where they are when a provider changes its mind.
    ///
    /// # Errors
    /// [`RoomError`]
    pub fn pssh_in_room(
        self,
        systems: &[KeySystem],
        kids: &[Kid],
        scheme: Scheme,
        of_each: u32,
    ) -> Result<Vec<u8>, RoomError> {
        let room = room(systems, kids, scheme, of_each);
        if room > MAX_ROOM {
            return Err(RoomError::Full);
        }
        let mut boxes = Vec::with_capacity(room);
        for system in systems {
            boxes.extend_from_slice(&self.pssh(*system, kids, scheme)?);
        }
        match room.checked_sub(boxes.len()) {
            Some(0) => {}
            // Less than MAX_ROOM.
            Some(left @ FREE..) => {
                boxes.extend_from_slice(&(left as u32).to_be_bytes());
                boxes.extend_from_slice(b"free");
                boxes.resize(room, 0);
            }
            Some(_) | None => return Err(RoomError::Full),
        }
        Ok(boxes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        bmff::Boxes,
        drm::{provided::tests::provided, pssh, pssh_boxes, widevine},
        manifest::fixture::kid,
    };

    const SYSTEMS: [KeySystem; 3] = [KeySystem::Widevine, KeySystem::Playready, KeySystem::Clearkey];

    #[test]
    fn whatever_the_provider_says_takes_the_same_room() {
        let kids = [kid(1), kid(2)];
        let expected = room(&SYSTEMS, &kids, Scheme::Cbcs, 2048);
        assert_eq!(expected, 4 * 2048 + 12 + 16 + 4 + 2 * 16 + 4);
        for length in [0, 1, 900, 1500] {
            let provided = provided(&kids, length);
            let boxes = Signalling::Provider(&provided).pssh_in_room(&SYSTEMS, &kids, Scheme::Cbcs, 2048);
            let boxes = boxes.expect("fits");
            assert_eq!(boxes.len(), expected);
            let read: Vec<_> = Boxes::of(&boxes).map(|view| view.expect("a box")).collect();
            let kinds: Vec<_> = read.iter().map(|view| view.header.kind.0).collect();
            assert_eq!(kinds, [*b"pssh", *b"pssh", *b"pssh", *b"pssh", *b"pssh", *b"free"]);
            assert!(read[0].bytes == provided.pssh(KeySystem::Widevine, &kids[..1]).expect("a box"));
            let (common, _) = pssh::parse(read[4].bytes).expect("a box");
            assert_eq!((common.system, common.kids), (pssh::SystemId::COMMON, Some(kids.to_vec())), "the edge's own");
        }
    }

    #[test]
    fn what_does_not_fit_or_is_not_said_makes_no_boxes() {
        let kids = [kid(1)];
        let provided = provided(&kids, 900);
        let of = |systems: &[KeySystem], kids: &[Kid], of_each| {
            Signalling::Provider(&provided).pssh_in_room(systems, kids, Scheme::Cenc, of_each)
        };
        let length = provided.pssh(KeySystem::Widevine, &kids).expect("a box").len() as u32;
        let widevine = &[KeySystem::Widevine];
        assert_eq!(of(widevine, &kids, length).map(|boxes| boxes.len()), Ok(length as usize), "to the byte");
        assert_eq!(of(widevine, &kids, length + 8).map(|boxes| boxes.len()), Ok(length as usize + 8));
        // A box is eight bytes at least.
        for of_each in [0, length - 1, length + 1, length + 7, MAX_ROOM as u32 + 1] {
            assert_eq!(of(widevine, &kids, of_each), Err(RoomError::Full), "{of_each}");
        }
        assert_eq!(of(&[KeySystem::Fairplay], &kids, 2048), Ok(Vec::new()), "no box, whatever is said of it");
        let unsignalled = Unsignalled(KeySystem::Widevine);
        assert_eq!(of(widevine, &[kid(9)], 2048), Err(unsignalled.into()));
        assert_eq!(
            Signalling::Provider(Provided::nothing()).pssh(KeySystem::Widevine, &kids, Scheme::Cenc),
            Err(unsignalled)
        );
    }

    #[test]
    fn the_edges_own_is_as_it_was() {
        let kids = [kid(1), kid(2)];
        for scheme in [Scheme::Cenc, Scheme::Cbcs] {
            let own = |system| Signalling::Own.pssh(system, &kids, scheme).expect("the edge's own");
            assert_eq!(own(KeySystem::Widevine), widevine::pssh(&kids, scheme));
            assert_eq!(SYSTEMS.map(own).concat(), pssh_boxes(&SYSTEMS, &kids, scheme));
        }
    }
}
