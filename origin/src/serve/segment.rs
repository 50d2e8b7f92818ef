//! `GET /titles/{title}/{version}/{track}/segments/{n}/{delivery}`: what an edge needs beside the media to make one segment of a track, in one answer,
//! for edges that keep nothing and would ask for one document after another.
//!
//! Three parts, each behind its length in 32 bits, big-endian: `record.json`; the entries of `plan.bin` that are the segment's; the document of
//! `…/keys/{delivery}`. A part is empty where the document by itself would be refused, or is not needed: the edge knows what to make of that. Only
//! without the record there is no answer: 404 `unknown_track`.

use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use sluice_packager::title::{Delivery, TitleId, TrackId, TrackRecord, Treatment, Version, plan};

use super::{
    Origin, keys,
    media::DERIVED,
    problem::Problem,
    route::File,
    store::{Found, StoreError},
};

/// The largest document that becomes a part, bytes: edges read no larger ones.
const LARGEST: u64 = 256 * 1024;
const OCTETS: HeaderValue = HeaderValue::from_static("application/octet-stream");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// Answers with the documents of a segment.
pub(super) async fn send(
    origin: &Origin,
    title: &TitleId,
    version: &Version,
    track: &TrackId,
    number: u32,
    delivery: Delivery,
    edge: &str,
) -> Result<Response, Problem> {
    let path = |file: File| format!("{title}/{version}/{track}/{}", file.name());
    let record = origin.store.small(&path(File::Record), LARGEST).await.map_err(|error| match error {
        StoreError::NotFound => Problem::UnknownTrack,
        StoreError::Failed(reason) => {
            tracing::error!(title = title.as_str(), track = track.as_str(), reason, "record");
            Problem::Internal
        }
    })?;
    // What this cannot read the edge refuses.
    let (mut entries, mut key_document, mut cache) = (Vec::new(), Vec::new(), DERIVED);
    if let Ok(record) = serde_json::from_slice::<TrackRecord>(&record)
        && let Some(segment) = record.timeline.segment(number)
    {
        let (start, length) = plan::range(segment.first_entry, segment.entries);
        if (1..=LARGEST).contains(&length) {
            entries = part(origin, &path(File::Plan), start..start.saturating_add(length)).await?;
        }
        let treatment = record.segment_treatment(delivery, number);
        if matches!(treatment, Ok(Treatment::Protect { .. } | Treatment::EncryptSegments { .. })) {
            match keys::document(origin, title, version, delivery, edge).await {
                // No proxy keeps keys, wrapped or not; and without them, there may be some at the next request.
                Ok(document) => (key_document, cache) = (document, NO_STORE),
                Err(_) => cache = NO_STORE,
            }
        }
    }
    let mut body = Vec::with_capacity(12 + record.len() + entries.len() + key_document.len());
    for part in [&record[..], &entries, &key_document] {
        body.extend_from_slice(&u32::try_from(part.len()).map_err(|_| Problem::Internal)?.to_be_bytes());
        body.extend_from_slice(part);
    }
    Ok(([(header::CACHE_CONTROL, cache), (header::CONTENT_TYPE, OCTETS)], body).into_response())
}

/// Those bytes of an object, as far as it has them.
async fn part(origin: &Origin, path: &str, range: core::ops::Range<u64>) -> Result<Vec<u8>, Problem> {
    let failed = |reason: String| {
        tracing::error!(path, reason, "store");
        Problem::Internal
    };
    let found: Found = match origin.store.find(path).await {
        Ok(found) => found,
        Err(StoreError::NotFound) => return Ok(Vec::new()),
        Err(StoreError::Failed(reason)) => return Err(failed(reason)),
    };
    let range = range.start.min(found.length())..range.end.min(found.length());
    origin.store.bytes(&found, range).await.map_err(|error| failed(error.to_string()))
}
