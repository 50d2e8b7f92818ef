use std::time::Duration;

use sluice_packager::{keys::Kid, title::Delivery};

/// Something that happened to a title's keys. None of it is a key.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// An exchange with the provider came to an end.
    Exchange {
        /// `CPIX@contentId`.
        title: &'a str,
        /// What for.
        delivery: Delivery,
        /// The key ids that were asked for.
        kids: &'a [Kid],
        /// Why it gave nothing, if so.
        failure: Option<&'a str>,
        /// Whether older keys go on in place of what the exchange did not give.
        held: bool,
        /// With all its tries.
        took: Duration,
    },
    /// The provider gave other keys, or other signalling, for key ids that are held. They are not taken.
    Changed {
        /// The title.
        title: &'a str,
        /// The delivery.
        delivery: Delivery,
        /// Which key ids.
        kids: &'a [Kid],
    },
    /// Keys were wrapped for an edge.
    Wrapped {
        /// The title.
        title: &'a str,
        /// The delivery.
        delivery: Delivery,
        /// Which.
        kids: &'a [Kid],
        /// The numbers of the key-encryption keys, the newest first.
        keks: &'a [u8],
        /// Who asked.
        edge: &'a str,
    },
    /// An edge asked for keys and got none.
    Refused {
        /// The title.
        title: &'a str,
        /// The delivery.
        delivery: Delivery,
        /// Which key ids it would have got.
        kids: &'a [Kid],
        /// Who asked.
        edge: &'a str,
        /// Why, for the operator.
        reason: &'a str,
    },
    /// From now on keys are wrapped under another key-encryption key.
    Kek {
        /// Its number.
        number: u8,
    },
}

/// Who is told of events: custody, webhooks. Must not block.
pub trait Observer: Send + Sync + 'static {
    /// Takes note.
    fn observe(&self, event: &Event<'_>);
}

/// Nobody is told.
#[derive(Clone, Copy, Debug)]
pub struct Unobserved;

impl Observer for Unobserved {
    fn observe(&self, _: &Event<'_>) {}
}
