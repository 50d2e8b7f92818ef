use serde::{Deserialize, Serialize};
use sluice_gate::Unix;
use sluice_packager::{keys::Kid, title::Delivery};

use crate::{hex, random};

/// A kind of event, as the configuration lists it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// An exchange with the provider gave no keys.
    KeyExchangeFailed,
    /// The provider gave something else for key ids that are held.
    KeyChanged,
    /// Many refusals at licence and key routes.
    LicenceRefusals,
}

/// What a webhook tells. Never a key.
#[derive(Clone, Copy, Debug)]
pub enum Notice<'a> {
    /// [`NoticeKind::KeyExchangeFailed`]
    KeyExchangeFailed {
        /// The title.
        title: &'a str,
        /// The delivery.
        delivery: Delivery,
        /// The key ids that were asked for.
        kids: &'a [Kid],
        /// Who was asked.
        provider: &'a str,
        /// Why there were none.
        reason: &'a str,
        /// Whether keys that are held go on.
        held: bool,
    },
    /// [`NoticeKind::KeyChanged`]
    KeyChanged {
        /// The title.
        title: &'a str,
        /// The delivery.
        delivery: Delivery,
        /// Which key ids.
        kids: &'a [Kid],
        /// Who says something else.
        provider: &'a str,
    },
    /// [`NoticeKind::LicenceRefusals`]
    LicenceRefusals {
        /// The title.
        title: &'a str,
        /// How many within the last minute.
        count: u64,
        /// How many may be.
        threshold: u64,
        /// The code that came most often.
        reason: &'a str,
    },
}

#[derive(Serialize)]
struct Body<'a> {
    id: String,
    event: NoticeKind,
    time: Unix,
    #[serde(flatten)]
    of: Of<'a>,
}

/// What it is about. A member without a value is left out.
#[derive(Default, Serialize)]
struct Of<'a> {
    title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery: Option<Delivery>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    kids: &'a [Kid],
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    held: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    threshold: Option<u64>,
}

impl Notice<'_> {
    /// Its kind.
    pub fn kind(&self) -> NoticeKind {
        match self {
            Self::KeyExchangeFailed { .. } => NoticeKind::KeyExchangeFailed,
            Self::KeyChanged { .. } => NoticeKind::KeyChanged,
            Self::LicenceRefusals { .. } => NoticeKind::LicenceRefusals,
        }
    }

    pub(super) fn subject(&self) -> super::Subject {
        match *self {
            Self::KeyExchangeFailed { title, delivery, .. } | Self::KeyChanged { title, delivery, .. } => {
                (self.kind(), title.to_owned(), Some(delivery.as_str()))
            }
            Self::LicenceRefusals { title, .. } => (self.kind(), title.to_owned(), None),
        }
    }

    /// The JSON document, with an id of its own.
    pub(super) fn body(&self, time: Unix) -> Vec<u8> {
        let of = match *self {
            Self::KeyExchangeFailed { title, delivery, kids, provider, reason, held } => Of {
                title,
                delivery: Some(delivery),
                kids,
                provider: Some(provider),
                reason: Some(reason),
                held: Some(held),
                ..Of::default()
            },
            Self::KeyChanged { title, delivery, kids, provider } => {
                Of { title, delivery: Some(delivery), kids, provider: Some(provider), ..Of::default() }
            }
            Self::LicenceRefusals { title, count, threshold, reason } => {
                Of { title, count: Some(count), threshold: Some(threshold), reason: Some(reason), ..Of::default() }
            }
        };
        // Without randomness a receiver knows repetitions by the whole of the body.
        let body = Body { id: hex::encode(&random::bytes::<16>()), event: self.kind(), time, of };
        // All are numbers, words and text: nothing that does not serialize.
        serde_json::to_vec(&body).unwrap_or_default()
    }
}
