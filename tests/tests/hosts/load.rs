//! Who may watch at once, when everybody asks at once: a short race on every store, which dies in the middle.

use std::time::Duration;

use sluice_tests::{
    load::{self, Contest, Store},
    runtime::EdgeHost,
};
use tokio::sync::Mutex;

/// Long enough for leases to run out and for sessions to be renewed past them.
const TIME: Duration = Duration::from_secs(4);

/// One at a time: together they would keep the machine from everybody else.
static TURN: Mutex<()> = Mutex::const_new(());

async fn race(host: EdgeHost, store: Store) {
    let _turn = TURN.lock().await;
    let outcome = load::race(Contest { host, store }, TIME).await.unwrap_or_else(|error| panic!("{error:#}"));
    assert_eq!(outcome.problems, Vec::<String>::new(), "{:?} {:?}", outcome.counts, outcome.worst);
}

#[tokio::test(flavor = "multi_thread")]
async fn spin_with_sqlite() {
    race(EdgeHost::Spin, Store::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn spin_with_redis() {
    race(EdgeHost::Spin, Store::Redis).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn spin_cas_with_sqlite() {
    race(EdgeHost::SpinCas, Store::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn spin_cas_with_redis() {
    race(EdgeHost::SpinCas, Store::Redis).await;
}

#[cfg(feature = "fastly")]
#[tokio::test(flavor = "multi_thread")]
async fn fastly() {
    race(EdgeHost::Fastly, Store::Platform).await;
}
