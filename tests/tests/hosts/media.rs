//! The media on a good day.

use anyhow::{Context, Result, ensure};
use http::StatusCode;
use serde_json::json;
use sluice_packager::title::{TrackKind, plan};
use sluice_tests::{demo::walk_title, fixture::Stack, runtime::EdgeHost};

use super::{clear, object, stack};

pub(super) async fn every_sample_of_the_title_is_the_clear_one(host: EdgeHost) -> Result<Stack> {
    let stack = stack(host, json!({})).await?;
    let report = walk_title(&stack, host).await?;
    ensure!(report.good(), "{:?}\n{}", report.problems, report.table);
    Ok(stack)
}

pub(super) async fn the_same_url_gives_the_same_bytes_of_the_planned_size(host: EdgeHost) -> Result<Stack> {
    let stack = stack(host, json!({})).await?;
    let (one, other) = (stack.session("viewer").await?, stack.session("another").await?);
    for track in &stack.indexed.descriptor.tracks {
        let plan = match track.kind {
            TrackKind::Text | TrackKind::Thumbnail => Vec::new(),
            TrackKind::Video | TrackKind::Audio => plan::read(&clear(&stack, &format!("{}/plan.bin", track.id))?)?,
        };
        for (scheme, number) in [("cenc", 1), ("cbcs", 1), ("cenc", 3), ("cbcs", 6)] {
            let planned = track.timeline.segment(number).context("the sample title has six segments")?;
            let entries = plan.iter().skip(usize::try_from(planned.first_entry)?).take(planned.entries as usize);
            let (name, size) = if track.kind == TrackKind::Text {
                let name = format!("{}/{number}.vtt", track.id);
                let size = clear(&stack, &name)?.len() as u64;
                (name, size)
            } else {
                let sizes = entries.map(|entry| u64::from(if scheme == "cenc" { entry.cenc } else { entry.cbcs }));
                (format!("{}/{number}.m4s", track.id), sizes.sum())
            };
            let first = stack.get(&object(&stack, &one, scheme, &name)?, &[]).await?;
            let again = stack.get(&object(&stack, &one, scheme, &name)?, &[]).await?;
            let others = stack.get(&object(&stack, &other, scheme, &name)?, &[]).await?;
            ensure!(first.status == StatusCode::OK, "{scheme} {name}: {}", first.status);
            ensure!(
                first.header("content-length") == size.to_string(),
                "{scheme} {name}: Content-Length is not {size}"
            );
            ensure!(first.body.len() as u64 == size, "{scheme} {name}: {} bytes, not {size}", first.body.len());
            ensure!(first.body == again.body, "{scheme} {name}: other bytes the second time");
            ensure!(first.body == others.body, "{scheme} {name}: other bytes for another viewer");
            ensure!(first.header("etag") == others.header("etag"), "{scheme} {name}: another ETag for the same bytes");
        }
    }
    Ok(stack)
}
