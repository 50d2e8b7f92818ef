//! How often a request asks the store.

use std::time::Duration;

use anyhow::{Result, bail, ensure};
use http::{Method, StatusCode};
use serde_json::json;
use sluice_tests::{
    fixture::{Stack, StackOptions},
    runtime::{EdgeHost, Kv},
};

use super::{options, segment, tokens::handle_of};

const LEASE: u64 = 30;

/// Where the runtime counts, and no point of presence keeps anything: one read for a handle (the session; what of its account was revoked is read when it
/// is renewed) and a write from a network that it had not come from; nothing for a cookie until it is due.
pub(super) async fn a_segment_asks_for_no_more_than_its_session(host: EdgeHost) -> Result<Stack> {
    let kv = Kv::memory();
    let config = json!({ "lease_seconds": LEASE });
    let stack = Stack::start(StackOptions { kv: kv.clone(), config, ..options(host).await? }).await?;
    let session = stack.session("viewer").await?;
    let by_handle = segment(&stack, &session, "a-en/1.m4s")?;
    let (path, _) = handle_of(&stack, &by_handle)?;
    let cookie = format!("sluice-lease={}", session.lease);
    for (what, url, headers, most) in [
        ("by cookie", &path, &[("cookie", cookie.as_str())][..], (0, 0)),
        // To compare what it writes is a read, too.
        ("by handle", &by_handle, &[], (2, 1)),
        ("by handle, again", &by_handle, &[], (1, 0)),
    ] {
        let before = kv.operations();
        stack.get(url, headers).await?.expect(StatusCode::OK)?;
        let after = kv.operations();
        let asked = (after.reads - before.reads, after.writes - before.writes);
        ensure!(asked.0 <= most.0 && asked.1 <= most.1, "{what}: {asked:?} reads and writes");
    }
    Ok(stack)
}

/// Who creates a key by `wasi:keyvalue` draws a ticket for it, and gives it back; one that never came back keeps nobody out for good.
pub(super) async fn a_ticket_that_was_kept_is_overcome(host: EdgeHost) -> Result<Stack> {
    let kv = Kv::memory();
    let stack = Stack::start(StackOptions { kv: kv.clone(), ..options(host).await? }).await?;
    stack.session("viewer").await?;
    let keys = kv.store().keys("default")?;
    ensure!(!keys.iter().any(|key| key.starts_with("new/")), "{keys:?}");
    let slots: Vec<_> = keys.iter().filter(|key| !key.starts_with("sess/")).collect();
    ensure!(!slots.is_empty(), "{keys:?}");
    for slot in slots {
        kv.store().delete("default", slot)?;
        kv.store().increment("default", &format!("new/{slot}"), 1)?;
    }
    for _ in 0..100 {
        if stack.session("viewer").await.is_ok() {
            return Ok(stack);
        }
    }
    bail!("a viewer was kept out for good")
}

/// Where nobody counts: an answer that is kept is not asked for again, so that an end shows when it no longer is.
pub(super) async fn a_handle_asks_once_in_half_a_lease(host: EdgeHost) -> Result<Stack> {
    let config = json!({ "lease_seconds": 8 });
    let stack = Stack::start(StackOptions { config, ..options(host).await? }).await?;
    let session = stack.session("viewer").await?;
    let by_handle = segment(&stack, &session, "a-en/1.m4s")?;
    stack.get(&by_handle, &[]).await?.expect(StatusCode::OK)?;
    let token = format!("Bearer {}", stack.token(&stack.claims("viewer"))?);
    let path = format!("/v1/sessions/{}", session.session);
    stack.send(Method::DELETE, &path, &[("authorization", &token)], None).await?.expect(StatusCode::NO_CONTENT)?;
    stack.get(&by_handle, &[]).await?.expect(StatusCode::OK)?;
    stack.pass(Duration::from_secs(5)).await;
    let problem = stack.get(&by_handle, &[]).await?.problem();
    ensure!(problem == (410, "session_ended".to_owned()), "{problem:?}");
    Ok(stack)
}
