//! I-frames alone: on every host the samples that the whole segment has, under the same key, and to nobody without a lease.

use anyhow::{Context, Result, ensure};
use http::StatusCode;
use serde_json::json;
use sluice_packager::cenc::read::{Reader, SegmentSample};
use sluice_tests::{fixture::Stack, runtime::EdgeHost};

use crate::{object, stack};

pub(super) async fn iframes_alone_are_the_segments_own_samples(host: EdgeHost) -> Result<Stack> {
    let stack = stack(host, json!({})).await?;
    let session = stack.session("viewer").await?;
    for scheme in ["cenc", "cbcs"] {
        let get = async |name: &str| -> Result<_> {
            let answer = stack.get(&object(&stack, &session, scheme, name)?, &[]).await?;
            answer.expect(StatusCode::OK).with_context(|| format!("{scheme} {name}"))
        };
        let reader = Reader::new(&get("v360-iframes/init.mp4").await?)?;
        for number in [1, 4] {
            let alone = get(&format!("v360-iframes/{number}.m4s")).await?;
            let whole = get(&format!("v360/{number}.m4s")).await?;
            let (pictures, all) = (reader.samples(&alone)?, reader.samples(&whole)?);
            let lasts =
                |samples: &[SegmentSample]| samples.iter().map(|sample| u64::from(sample.duration)).sum::<u64>();
            ensure!(lasts(&pictures) == lasts(&all), "{scheme} {number}: {} of {}", lasts(&pictures), lasts(&all));
            ensure!(
                !pictures.is_empty() && pictures.len() < all.len() / 5,
                "{scheme} {number}: {} pictures",
                pictures.len()
            );
            for picture in &pictures {
                let same = all.iter().find(|sample| sample.decode_time == picture.decode_time && sample.sync);
                let same = same.with_context(|| format!("{scheme} {number}: none of the segment's samples"))?;
                let bytes = |segment: &[u8], sample: &SegmentSample| {
                    let first = usize::try_from(sample.offset).unwrap_or(usize::MAX);
                    segment.get(first..).and_then(|rest| rest.get(..sample.size as usize)).map(<[u8]>::to_vec)
                };
                ensure!(bytes(&alone, picture) == bytes(&whole, same), "{scheme} {number}: another ciphertext");
            }
        }
    }
    // The delivery of HLS alone.
    let refused = object(&stack, &session, "cbcs", "v360-iframes/1.m4s")?.replace("/cbcs/", "/aes128/");
    ensure!(stack.get(&refused, &[]).await?.status == StatusCode::NOT_FOUND, "parts of a segment encrypted whole");
    Ok(stack)
}
