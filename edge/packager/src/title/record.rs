use serde::{Serialize, de};
use sluice_document::members;

use super::{Delivery, ImageFormat, KeySystem, Protected, Schedule, Scheme, Timeline, TrackId, TrackKind, Version};
use crate::{keys::Kid, order};

/// `record.json` (`"v":1`): all that a segment request needs to know of its track.
///
/// An absent record means protected with nothing to protect by, which is an error: see [`Treatment`].
#[derive(Clone, Debug, Serialize)]
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
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// Whether each segment's I-frames may be had alone, as segments of their own: only where indexing has taken them out of every one.
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    pub iframes: bool,
    /// How the images of a thumbnail track are coded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<ImageFormat>,
    /// Key id per delivery and key period; empty only for a track that is delivered in the clear.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub kids: Vec<DeliveryKid>,
    /// Whether the whole title is unprotected, by the operator's declaration at indexing.
    pub unprotected_title: bool,
    /// The sample entry with its codec configuration (the child of `stsd`), base64: what tells how samples are laid out. Empty for plain WebVTT.
    pub sample_entry: String,
    /// The segments.
    pub timeline: Timeline,
    /// Where among them its protection changes.
    #[serde(skip_serializing_if = "Schedule::is_plain")]
    pub schedule: Schedule,
    /// Where `pssh` boxes stand in the media, beside the manifest; `None`: nowhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pssh: Option<PsshPlaces>,
}

members!(TrackRecord {
    v,
    track,
    version,
    kind,
    number,
    timescale,
    height = None,
    iframes = false,
    image = None,
    kids = Vec::new(),
    unprotected_title = false,
    sample_entry = String::new(),
    timeline,
    schedule = Schedule::default(),
    pssh = None,
});

/// The key id of a track in one delivery and key period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct DeliveryKid {
    /// `cenc`, `cbcs` or `aes128`.
    pub scheme: Delivery,
    /// Its key id.
    pub kid: Kid,
    /// The key period, from 0.
    #[serde(skip_serializing_if = "is_zero")]
    pub period: u32,
}

members!(DeliveryKid { scheme, kid, period = 0 });

/// Where `pssh` boxes stand in the media.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PsshPlaces {
    /// In the init segment, for the keys of all key periods.
    pub init: bool,
    /// In each protected fragment, for its own key.
    pub moof: bool,
    /// The systems that have one each.
    pub systems: Vec<KeySystem>,
    /// Where Widevine's and PlayReady's are the key provider's: for how many bytes of each, key by key, the init segment has room, so that its size is
    /// the same whatever the provider says. `None`: they are the edge's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room: Option<u32>,
}

members!(PsshPlaces then consistent { init = false, moof = false, systems, room = None });

/// Fragments' sizes are planned before the provider is asked: what it says has no place in them.
fn consistent<E: de::Error>(places: &PsshPlaces) -> Result<(), E> {
    if places.moof && places.room.is_some() {
        return Err(E::custom("a provider's pssh boxes stand in init segments alone"));
    }
    Ok(())
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_zero(n: &u32) -> bool {
    *n == 0
}

/// Why media leaves in the clear. Only a track record can say so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClearReason(Reason);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    UnprotectedTitle,
    Text,
    ClearLead,
    Thumbnail,
}

