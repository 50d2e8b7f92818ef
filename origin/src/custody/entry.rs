use serde::Serialize;
use sluice_gate::{SessionId, Unix};
use sluice_packager::{keys::Kid, title::Delivery};

use crate::keys::Event;

/// What a line says.
#[derive(Debug, Serialize)]
pub(super) struct Entry<'a> {
    /// First, as readers expect it.
    t: Unix,
    decision: &'static str,
    /// The chain's id.
    session: SessionId,
    #[serde(flatten)]
    of: Of<'a>,
}

/// What it is about. A member without a value is left out.
#[derive(Debug, Default, Serialize)]
struct Of<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery: Option<Delivery>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    kids: &'a [Kid],
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    keks: &'a [u8],
    #[serde(skip_serializing_if = "Option::is_none")]
    edge: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
}

impl<'a> Entry<'a> {
    /// That the origin began, or ends.
    pub(super) fn plain(t: Unix, decision: &'static str, session: SessionId, provider: &'a str) -> Self {
        Self { t, decision, session, of: Of { provider: Some(provider), ..Of::default() } }
    }

    pub(super) fn of_event(t: Unix, session: SessionId, provider: &'a str, event: &'a Event<'a>) -> Self {
        let about = |title, delivery, kids| Of {
            title: Some(title),
            delivery: Some(delivery),
            kids,
            provider: Some(provider),
            ..Of::default()
        };
        let (decision, of) = match *event {
            Event::Exchange { title, delivery, kids, failure, took, .. } => {
                let decision = if failure.is_some() { "key_exchange_failed" } else { "key_exchange" };
                let ms = Some(u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
                (decision, Of { ms, detail: failure, ..about(title, delivery, kids) })
            }
            Event::Changed { title, delivery, kids } => ("key_changed", about(title, delivery, kids)),
            Event::Wrapped { title, delivery, kids, keks, edge } => {
                ("wrap", Of { keks, edge: Some(edge), ..about(title, delivery, kids) })
            }
            Event::Refused { title, delivery, kids, edge, reason } => {
                ("key_refused", Of { edge: Some(edge), detail: Some(reason), ..about(title, delivery, kids) })
            }
            Event::Kek { ref number } => ("kek", Of { keks: core::slice::from_ref(number), ..Of::default() }),
        };
        Self { t, decision, session, of }
    }
}
