//! An origin on a bad day.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use http::StatusCode;
use serde_json::json;
use sluice_tests::{faulty::Fault, fixture::Stack, runtime::EdgeHost};

use super::{clear, segment, spoil::fragment_ends, stack};

pub(super) async fn fragments_before_a_stall_arrive_whole(host: EdgeHost) -> Result<Stack> {
    let stack = stack(host, json!({})).await?;
    let session = stack.session("viewer").await?;
    let url = segment(&stack, &session, "v360/2.m4s")?;
    let whole = stack.get(&url, &[]).await?.expect(StatusCode::OK)?;
    let ends = fragment_ends(&whole);
    ensure!(ends.len() >= 3, "the sample title has several fragments per segment");

    let source = clear(&stack, "v360/2.m4s")?;
    stack.spoil("v360/2.m4s", Fault::StallAfter(fragment_ends(&source)[1] + 100));
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

pub(super) async fn a_failing_origin_is_told_and_nothing_of_it_is_kept(host: EdgeHost) -> Result<Stack> {
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
        stack.spoil("v360/1.m4s", fault);
        let problem = stack.get(&url, &[]).await?.problem();
        ensure!(problem == (status, code.to_owned()), "{name}: {problem:?}");
        good_again(&stack, &url, &whole).await.context(name)?;
    }
    let first = fragment_ends(&clear(&stack, "v360/1.m4s")?)[0];
    for fault in [Fault::CutAfter(first + 100), Fault::StallAfter(first + 100)] {
        let name = format!("{fault:?}");
        stack.spoil("v360/1.m4s", fault);
        // Where an edge cache is written to and read from at once, the failure may overtake the bytes before it: then there is no body yet to break off.
        let told = match stack.get(&url, &[]).await {
            Ok(answer) => host.collapses_misses() && matches!(answer.problem(), (502 | 504, code) if !code.is_empty()),
            Err(_) => true,
        };
        ensure!(told, "{name}: the client was told of a whole body");
        good_again(&stack, &url, &whole).await.context(name)?;
    }
    Ok(stack)
}

/// The first good day after a bad one.
async fn good_again(stack: &Stack, url: &str, whole: &[u8]) -> Result<()> {
    stack.faults.heal();
    ensure!(stack.get(url, &[]).await?.expect(StatusCode::OK)? == whole, "something of a bad day was kept");
    Ok(())
}
