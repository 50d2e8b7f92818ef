//! A request in flight: the edge's own code, stopped at every operation on the store.

use std::{
    cell::{Cell, RefCell},
    future::{Future, poll_fn},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

use sluice_gate::session::{Store, StoreError, Stored};

use crate::{
    SECOND, Tick,
    requests::Done,
    store::{Answer, Condition, Operation},
};

/// Where clocks begin, in seconds.
const START: u64 = 1_000;

/// The clock of a point of presence that is `fast` ticks ahead.
pub(crate) fn clock(now: Tick, fast: Tick) -> u64 {
    START + (now + fast) / SECOND
}

/// What a request and the scheduler share.
pub(crate) struct Line {
    now: Rc<Cell<Tick>>,
    fast: Tick,
    asked: RefCell<Option<(Operation, Tick)>>,
    answer: RefCell<Option<Answer>>,
}

/// The store, as one request sees it.
#[derive(Clone)]
pub(crate) struct Wire(Rc<Line>);

impl Wire {
    pub(crate) fn new(now: Rc<Cell<Tick>>, fast: Tick) -> Self {
        Self(Rc::new(Line { now, fast, asked: RefCell::default(), answer: RefCell::default() }))
    }

    async fn ask(&self, operation: Operation) -> Answer {
        *self.0.asked.borrow_mut() = Some((operation, self.0.now.get()));
        poll_fn(|_| self.0.answer.borrow_mut().take().map_or(Poll::Pending, Poll::Ready)).await
    }

    async fn write(&self, key: &str, value: &[u8], condition: Condition) -> Result<(), StoreError> {
        match self.ask(Operation::Put { key: key.to_owned(), value: value.into(), condition }).await {
            Answer::Put(made) => made,
            Answer::Got(_) => Err(StoreError::Unavailable),
        }
    }
}

impl Store for Wire {
    fn now(&self) -> u64 {
        clock(self.0.now.get(), self.0.fast)
    }

    async fn get(&self, key: &str) -> Result<Option<Stored>, StoreError> {
        match self.ask(Operation::Get { key: key.to_owned() }).await {
            Answer::Got(got) => got,
            Answer::Put(_) => Err(StoreError::Unavailable),
        }
    }

    async fn put(&self, key: &str, value: &[u8], _seconds: u64) -> Result<(), StoreError> {
        self.write(key, value, Condition::None).await
    }

    async fn put_if(&self, key: &str, value: &[u8], generation: Option<u64>, _seconds: u64) -> Result<(), StoreError> {
        self.write(key, value, Condition::At(generation)).await
    }
}

/// A request in flight.
pub(crate) struct Task {
    pub(crate) pop: usize,
    /// Whether it is for a new session.
    pub(crate) mints: bool,
    wire: Wire,
    future: Pin<Box<dyn Future<Output = Done>>>,
}

impl Task {
    pub(crate) fn new(pop: usize, mints: bool, wire: Wire, future: Pin<Box<dyn Future<Output = Done>>>) -> Self {
        Self { pop, mints, wire, future }
    }

    /// What it waits for, and since when.
    pub(crate) fn asked(&self) -> Option<(Operation, Tick)> {
        self.wire.0.asked.borrow_mut().take()
    }

    /// Goes on with an answer, up to the next operation or the end.
    pub(crate) fn go_on(&mut self, answer: Option<Answer>) -> Option<Done> {
        *self.wire.0.answer.borrow_mut() = answer;
        match self.future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(done) => Some(done),
            Poll::Pending => None,
        }
    }
}
