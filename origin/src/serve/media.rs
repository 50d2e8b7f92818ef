use axum::{
    body::Body,
    http::{HeaderValue, Method, StatusCode, header, request::Parts},
    response::Response,
};
use sluice_packager::title::{TitleId, TrackId, Version};

use super::{
    conditional::{Wish, wish},
    problem::Problem,
    route::File,
    store::{Store, StoreError},
};

/// The media of a version never change.
const IMMUTABLE: HeaderValue = HeaderValue::from_static("max-age=31536000, immutable");
/// What is derived from the media may be written anew by a newer indexer.
pub(super) const DERIVED: HeaderValue = HeaderValue::from_static("max-age=300");

/// An object of the store and how it is answered.
pub(super) struct Object {
    path: String,
    content_type: &'static str,
    cache: HeaderValue,
    /// What its absence is called.
    absent: Problem,
}

impl Object {
    pub(super) fn descriptor(title: &TitleId, cache: HeaderValue) -> Self {
        Self { path: descriptor_path(title), content_type: "application/json", cache, absent: Problem::UnknownTitle }
    }

    pub(super) fn file(title: &TitleId, version: &Version, track: &TrackId, file: File) -> Self {
        let (content_type, cache, absent) = match file {
            File::Init => ("video/mp4", IMMUTABLE, Problem::UnknownTrack),
            File::Segment(_) => ("video/iso.segment", IMMUTABLE, Problem::UnknownSegment),
            File::Image(_, format) => (format.media_type(), IMMUTABLE, Problem::UnknownSegment),
            File::Text(_) => ("text/vtt", IMMUTABLE, Problem::UnknownSegment),
            File::Record => ("application/json", DERIVED, Problem::UnknownTrack),
            File::Plan => ("application/octet-stream", DERIVED, Problem::UnknownTrack),
        };
        Self { path: format!("{title}/{version}/{track}/{}", file.name()), content_type, cache, absent }
    }
}

/// Where a title's descriptor is in the store.
pub(super) fn descriptor_path(title: &TitleId) -> String {
    format!("{title}/descriptor.json")
}

/// Answers with an object, or the part of it that is asked for, as a stream.
pub(super) async fn send(store: &Store, object: &Object, request: &Parts) -> Result<Response, Problem> {
    let problem = |error: StoreError| match error {
        StoreError::NotFound => object.absent,
        StoreError::Failed(reason) => {
            tracing::error!(path = object.path, reason, "store");
            Problem::Internal
        }
    };
    let found = store.find(&object.path).await.map_err(problem)?;
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    headers.insert(header::ETAG, value(&found.etag)?);
    headers.insert(header::CACHE_CONTROL, object.cache.clone());
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    let (status, range) = match wish(&request.headers, &found.etag, found.length()) {
        Wish::NotModified => {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return Ok(response);
        }
        Wish::Unsatisfiable => return Err(Problem::Range(found.length())),
        Wish::Whole => (StatusCode::OK, 0..found.length()),
        Wish::Part(part) => {
            let text = format!("bytes {}-{}/{}", part.start, part.end.saturating_sub(1), found.length());
            headers.insert(header::CONTENT_RANGE, value(&text)?);
            (StatusCode::PARTIAL_CONTENT, part)
        }
    };
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(object.content_type));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(range.end - range.start));
    *response.status_mut() = status;
    if request.method != Method::HEAD {
        *response.body_mut() = Body::from_stream(store.open_range(&found, range).await.map_err(problem)?);
    }
    Ok(response)
}

fn value(text: &str) -> Result<HeaderValue, Problem> {
    HeaderValue::from_str(text).map_err(|_| Problem::Internal)
}
