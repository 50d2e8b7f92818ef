//! Conformance: what every host must do, written once. A new host is a line in `on_every_host!`.

use std::{future::Future, time::Duration};

use anyhow::{Context, Result, ensure};
use http::{Method, StatusCode};
use serde_json::json;
use sluice_packager::bmff::Boxes;
use sluice_tests::{
    demo::walk_title,
    faulty::Fault,
    fixture::{Session, Stack, StackOptions},
    runtime::EdgeHost,
};

macro_rules! on_every_host {
    ($($body:ident),* $(,)?) => {
        mod spin {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $body() {
                super::run(super::EdgeHost::Spin, super::$body).await;
            })*
        }
    };
}

on_every_host!(
    every_sample_of_the_title_is_the_clear_one,
    fragments_before_a_stall_arrive_whole,
    a_failing_origin_is_told_and_nothing_of_it_is_kept,
    a_session_outlives_its_leases_and_stops_when_it_is_ended,
);

/// Runs a body, which fails also where the guest trapped.
async fn run<F: Future<Output = Result<Stack>>>(host: EdgeHost, body: impl FnOnce(EdgeHost) -> F) {
    let stack = body(host).await.unwrap_or_else(|error| panic!("{error:#}"));
    assert_eq!(stack.edge.traps(), Vec::<String>::new());
    stack.shutdown().await;
}

async fn stack(host: EdgeHost, config: serde_json::Value) -> Result<Stack> {
    let module = tokio::task::spawn_blocking(move || host.build()).await??;
    let mut options = StackOptions::new(host, module);
    options.config = config;
    Stack::start(options).await
}

/// The URL of a segment, with its title version.
fn segment(stack: &Stack, session: &Session, name: &str) -> Result<String> {
    let manifest = session.dash("cbcs").context("cbcs is offered")?;
    let folder = manifest.rsplit_once('/').context("a URL")?.0;
    Ok(format!("{folder}/{name}?v={}", stack.indexed.descriptor.version))
}

async fn every_sample_of_the_title_is_the_clear_one(host: EdgeHost) -> Result<Stack> {
    let stack = stack(host, json!({})).await?;
    let report = walk_title(&stack, host).await?;
    ensure!(report.good(), "{:?}\n{}", report.problems, report.table);
    Ok(stack)
}

/// Ends of the media data boxes: where fragments end.
fn fragment_ends(bytes: &[u8]) -> Vec<usize> {
    let boxes = Boxes::of(bytes).map_while(Result::ok).filter(|view| view.is(b"mdat"));
    boxes.map(|view| view.offset as usize + view.bytes.len()).collect()
}

async fn fragments_before_a_stall_arrive_whole(host: EdgeHost) -> Result<Stack> {
    let stack = stack(host, json!({})).await?;
    let session = stack.session("viewer").await?;
    let url = segment(&stack, &session, "v360/2.m4s")?;
    let whole = stack.get(&url, &[]).await?.expect(StatusCode::OK)?;
    let ends = fragment_ends(&whole);
    ensure!(ends.len() >= 3, "the sample title has several fragments per segment");

    let clear = std::fs::read(stack.clear_media().join("v360/2.m4s"))?;
    stack.faults.spoil("v360/2.m4s", Fault::StallAfter(fragment_ends(&clear)[1] + 100));
    let mut response = stack.client().get(&url).send().await?;
    let mut received = Vec::new();
    while received.len() < ends[1] {
        let chunk = tokio::time::timeout(Duration::from_secs(5), response.chunk()).await;
        let chunk = chunk.context("the two fragments that the origin gave did not arrive")??;
        received.extend_from_slice(&chunk.context("the body ended")?);
    }
    ensure!(received == whole[..ends[1]], "the fragments that arrived are not those of a good day");
    stack.faults.release();
    while let Some(chunk) = response.chunk().await? {
        received.extend_from_slice(&chunk);
    }
    ensure!(received == whole, "the rest did not arrive");
    Ok(stack)
}

async fn a_failing_origin_is_told_and_nothing_of_it_is_kept(host: EdgeHost) -> Result<Stack> {
    let stack = stack(host, json!({ "origin": { "first_byte_ms": 300, "between_bytes_ms": 300 } })).await?;
    let session = stack.session("viewer").await?;
    let url = segment(&stack, &session, "v360/1.m4s")?;
    let whole = stack.get(&url, &[]).await?.expect(StatusCode::OK)?;
    for (fault, status, code) in [
        (Fault::Status(StatusCode::INTERNAL_SERVER_ERROR), 502, "origin_unreachable"),
        (Fault::Drop, 502, "origin_unreachable"),
        (Fault::Silence, 504, "origin_timeout"),
    ] {
        let name = format!("{fault:?}");
        stack.faults.spoil("v360/1.m4s", fault);
        let problem = stack.get(&url, &[]).await?.problem();
        ensure!(problem == (status, code.to_owned()), "{name}: {problem:?}");
    }
    let first = fragment_ends(&std::fs::read(stack.clear_media().join("v360/1.m4s"))?)[0];
    for fault in [Fault::CutAfter(first + 100), Fault::StallAfter(first + 100)] {
        let name = format!("{fault:?}");
        stack.faults.spoil("v360/1.m4s", fault);
        let broken = stack.get(&url, &[]).await;
        ensure!(broken.is_err(), "{name}: the client was told of a whole body");
    }
    stack.faults.heal();
    ensure!(stack.get(&url, &[]).await?.expect(StatusCode::OK)? == whole, "something of a bad day was kept");
    Ok(stack)
}

async fn a_session_outlives_its_leases_and_stops_when_it_is_ended(host: EdgeHost) -> Result<Stack> {
    let stack = stack(host, json!({ "lease_seconds": 5 })).await?;
    let session = stack.session("viewer").await?;
    let by_handle = segment(&stack, &session, "a-en/1.m4s")?;
    for _ in 0..5 {
        stack.get(&by_handle, &[]).await?.expect(StatusCode::OK)?;
        stack.clock.advance(Duration::from_secs(4));
    }
    let renew = format!("/v1/sessions/{}/renew", session.session);
    let lease = format!("Bearer {}", session.lease);
    let late = stack.send(Method::POST, &renew, &[("authorization", &lease)], None).await?;
    ensure!(late.status == StatusCode::UNAUTHORIZED, "a lease that ended renews nothing: {}", late.status);

    let token = format!("Bearer {}", stack.token(&stack.claims("viewer"))?);
    let ended = format!("/v1/sessions/{}", session.session);
    stack.send(Method::DELETE, &ended, &[("authorization", &token)], None).await?.expect(StatusCode::NO_CONTENT)?;
    stack.clock.advance(Duration::from_secs(5));
    let problem = stack.get(&by_handle, &[]).await?.problem();
    ensure!(problem == (410, "session_ended".to_owned()), "{problem:?}");
    Ok(stack)
}
