use serde::{Serialize, de};
use sluice_document::members;

use super::{Family, Seen, Store, StoreError, session_key};
use crate::{AccountId, Net, SessionId, Unix};

/// A session, as the store keeps it (JSON, `"v":1`): what its leases and handles are held against, at most once per lease life.
///
/// An ended session keeps its record to its `ends`, with `ended` set: absent and ended are not the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SessionRecord {
    /// Format of the record: 1. Another one does not parse.
    pub v: u32,
    /// Which session.
    pub session: SessionId,
    /// Whose.
    pub account: AccountId,
    /// The title that it plays.
    pub title: String,
    /// The device that it plays on, as the viewer named it.
    pub device: String,
    /// The tier of the grant that it was minted from.
    pub tier: String,
    /// The country that it was minted in, ISO 3166-1 alpha-2, where known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// The region that it was minted in, ISO 3166-2, where known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The class of device of the grant that it was minted from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_class: Option<String>,
    /// The key that signed the grant that it was minted from, by its name: where that is listed, the session ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed_by: Option<String>,
    /// The network that the grant is bound to, and with it every lease and handle; `None` where it is not bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub net: Option<Net>,
    /// The networks that its handle was confirmed from lately.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub networks: Vec<Seen>,
    /// The account's slot that it holds, or its place on the account's list where it has no limit.
    pub slot: u8,
    /// How many sessions its grant let the account have, which its renewals go by; `None` for no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_limit: Option<u32>,
    /// The slot that it holds of those that the title's limit counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title_slot: Option<u8>,
    /// When it was minted.
    pub started: Unix,
    /// When it was last confirmed or renewed.
    pub seen: Unix,
    /// When its right is over unless renewed, not included.
    pub expires: Unix,
    /// When it is over whatever happens, not included.
    pub ends: Unix,
    /// The highest picture, in pixels; `None` for no cap.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_height: Option<u32>,
    /// The deliveries that it opens, a bit each, as in its leases.
    pub deliveries: u8,
    /// Whether its grant lets licences be stored on the device.
    #[serde(skip_serializing_if = "is_false")]
    pub persistent: bool,
    /// When and why it was ended, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<Ended>,
    /// Where its decision log stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chain: Option<Chain>,
}

members!(SessionRecord then format_1 {
    v,
    session,
    account,
    title,
    device,
    tier,
    country = None,
    region = None,
    device_class = None,
    signed_by = None,
    net = None,
    networks = Vec::new(),
    slot,
    account_limit = None,
    title_slot = None,
    started,
    seen,
    expires,
    ends,
    max_height = None,
    deliveries,
    persistent = false,
    ended = None,
    chain = None,
});

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_false(flag: &bool) -> bool {
    !*flag
}

/// How a session was ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ended {
    /// When.
    pub at: Unix,
    /// Why, in a word: `viewer`, `same_device`, …
    pub reason: String,
}

members!(Ended { at, reason });

/// The head of a session's decision log: every line's MAC covers the one before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Chain {
    /// The last line's MAC, in hex.
    pub head: String,
    /// How many lines there are.
    pub lines: u64,
}

members!(Chain { head, lines });

impl SessionRecord {
    /// A session that begins, and would last to its end: nothing restricts it, it opens no delivery and holds no slot yet.
    pub fn new(
        session: SessionId,
        account: AccountId,
        title: String,
        device: String,
        started: Unix,
        ends: Unix,
    ) -> Self {
        Self {
            v: 1,
            session,
            account,
            title,
            device,
            tier: String::new(),
            country: None,
            region: None,
            device_class: None,
            signed_by: None,
            net: None,
            networks: Vec::new(),
            slot: 0,
            account_limit: None,
            title_slot: None,
            started,
            seen: started,
            expires: ends,
            ends,
            max_height: None,
            deliveries: 0,
            persistent: false,
            ended: None,
            chain: None,
        }
    }

    /// Whether the session goes on: not ended, and not past its end.
    pub fn is_live(&self, now: Unix) -> bool {
        self.ended.is_none() && now < self.ends
    }

    /// Whether a third of its life is spent since it was last seen, so that the record is worth a write.
    /// Never for one that already reaches to the session's end, or that was ended.
    pub fn due_for_renewal(&self, now: Unix) -> bool {
        let life = self.expires.saturating_sub(self.seen);
        self.is_live(now) && self.expires < self.ends && now.saturating_sub(self.seen) > life / 3
    }

    /// Whether it was minted or renewed within the last third of a lease of `life` seconds, and is not to be renewed now. What its account had revoked was
    /// read then.
    pub fn is_recent(&self, now: Unix, life: u64) -> bool {
        // A clock that is far ahead of this one vouches for nothing.
        now.abs_diff(self.seen) <= life / 3 && !self.due_for_renewal(now)
    }

    /// Extends it by `life` seconds from `now`, never past its end and never back. One that was ended stays as it is.
    pub fn renew(&mut self, now: Unix, life: u64) {
        if self.is_live(now) {
            self.seen = self.seen.max(now);
            self.expires = self.expires.max(now.saturating_add(life)).min(self.ends);
        }
    }

    /// The slots among which it is counted or listed for its account.
    pub(super) fn entry(&self) -> Family<'_> {
        match self.account_limit {
            Some(_) => Family::Account(&self.account),
            None => Family::Listing(&self.account),
        }
    }

    /// Ends it. The first end stays: a later one changes neither its time nor its reason.
    pub fn end(&mut self, now: Unix, reason: &str) {
        self.ended.get_or_insert_with(|| Ended { at: now, reason: reason.to_owned() });
    }
}

