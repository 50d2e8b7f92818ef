use core::{
    cell::{Cell, RefCell},
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};
use std::collections::BTreeMap;

use super::*;
use crate::{AccountId, Unix};

const ACCOUNT: AccountId = AccountId([2; 16]);
const LIFE: u64 = 30;

/// A store whose every answer is ready, with a clock that is set by hand.
struct Memory {
    now: Cell<Unix>,
    compares: bool,
    kv: RefCell<BTreeMap<String, (Vec<u8>, u64)>>,
    written: Cell<u64>,
    /// Writes to keys that begin so fail so.
    fails: Cell<Option<(&'static str, StoreError)>>,
}

impl Store for Memory {
    fn now(&self) -> Unix {
        self.now.get()
    }

    async fn get(&self, key: &str) -> Result<Option<Stored>, StoreError> {
        let kv = self.kv.borrow();
        let stored = kv.get(key).map(|(value, generation)| (value.clone(), self.compares.then_some(*generation)));
        Ok(stored.map(|(value, generation)| Stored { value, generation }))
    }

    async fn put(&self, key: &str, value: &[u8], _seconds: u64) -> Result<(), StoreError> {
        if let Some((prefix, error)) = self.fails.get()
            && key.starts_with(prefix)
        {
            return Err(error);
        }
        self.written.set(self.written.get() + 1);
        self.kv.borrow_mut().insert(key.to_owned(), (value.to_vec(), self.written.get()));
        Ok(())
    }

    async fn put_if(&self, key: &str, value: &[u8], generation: Option<u64>, seconds: u64) -> Result<(), StoreError> {
        if !self.compares {
            return Err(StoreError::Unsupported);
        }
        if self.kv.borrow().get(key).map(|(_, generation)| *generation) != generation {
            return Err(StoreError::Conflict);
        }
        self.put(key, value, seconds).await
    }
}

fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("every answer is ready"),
    }
}

struct Edge {
    store: Memory,
    terms: Terms,
    limits: Limits,
}

fn edge(ordering: Ordering, account: Option<u32>, title: Option<u32>) -> Edge {
    let terms = Terms {
        ordering,
        staleness: 1,
        provisional: 20,
        skew: 2,
        pause: 0,
        life: LIFE,
        when_full: WhenFull::RefuseNewest,
    };
    let store = Memory {
        now: Cell::new(1000),
        compares: ordering != Ordering::Eventual,
        kv: RefCell::default(),
        written: Cell::new(0),
        fails: Cell::new(None),
    };
    Edge { store, terms, limits: Limits { account, title } }
}

impl Edge {
    /// A session of that number, on a device and of a title.
    fn admit(&self, number: u8, device: &str, title: &str) -> Result<SessionRecord, Refused> {
        let started = self.store.now();
        let (session, ends) = (SessionId([number; 16]), started + 1000);
        let mut record = SessionRecord::new(session, ACCOUNT, title.to_owned(), device.to_owned(), started, ends);
        now(admit::<Sound, _>(&self.store, &self.terms, self.limits, &mut record)).map(|_| record)
    }

    fn stored(&self, record: &SessionRecord) -> (SessionRecord, Option<u64>) {
        now(load(&self.store, &record.session)).expect("the store").expect("a record")
    }

    fn renew(&self, record: &SessionRecord) -> Result<(Renewal, SessionRecord), Refused> {
        let (mut record, generation) = self.stored(record);
        let renewal = now(renew::<Sound, _>(&self.store, &self.terms, self.limits.title, &mut record, generation))?;
        Ok((renewal, record))
    }

    fn end(&self, record: &SessionRecord) {
        let (mut record, _) = self.stored(record);
        now(end::<Sound, _>(&self.store, &self.terms, &mut record, "viewer")).expect("ended");
    }

    fn listed(&self) -> Vec<String> {
        let sessions = now(sessions(&self.store, &ACCOUNT, self.limits.account, self.store.now())).expect("listed");
        sessions.into_iter().map(|slot| slot.device).collect()
    }

    fn pass(&self, seconds: u64) {
        self.store.now.set(self.store.now() + seconds);
    }
}

fn full(outcome: Result<SessionRecord, Refused>) -> Vec<String> {
    match outcome {
        Err(Refused::Full(slots)) => slots.into_iter().map(|slot| slot.device).collect(),
        other => panic!("{other:?}"),
    }
}

const ORDERINGS: [Ordering; 3] = [Ordering::Strict, Ordering::Generation, Ordering::Eventual];

#[test]
fn keys_are_as_written_down() {
    assert_eq!(session_key(&SessionId([0xab; 16])), format!("sess/{}", "ab".repeat(16)));
    assert_eq!(end_key(&SessionId([0xab; 16])), format!("end/{}", "ab".repeat(16)));
    let account = "02".repeat(16);
    assert_eq!(Family::Account(&ACCOUNT).key(7), format!("s/{account}/7"));
    assert_eq!(Family::Title(&ACCOUNT, "film").key(0), format!("t/{account}/film/0"));
    assert_eq!(Family::Listing(&ACCOUNT).key(1), format!("l/{account}/1"));
}

