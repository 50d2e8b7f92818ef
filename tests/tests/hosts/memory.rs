//! What an instance needs does not grow with the segment: it holds a fragment at a time.

use anyhow::{Context, Result, ensure};
use http::StatusCode;
use sluice_packager::title::plan;
use sluice_tests::{
    fixture::{Stack, StackOptions},
    perf::{LONG, long_title},
    runtime::EdgeHost,
};

use super::{clear, object, options};

/// Half of what the platforms give.
const LIMIT: usize = 64 << 20;
/// Less than the long segment has.
const TIGHT: usize = 24 << 20;

/// In a memory that the long segment would not fit, both it and the short one come whole; in half of the platforms' memory as well.
pub(super) async fn a_long_segment_needs_no_more_memory_than_a_short_one(host: EdgeHost) -> Result<Stack> {
    let roomy = both_segments_come(host, LIMIT).await?;
    ensure!(roomy.edge.traps().is_empty(), "{:?}", roomy.edge.traps());
    roomy.shutdown().await;
    both_segments_come(host, TIGHT).await
}

async fn both_segments_come(host: EdgeHost, memory_limit: usize) -> Result<Stack> {
    let title = tokio::task::spawn_blocking(long_title).await??;
    let stack = Stack::start(StackOptions { title, memory_limit, ..options(host).await? }).await?;
    let session = stack.session("viewer").await?;
    let [track] = &stack.indexed.descriptor.tracks[..] else { anyhow::bail!("one track") };
    let plan = plan::read(&clear(&stack, &format!("{LONG}/plan.bin"))?)?;
    for (number, least) in [(1, 40_000_000), (2, 10_000_000)] {
        let planned = track.timeline.segment(number).context("two segments")?;
        let entries = plan.iter().skip(usize::try_from(planned.first_entry)?).take(planned.entries as usize);
        let (cenc, cbcs) = entries.fold((0, 0), |(cenc, cbcs), entry| (cenc + entry.cenc, cbcs + entry.cbcs));
        for (scheme, size) in [("cenc", cenc), ("cbcs", cbcs)] {
            let url = object(&stack, &session, scheme, &format!("{LONG}/{number}.m4s"))?;
            let body = stack.get(&url, &[]).await?.expect(StatusCode::OK)?;
            ensure!(size > least, "{scheme} {number}: {size} bytes planned");
            ensure!(body.len() == size as usize, "{scheme} {number}: {} bytes, not {size}", body.len());
        }
    }
    Ok(stack)
}