impl ClearReason {
    /// For the decision log.
    pub fn as_str(self) -> &'static str {
        match self.0 {
            Reason::UnprotectedTitle => "unprotected_title",
            Reason::Text => "text",
            Reason::ClearLead => "clear_lead",
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
        /// Whether the media itself must name the key, which is not that of the init segment.
        later_period: bool,
    },
    /// To be passed on with its samples as they are, described by the init segment's clear sample entry.
    Lead {
        /// The scheme of the segments that follow, by which sizes are planned.
        scheme: Scheme,
        /// Why.
        reason: ClearReason,
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
    /// How this track is to leave the edge in `delivery`: its init segment, and all that is not said otherwise of a segment.
    ///
    /// Fails closed: a track that is neither text nor thumbnails nor of an unprotected title, and has no key id for the delivery, is an error.
    ///
    /// # Errors
    /// [`RecordError`]
    pub fn treatment(&self, delivery: Delivery) -> Result<Treatment, RecordError> {
        self.in_period(delivery, 0)
    }

    /// The same of the init segment for a key period, from 0, which names that period's key.
    ///
    /// # Errors
    /// [`RecordError`]
    pub fn init_treatment(&self, delivery: Delivery, period: u32) -> Result<Treatment, RecordError> {
        self.in_period(delivery, period)
    }

    /// How the segment of that number is to leave it.
    ///
    /// # Errors
    /// [`RecordError`]
    pub fn segment_treatment(&self, delivery: Delivery, segment: u32) -> Result<Treatment, RecordError> {
        let reason = ClearReason(Reason::ClearLead);
        match (self.treatment(delivery)?, self.schedule.of(segment)) {
            (Treatment::Protect { scheme, .. }, Protected::Lead) => Ok(Treatment::Lead { scheme, reason }),
            (Treatment::EncryptSegments { .. }, Protected::Lead) => Ok(Treatment::Clear(reason)),
            (Treatment::Protect { .. } | Treatment::EncryptSegments { .. }, Protected::Period(period)) => {
                self.in_period(delivery, period)
            }
            (clear, _) => Ok(clear),
        }
    }

    /// The key ids of all key periods in a delivery, in order.
    pub fn kids(&self, delivery: Delivery) -> Vec<Kid> {
        let kids: Vec<_> = self.kids.iter().filter(|entry| entry.scheme == delivery).collect();
        let mut periods: Vec<_> = kids.iter().zip(0..).map(|(entry, index)| (entry.period.into(), index)).collect();
        order::sort(&mut periods);
        periods.into_iter().filter_map(|(_, index)| Some(kids.get(index as usize)?.kid)).collect()
    }

    fn in_period(&self, delivery: Delivery, period: u32) -> Result<Treatment, RecordError> {
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
                let mut kids = self.kids.iter().filter(|entry| entry.scheme == delivery);
                let kid = kids.find(|entry| entry.period == period).ok_or(RecordError::NotOffered)?.kid;
                match (delivery.scheme(), delivery) {
                    (Some(scheme), _) => Ok(Treatment::Protect { scheme, kid, later_period: period > 0 }),
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
            kids: kids.iter().map(|scheme| DeliveryKid { scheme: *scheme, kid: Kid([1; 16]), period: 0 }).collect(),
            unprotected_title,
            sample_entry: String::new(),
            timeline: Timeline { start: 0, runs: Vec::new() },
            schedule: Schedule::default(),
            pssh: None,
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
    fn a_providers_boxes_have_no_place_in_fragments() {
        let read = |places: &str| serde_json::from_str::<PsshPlaces>(places).map_err(|error| error.to_string());
        let init = read(r#"{"init":true,"systems":["widevine"],"room":2048}"#).expect("reads");
        assert_eq!((init.init, init.moof, init.room), (true, false, Some(2048)));
        assert_eq!(read(r#"{"moof":true,"systems":[]}"#).expect("reads").room, None);
        let refused = read(r#"{"init":true,"moof":true,"systems":["widevine"],"room":2048}"#).expect_err("is refused");
        assert!(refused.starts_with("a provider's pssh boxes stand in init segments alone"), "{refused}");
    }

    #[test]
    fn another_format_is_refused() {
        let mut text = record(TrackKind::Text, &[], false);
        text.v = 2;
        assert_eq!(text.treatment(Delivery::Cenc), Err(RecordError::Format(2)));
    }

    #[test]
    fn segments_follow_the_schedule_and_a_period_without_a_key_fails_closed() {
        let mut video = record(TrackKind::Video, &[Delivery::Cenc, Delivery::Aes128], false);
        video.kids.push(DeliveryKid { scheme: Delivery::Cenc, kid: Kid([2; 16]), period: 1 });
        video.schedule = Schedule { clear_lead: 2, periods: vec![4] };
        let of = |segment| video.segment_treatment(Delivery::Cenc, segment);
        assert!(matches!(of(2), Ok(Treatment::Lead { scheme: Scheme::Cenc, .. })));
        let protect =
            |kid, later_period| Ok(Treatment::Protect { scheme: Scheme::Cenc, kid: Kid([kid; 16]), later_period });
        assert_eq!((of(3), of(4)), (protect(1, false), protect(2, true)));
        assert_eq!(video.treatment(Delivery::Cenc), protect(1, false));
        assert_eq!(video.kids(Delivery::Cenc), [Kid([1; 16]), Kid([2; 16])]);
        let whole = |segment| video.segment_treatment(Delivery::Aes128, segment);
        assert!(matches!(whole(1), Ok(Treatment::Clear(_))));
        assert_eq!(whole(3), Ok(Treatment::EncryptSegments { kid: Kid([1; 16]) }));
        assert_eq!(whole(4), Err(RecordError::NotOffered));
        // What has no key has no lead either.
        assert_eq!(video.segment_treatment(Delivery::Cbcs, 1), Err(RecordError::NotOffered));
    }
}