#[test]
fn the_stored_form_of_a_slot_is_as_written_down() {
    let session = "01".repeat(16);
    let json = format!(
        r#"{{"session":"{session}","title":"film","device":"tv","started":1,"seen":2,"until":3,"settles":4,"fence":5}}"#
    );
    let mut slot: Slot = serde_json::from_str(&json).expect("slot");
    assert_eq!(serde_json::to_string(&slot).expect("json"), json);
    let earlier = json.replace(r#""settles":4,"#, "");
    slot.settles = 0;
    assert_eq!(serde_json::from_str::<Slot>(&earlier).expect("slot"), slot);
    assert_eq!(serde_json::to_string(&slot).expect("json"), earlier);
}

#[test]
fn the_account_and_the_title_are_counted_each_by_itself() {
    for ordering in ORDERINGS {
        let edge = edge(ordering, Some(2), Some(1));
        let tv = edge.admit(1, "tv", "film").expect("room");
        assert_eq!(full(edge.admit(2, "phone", "film")), ["tv"], "one of the title");
        edge.admit(3, "phone", "series").expect("another title; the account's slot was given back");
        let mut names = full(edge.admit(4, "pad", "short"));
        names.sort();
        assert_eq!(names, ["phone", "tv"], "two of the account");
        edge.end(&tv);
        edge.admit(5, "pad", "film").expect("at once after an end");
    }
}

#[test]
fn a_device_that_comes_back_ends_its_earlier_session() {
    for ordering in ORDERINGS {
        for limits in [(Some(1), None), (None, Some(1)), (None, None)] {
            let edge = edge(ordering, limits.0, limits.1);
            let earlier = edge.admit(1, "tv", "film").expect("room");
            edge.admit(2, "tv", "film").expect("its own room");
            assert!(edge.stored(&earlier).0.ended.is_some());
            assert_eq!(edge.renew(&earlier).map(|_| ()), Err(Refused::Ended));
            assert_eq!(edge.listed(), ["tv"]);
        }
    }
}

#[test]
fn over_the_limit_the_oldest_may_be_ended() {
    let mut edge = edge(Ordering::Strict, Some(2), None);
    edge.terms.when_full = WhenFull::EndOldest;
    let first = edge.admit(1, "tv", "film").expect("room");
    edge.pass(1);
    let second = edge.admit(2, "phone", "film").expect("room");
    edge.pass(1);
    edge.admit(3, "pad", "film").expect("room is made");
    assert_eq!(edge.renew(&first).map(|_| ()), Err(Refused::Ended));
    assert!(edge.renew(&second).is_ok());
    edge.limits.account = Some(1);
    edge.admit(4, "console", "film").expect("room is made, of two");
    assert_eq!(edge.listed(), ["console"]);
    edge.limits.account = Some(0);
    assert_eq!(full(edge.admit(5, "watch", "film")), ["console"]);
}

#[test]
fn sessions_of_a_higher_limit_count() {
    let mut edge = edge(Ordering::Strict, Some(3), None);
    for (number, device) in [(1, "tv"), (2, "phone"), (3, "pad")] {
        edge.admit(number, device, "film").expect("room");
    }
    edge.limits.account = Some(1);
    assert_eq!(full(edge.admit(4, "console", "film")).len(), 3);
    edge.limits.account = Some(u32::MAX);
    for number in 4..=MAX_LIMIT {
        edge.admit(number, &format!("device {number}"), "film").expect("room");
    }
    assert_eq!(full(edge.admit(99, "console", "film")).len(), usize::from(MAX_LIMIT));
}

#[test]
fn without_a_limit_the_list_is_bounded_and_the_sessions_are_not() {
    for ordering in ORDERINGS {
        let edge = edge(ordering, None, None);
        let first = edge.admit(0, "device 0", "film").expect("no limit");
        assert_eq!(first.expires, 1000 + LIFE, "nothing to settle");
        for number in 1..=2 * LISTED {
            edge.pass(1);
            edge.admit(number, &format!("device {number}"), "film").expect("no limit");
        }
        let listed = edge.listed();
        assert!(listed.len() == usize::from(LISTED) && !listed.contains(&"device 0".to_owned()), "{listed:?}");
        let (renewal, renewed) = edge.renew(&first).expect("it goes on");
        assert_eq!((renewal, renewed.expires), (Renewal::Extended, 1000 + u64::from(2 * LISTED) + LIFE));
    }
}

#[test]
fn a_slot_is_held_past_its_end_for_the_skew_and_the_pause() {
    let mut edge = edge(Ordering::Strict, Some(1), None);
    edge.terms.pause = 5;
    let tv = edge.admit(1, "tv", "film").expect("room");
    edge.pass(LIFE + 4);
    let (renewal, renewed) = edge.renew(&tv).expect("a pause is no end");
    assert_eq!((renewal, renewed.expires), (Renewal::Extended, edge.store.now() + LIFE));
    edge.pass(LIFE + 6);
    assert_eq!(full(edge.admit(2, "phone", "film")), ["tv"]);
    edge.pass(1);
    edge.admit(2, "phone", "film").expect("run out on every clock");
    assert!(matches!(edge.renew(&tv), Err(Refused::Full(_))), "its slot is another's");
    edge.pass(LIFE + 7);
    let (_, renewed) = edge.renew(&tv).expect("there is room again");
    assert_eq!((renewed.session, renewed.expires), (tv.session, edge.store.now() + LIFE));
}

#[test]
fn without_comparing_the_first_right_is_provisional_until_it_settles() {
    let edge = edge(Ordering::Eventual, Some(1), None);
    let tv = edge.admit(1, "tv", "film").expect("room");
    assert_eq!(tv.expires, 1000 + edge.terms.provisional);
    let before = edge.store.kv.borrow().clone();
    edge.pass(edge.terms.settle() + edge.terms.skew - 1);
    assert_eq!(edge.renew(&tv), Ok((Renewal::Kept, tv.clone())));
    assert_eq!(*edge.store.kv.borrow(), before);
    edge.pass(1);
    let (renewal, renewed) = edge.renew(&tv).expect("it is its own");
    assert_eq!((renewal, renewed.expires), (Renewal::Extended, edge.store.now() + LIFE));
}

#[test]
fn of_two_blind_writers_the_last_one_stays() {
    let edge = edge(Ordering::Eventual, Some(1), None);
    let tv = edge.admit(1, "tv", "film").expect("room");
    let held = edge.store.kv.borrow_mut().remove(&Family::Account(&ACCOUNT).key(0)).expect("the slot");
    let phone = edge.admit(2, "phone", "film").expect("it does not see the other");
    assert_ne!(edge.store.kv.borrow()[&Family::Account(&ACCOUNT).key(0)], held);
    edge.pass(edge.terms.settle() + edge.terms.skew);
    assert!(matches!(edge.renew(&tv), Err(Refused::Full(_))));
    assert!(edge.renew(&phone).is_ok());
}

#[test]
fn an_end_is_not_overwritten() {
    let blind = edge(Ordering::Eventual, Some(1), None);
    let tv = blind.admit(1, "tv", "film").expect("room");
    let (mut record, generation) = blind.stored(&tv);
    blind.end(&tv);
    // A renewal that read the record before the end.
    blind.pass(10);
    let outcome = now(renew::<Sound, _>(&blind.store, &blind.terms, None, &mut record, generation));
    assert_eq!(outcome, Err(Refused::Ended));

    let compared = edge(Ordering::Generation, Some(1), None);
    let tv = compared.admit(1, "tv", "film").expect("room");
    let (mut record, generation) = compared.stored(&tv);
    compared.end(&tv);
    compared.pass(10);
    let outcome = now(renew::<Sound, _>(&compared.store, &compared.terms, None, &mut record, generation));
    assert_eq!(outcome, Err(Refused::Ended));
    compared.admit(2, "phone", "film").expect("what the late renewal took it gave back");
}

#[test]
fn a_store_that_fails_takes_nothing_back_and_gives_nothing() {
    for prefix in ["s/", "sess/"] {
        let edge = edge(Ordering::Generation, Some(1), None);
        let tv = edge.admit(1, "tv", "film").expect("room");
        edge.pass(20);
        edge.store.fails.set(Some((prefix, StoreError::Throttled)));
        assert_eq!(edge.renew(&tv), Ok((Renewal::Kept, tv.clone())), "{prefix}");
        edge.store.fails.set(Some((prefix, StoreError::Unavailable)));
        assert_eq!(edge.renew(&tv), Err(Refused::Store(StoreError::Unavailable)), "{prefix}");
        assert_eq!(edge.stored(&tv).0, tv);
    }
}

#[test]
fn a_later_session_of_the_device_is_not_pushed_out_by_an_earlier_one() {
    let edge = edge(Ordering::Strict, Some(1), None);
    let earlier = edge.admit(1, "tv", "film").expect("room");
    edge.pass(1);
    edge.admit(2, "tv", "film").expect("its own room");
    // As if the one that came back had died before it could end the other.
    let key = session_key(&earlier.session);
    let alive = serde_json::to_vec(&earlier).expect("json");
    now(edge.store.put(&key, &alive, 60)).expect("written");
    assert!(matches!(edge.renew(&earlier), Err(Refused::Full(_))));
}
