//! What a segment needs to be made, as the origin tells it: the track's record, the segment's part of the plan, wrapped keys. Each is a document of
//! its own, or all three come in one answer.

use serde::de::DeserializeOwned;
use sluice_document::members;
use sluice_packager::{
    keys::{ContentKey, Kid, wrap},
    title::{Delivery, TitleId, TrackId, TrackRecord, Version, plan},
};

use crate::Error;

struct KeyDocument {
    keys: Vec<WrappedKey>,
}

members!(KeyDocument { keys });

struct WrappedKey {
    kid: Kid,
    wrapped: String,
}

members!(WrappedKey { kid, wrapped });

/// A segment's part of the plan and the key document, not read yet; empty where the origin has none.
pub(crate) struct PlanAndKeys {
    pub(crate) plan: Vec<u8>,
    pub(crate) keys: Vec<u8>,
}

/// The documents of one answer: record, plan and keys, each behind its length in 32 bits, big-endian.
pub(crate) fn parts(mut bytes: &[u8]) -> Option<[&[u8]; 3]> {
    let mut part = || {
        let (length, rest) = bytes.split_first_chunk()?;
        let (part, rest) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)?;
        bytes = rest;
        Some(part)
    };
    let parts = [part()?, part()?, part()?];
    bytes.is_empty().then_some(parts)
}

/// A track's record, if it is that of this track and version.
pub(crate) fn record(bytes: &[u8], version: &Version, track: &TrackId) -> Result<TrackRecord, Error> {
    let record: TrackRecord = parse("record", bytes)?;
    if record.track != *track || record.version != *version {
        return Err(Error::Origin("the record is of another track or version".to_owned()));
    }
    Ok(record)
}

/// The entries of a segment that has `count` of them.
pub(crate) fn plan_entries(bytes: &[u8], count: u32) -> Result<Vec<plan::Entry>, Error> {
    let entries = plan::read_entries(bytes).map_err(|error| unusable_plan(&error.to_string()))?;
    match count {
        0 => Err(unusable_plan("has no entries for the segment")),
        _ if entries.len() == count as usize => Ok(entries),
        _ => Err(unusable_plan("ends before the segment")),
    }
}

pub(crate) fn unusable_plan(what: &str) -> Error {
    Error::Origin(format!("the plan {what}"))
}

/// The content key of `kid`, unwrapped.
pub(crate) fn content_key(
    bytes: &[u8],
    keks: &[wrap::KeyEncryptionKey],
    title: &TitleId,
    delivery: Delivery,
    kid: Kid,
) -> Result<ContentKey, Error> {
    let document: KeyDocument = parse("key document", bytes)?;
    // Wrapped twice while one key-encryption key takes another's place.
    let mut found = Err(Error::KeyUnavailable("the key id is not among the title's"));
    for entry in document.keys.iter().filter(|entry| entry.kid == kid) {
        match wrap::unwrap(keks, &entry.wrapped, title.as_str(), &kid, delivery) {
            Err(wrap::UnwrapError::UnknownKek) => {
                found = Err(Error::KeyUnavailable("the wrapped key does not open: its key-encryption key is not held"));
            }
            opened => return opened.map_err(|_| Error::KeyUnavailable("the wrapped key does not open")),
        }
    }
    found
}

pub(crate) fn parse<T: DeserializeOwned>(what: &str, bytes: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(bytes).map_err(|error| Error::Origin(format!("{what}: {error}")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_key_is_opened_by_whichever_key_encryption_key_is_held() {
        let (kid, title) = (Kid([1; 16]), TitleId::parse("film").expect("an id"));
        let key = ContentKey::new([9; 16]);
        let kek = |number: u8| wrap::KeyEncryptionKey::new(number, [number; 32]);
        let wrapped = |number: u8, kid: Kid| {
            let wrapped = wrap::wrap(&kek(number), [number; 12], "film", &kid, Delivery::Cbcs, &key);
            format!(r#"{{"kid":"{kid}","wrapped":"{wrapped}"}}"#)
        };
        let other = wrapped(4, Kid([2; 16]));
        let document = format!(r#"{{"keys":[{other},{},{}]}}"#, wrapped(4, kid), wrapped(3, kid));
        let open = |keks: &[wrap::KeyEncryptionKey], kid| {
            content_key(document.as_bytes(), keks, &title, Delivery::Cbcs, kid).map(|key| *key.expose()).ok()
        };
        assert_eq!(open(&[kek(3)], kid), Some([9; 16]));
        assert_eq!(open(&[kek(4)], kid), Some([9; 16]));
        assert_eq!(open(&[kek(5)], kid), None);
        assert_eq!(open(&[kek(4)], Kid([3; 16])), None);
        // What is held and does not open it is no reason to look further.
        assert_eq!(open(&[wrap::KeyEncryptionKey::new(4, [0; 32]), kek(3)], kid), None);
    }

    proptest! {
        #[test]
        fn parts_are_those_that_were_put_together(documents in proptest::array::uniform3(proptest::collection::vec(any::<u8>(), 0..40)), cut in 1usize..40) {
            let whole: Vec<u8> = documents
                .iter()
                .flat_map(|part| [&(part.len() as u32).to_be_bytes()[..], part].concat())
                .collect();
            let [record, plan, keys] = &documents;
            prop_assert_eq!(parts(&whole), Some([&record[..], &plan[..], &keys[..]]));
            prop_assert_eq!(parts(whole.get(..whole.len().saturating_sub(cut)).unwrap_or_default()), None);
            prop_assert!(parts(&[&whole[..], &[0]].concat()).is_none());
        }

        #[test]
        fn no_bytes_are_too_many(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            if let Some(parts) = parts(&bytes) {
                prop_assert_eq!(parts.iter().map(|part| part.len() + 4).sum::<usize>(), bytes.len());
            }
        }
    }
}
