use serde::{Deserialize, Serialize};

use super::{Delivery, ImageFormat, Scheme, Timeline, TrackId, TrackKind, Version};
use crate::keys::Kid;

/// `record.json` (`"v":1`): all that a segment request needs to know of its track.
///
/// An absent record means protected with nothing to protect by, which is an error: see [`Treatment`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TrackRecord {
    /// Format of the document: 1.
    pub v: u32,
    /// The track.
    pub track: TrackId,
    /// The version that it belongs to.
    pub version: Version,
    /// What it carries.
    pub kind: TrackKind,
    /// The track's number within its title, below 256: a part of every derived `cenc` IV.
    pub number: u8,
    /// Ticks per second.
    pub timescale: u32,
    /// Picture height in pixels; video only. A tier's cap compares against it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// Whether each segment's I-frames may be had alone, as segments of their own: only where indexing has taken them out of every one.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub iframes: bool,
    /// How the images of a thumbnail track are coded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<ImageFormat>,
    /// Key id per delivery; empty only for a track that is delivered in the clear.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kids: Vec<DeliveryKid>,
    /// Whether the whole title is unprotected, by the operator's declaration at indexing.
    #[serde(default)]
    pub unprotected_title: bool,
    /// The sample entry with its codec configuration (the child of `stsd`), base64: what tells how samples are laid out. Empty for text.
    #[serde(default)]
    pub sample_entry: String,
    /// The segments.
    pub timeline: Timeline,
}

/// The key id of a track in one delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryKid {
    /// `cenc`, `cbcs` or `aes128`.
    pub scheme: Delivery,
    /// Its key id.
    pub kid: Kid,
}

/// Why media leaves in the clear. Only a track record can say so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClearReason(Reason);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    UnprotectedTitle,
    Text,
    Thumbnail,
}

impl ClearReason {
    /// For the decision log.
    pub fn as_str(self) -> &'static str {
        match self.0 {
            Reason::UnprotectedTitle => "unprotected_title",
            Reason::Text => "text",
            Reason::Thumbnail => "thumbnail",
        }
    }
}

/// What becomes of a track's media in a delivery.
///
/// `Clear` cannot be made but by [`TrackRecord::treatment`]: a [`ClearReason`] has no other constructor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Treatment {
    /// To be encrypted under this key id.
    Protect {
        /// The scheme.
        scheme: Scheme,
        /// The key id.
        kid: Kid,
    },
    /// To be encrypted under this key id, each segment whole (HLS `METHOD=AES-128`). The init segment stays as it is.
    EncryptSegments {
        /// The key id.
        kid: Kid,
    },
    /// To be passed on as it is.
    Clear(ClearReason),
}

/// Why a record tells no treatment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// The record is of a format or version that this build does not know.
    #[error("the track record has format {0}, this build reads format 1")]
    Format(u32),
    /// The delivery is not one that this track is offered in.
    #[error("the track is not offered in this delivery")]
    NotOffered,
}

impl TrackRecord {
    /// How this track's media is to leave the edge in `delivery`.
    ///
    /// Fails closed: a track that is neither text nor thumbnails nor of an unprotected title, and has no key id for the delivery, is an error.
    ///
    /// # Errors
    /// [`RecordError`]
    pub fn treatment(&self, delivery: Delivery) -> Result<Treatment, RecordError> {
        if self.v != 1 {
            return Err(RecordError::Format(self.v));
        }
        match (delivery, self.kind) {
            (Delivery::Clear, _) if self.unprotected_title && self.kids.is_empty() => {
                Ok(Treatment::Clear(ClearReason(Reason::UnprotectedTitle)))
            }
            (Delivery::Cenc | Delivery::Cbcs | Delivery::Aes128, TrackKind::Text) if !self.unprotected_title => {
                Ok(Treatment::Clear(ClearReason(Reason::Text)))
            }
            (Delivery::Cenc | Delivery::Cbcs | Delivery::Aes128, TrackKind::Thumbnail) if !self.unprotected_title => {
                Ok(Treatment::Clear(ClearReason(Reason::Thumbnail)))
            }
            (_, TrackKind::Video | TrackKind::Audio) => {
                let kid = self.kids.iter().find(|entry| entry.scheme == delivery).ok_or(RecordError::NotOffered)?.kid;
                match (delivery.scheme(), delivery) {
                    (Some(scheme), _) => Ok(Treatment::Protect { scheme, kid }),
                    (None, Delivery::Aes128) => Ok(Treatment::EncryptSegments { kid }),
                    (None, _) => Err(RecordError::NotOffered),
                }
            }
            _ => Err(RecordError::NotOffered),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: TrackKind, kids: &[Delivery], unprotected_title: bool) -> TrackRecord {
        TrackRecord {
            v: 1,
            track: TrackId::parse("t").expect("id"),
            version: Version::parse("1").expect("id"),
            kind,
            number: 0,
            timescale: 1,
            height: None,
            iframes: false,
            image: None,
            kids: kids.iter().map(|scheme| DeliveryKid { scheme: *scheme, kid: Kid([1; 16]) }).collect(),
            unprotected_title,
            sample_entry: String::new(),
            timeline: Timeline { start: 0, runs: Vec::new() },
        }
    }

    #[test]
    fn nothing_leaves_in_the_clear_unless_the_record_says_why() {
        for delivery in Delivery::ALL {
            for kind in [TrackKind::Video, TrackKind::Audio] {
                let keyed = record(kind, &[Delivery::Cenc, Delivery::Cbcs, Delivery::Aes128], false);
                assert!(!matches!(keyed.treatment(delivery), Ok(Treatment::Clear(_))), "{delivery:?}");
                let keyless = record(kind, &[], false);
                assert_eq!(keyless.treatment(delivery), Err(RecordError::NotOffered));
                // Contradicting itself: key ids, and declared unprotected.
                let both = record(kind, &[Delivery::Cenc], true);
                assert!(!matches!(both.treatment(delivery), Ok(Treatment::Clear(_))), "{delivery:?}");
            }
        }
        let free = record(TrackKind::Video, &[], true);
        assert!(matches!(free.treatment(Delivery::Clear), Ok(Treatment::Clear(_))));
        assert_eq!(free.treatment(Delivery::Cenc), Err(RecordError::NotOffered));
        let text = record(TrackKind::Text, &[], false);
        assert!(matches!(text.treatment(Delivery::Cbcs), Ok(Treatment::Clear(_))));
        assert_eq!(text.treatment(Delivery::Clear), Err(RecordError::NotOffered));
        let thumbnails = record(TrackKind::Thumbnail, &[], false);
        let told = thumbnails.treatment(Delivery::Cenc);
        assert!(matches!(told, Ok(Treatment::Clear(reason)) if reason.as_str() == "thumbnail"), "{told:?}");
        assert_eq!(thumbnails.treatment(Delivery::Clear), Err(RecordError::NotOffered));
    }

    #[test]
    fn another_format_is_refused() {
        let mut text = record(TrackKind::Text, &[], false);
        text.v = 2;
        assert_eq!(text.treatment(Delivery::Cenc), Err(RecordError::Format(2)));
    }
}