/// A session's record and its generation; `None` where there is none, and where it cannot be read: that vouches for nobody.
///
/// # Errors
/// As of the store.
pub async fn load<S: Store>(
    store: &S,
    session: &SessionId,
) -> Result<Option<(SessionRecord, Option<u64>)>, StoreError> {
    let stored = store.get(&session_key(session)).await?;
    Ok(stored.and_then(|stored| Some((serde_json::from_slice(&stored.value).ok()?, stored.generation))))
}

/// Writes a record over whatever is there. It may go when the session is over in any case.
pub(super) async fn put<S: Store>(store: &S, record: &SessionRecord, now: Unix) -> Result<(), StoreError> {
    store.put(&session_key(&record.session), &written(record)?, kept(record, now)).await
}

/// Writes a record that is still at `generation`.
pub(super) async fn replace<S: Store>(
    store: &S,
    record: &SessionRecord,
    generation: Option<u64>,
    now: Unix,
) -> Result<(), StoreError> {
    store.put_if(&session_key(&record.session), &written(record)?, generation, kept(record, now)).await
}

fn written(record: &SessionRecord) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(record).map_err(|_| StoreError::Unavailable)
}

fn kept(record: &SessionRecord, now: Unix) -> u64 {
    record.ends.saturating_sub(now).max(60)
}

fn format_1<E: de::Error>(record: &SessionRecord) -> Result<(), E> {
    match record.v {
        1 => Ok(()),
        other => Err(E::custom(format_args!("the record is of format {other} where this build reads format 1"))),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn record() -> SessionRecord {
        let (session, account) = (SessionId([1; 16]), AccountId([2; 16]));
        SessionRecord {
            tier: "basic".to_owned(),
            slot: 3,
            expires: 1300,
            max_height: Some(720),
            deliveries: 3,
            ..SessionRecord::new(session, account, "final".to_owned(), "tv".to_owned(), 1000, 2000)
        }
    }

    #[test]
    fn the_stored_form_is_as_written_down() {
        let json = format!(
            r#"{{"v":1,"session":"{}","account":"{}","title":"final","device":"tv","tier":"basic","slot":3,"started":1000,"seen":1000,"expires":1300,"ends":2000,"max_height":720,"deliveries":3}}"#,
            "01".repeat(16),
            "02".repeat(16)
        );
        assert_eq!(serde_json::to_string(&record()).expect("json"), json);
        assert_eq!(serde_json::from_str::<SessionRecord>(&json).expect("record"), record());
        let other = json.replace(r#""v":1"#, r#""v":2"#);
        assert!(serde_json::from_str::<SessionRecord>(&other).expect_err("refused").to_string().contains("format 2"));
    }

    #[test]
    fn all_of_it_survives() {
        let mut full = record();
        full.country = Some("DE".to_owned());
        full.region = Some("DE-BE".to_owned());
        full.device_class = Some("tv".to_owned());
        full.signed_by = Some("k1".to_owned());
        full.net = Some(Net::Asn(3320));
        full.meet(&["00".repeat(8)], 1000, 300);
        (full.account_limit, full.title_slot) = (Some(2), Some(1));
        full.chain = Some(Chain { head: "00ff".to_owned(), lines: 7 });
        full.persistent = true;
        full.end(1100, "viewer");
        let json = serde_json::to_vec(&full).expect("json");
        assert_eq!(serde_json::from_slice::<SessionRecord>(&json).expect("record"), full);
    }

    #[test]
    fn an_ended_session_neither_renews_nor_ends_again() {
        let mut ended = record();
        ended.end(1100, "viewer");
        let first = ended.clone();
        assert!(!ended.is_live(1100) && !ended.due_for_renewal(1299));
        ended.renew(1200, 300);
        ended.end(1250, "same_device");
        assert_eq!(ended, first);
    }

    #[test]
    fn renewal_is_due_after_a_third_and_stops_at_the_end() {
        let mut record = record();
        assert!(!record.due_for_renewal(1100));
        assert!(record.due_for_renewal(1101));
        record.renew(1900, 300);
        assert_eq!((record.seen, record.expires), (1900, 2000));
        assert!(!record.due_for_renewal(1999));
        record.renew(2000, 300);
        assert_eq!((record.seen, record.expires), (1900, 2000));
    }

    #[test]
    fn what_was_read_a_third_of_a_lease_ago_is_read_again() {
        let mut record = record();
        assert!(record.is_recent(1000, 300) && record.is_recent(1100, 300) && record.is_recent(900, 300));
        assert!(!record.is_recent(1101, 300) && !record.is_recent(899, 300));
        // By a shorter term than a lease's it is renewed sooner, and read.
        record.expires = 1030;
        assert!(record.is_recent(1010, 300) && !record.is_recent(1011, 300));
        // One that reaches to its end is not renewed any more.
        record.expires = 2000;
        assert!(record.is_recent(1100, 300) && !record.is_recent(1101, 300));
    }

    proptest! {
        #[test]
        fn no_renewal_goes_back_or_past_the_end(now: u64, life: u64) {
            let mut renewed = record();
            renewed.renew(now, life);
            prop_assert!((1300..=2000).contains(&renewed.expires) && renewed.seen >= 1000);
        }
    }
}
