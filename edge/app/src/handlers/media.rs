//! Init segments, media segments, text and thumbnails: the record says what becomes of them, the plan how long they get.

use http::{StatusCode, header};
use sluice_packager::title::{Delivery, ImageFormat, TrackId, TrackKind, Treatment};

use super::{
    Viewing,
    found::{Found, content_type, planned},
};
use crate::{
    Body, Error, Host, MediaBody, Request, Response, conditional,
    host::ByteStream,
    response::{IMMUTABLE, NO_STORE},
};

pub(super) async fn init<H: Host>(
    viewing: &Viewing<'_, H>,
    delivery: Delivery,
    track: &TrackId,
) -> Result<Response<H::Body>, Error> {
    let mut found = Found::of(viewing, delivery, track).await?;
    let content_type = content_type(&found.record).ok_or(Error::UnknownSegment)?;
    if let Some(text) = viewing.context.request.parameter("period") {
        let period = text.parse().map_err(|_| Error::BadRequest("period is not a number"))?;
        // As many as there are: another one names nothing.
        found.treatment = found.record.init_treatment(delivery, period).map_err(|_| Error::UnknownSegment)?;
    }
    found.provide().await?;
    let etag = found.etag("init.mp4");
    if conditional::not_modified(found.request(), &etag) {
        return Ok(found.lasting(not_modified(&etag)));
    }
    let body = found.init().await?.bytes;
    Ok(found.lasting(whole(found.request(), content_type, &etag, body)?))
}

pub(super) async fn segment<H: Host>(
    viewing: &Viewing<'_, H>,
    delivery: Delivery,
    track: &TrackId,
    number: u32,
) -> Result<Response<H::Body>, Error> {
    let mut found = Found::of_segment(viewing, delivery, track, number).await?;
    let content_type = content_type(&found.record).ok_or(Error::UnknownSegment)?;
    if found.record.kind == TrackKind::Text {
        return pass(found, true, number, &format!("{number}.m4s"), content_type).await;
    }
    let segment = found.record.timeline.segment(number).ok_or(Error::UnknownSegment)?;
    found.treatment = found.segment_treatment(number)?;
    let object = format!("{number}.m4s");
    let etag = found.etag(&object);
    if conditional::not_modified(found.request(), &etag) {
        return Ok(not_modified(&etag));
    }
    let plan = found.plan(&segment).await?;
    let total = planned(found.treatment, &plan);
    let range = conditional::range(found.request(), &etag, total)?;
    let response = head(content_type, &etag, Some(total), range);
    if found.request().is_head() {
        return Ok(response);
    }
    let body = found.segment_body(&segment, plan).await?;
    let response = stream(response, body.relying_on(found.relies_on), range).await?;
    viewing.log_segment(delivery, &found.record, &segment, (range.map_or(total, |slice| slice.length), total));
    Ok(response)
}

pub(super) async fn text<H: Host>(
    viewing: &Viewing<'_, H>,
    delivery: Delivery,
    track: &TrackId,
    number: u32,
) -> Result<Response<H::Body>, Error> {
    let found = Found::of(viewing, delivery, track).await?;
    let known = found.record.kind == TrackKind::Text;
    pass(found, known, number, &format!("{number}.vtt"), "text/vtt; charset=utf-8").await
}

pub(super) async fn image<H: Host>(
    viewing: &Viewing<'_, H>,
    delivery: Delivery,
    track: &TrackId,
    number: u32,
    format: ImageFormat,
) -> Result<Response<H::Body>, Error> {
    let found = Found::of(viewing, delivery, track).await?;
    let known = found.record.kind == TrackKind::Thumbnail && found.record.image == Some(format);
    pass(found, known, number, &format!("{number}.{}", format.extension()), format.media_type()).await
}

/// An object of a track that is in the clear in every delivery: text, thumbnails. There is no plan of such: nothing is added to it.
async fn pass<H: Host>(
    mut found: Found<'_, H>,
    known: bool,
    number: u32,
    object: &str,
    content_type: &'static str,
) -> Result<Response<H::Body>, Error> {
    let Treatment::Clear(reason) = found.treatment else { return Err(Error::UnknownSegment) };
    if !known || found.record.timeline.segment(number).is_none() {
        return Err(Error::UnknownSegment);
    }
    let etag = found.etag(object);
    if conditional::not_modified(found.request(), &etag) {
        return Ok(not_modified(&etag));
    }
    let body = MediaBody::pass(found.fetch(object, None).await?, reason);
    let range = match body.total() {
        Some(total) => conditional::range(found.request(), &etag, total)?,
        None => None,
    };
    stream(head(content_type, &etag, body.total(), range), body, range).await
}

/// A body that is all there, or the range of it that is asked for.
pub(super) fn whole<B>(
    request: &Request,
    content_type: &'static str,
    etag: &str,
    body: Vec<u8>,
) -> Result<Response<B>, Error> {
    let total = body.len() as u64;
    let range = conditional::range(request, etag, total)?;
    let slice = range.map_or(0..body.len(), |slice| slice.first as usize..(slice.first + slice.length) as usize);
    let mut response = head(content_type, etag, Some(total), range);
    response.body = Body::Full(body.get(slice).unwrap_or_default().to_vec());
    Ok(response)
}

/// A response whose body begins to come.
async fn stream<B: ByteStream>(
    mut response: Response<B>,
    mut body: MediaBody<B>,
    range: Option<conditional::Slice>,
) -> Result<Response<B>, Error> {
    if let Some(slice) = range {
        body.restrict(slice);
    }
    body.prime().await?;
    response.body = Body::Media(Box::new(body));
    Ok(response)
}

pub(super) fn not_modified<B>(etag: &str) -> Response<B> {
    let mut response = Response::empty(StatusCode::NOT_MODIFIED).cached(IMMUTABLE);
    response.set(header::ETAG, etag);
    response
}

/// Everything of a media response but its body.
pub(super) fn head<B>(
    content_type: &'static str,
    etag: &str,
    total: Option<u64>,
    range: Option<conditional::Slice>,
) -> Response<B> {
    // Chromium's cache in memory, which private windows have, cuts a range short at a multiple of 4096 bytes where it holds the first of them.
    let (status, cached) = match range {
        Some(_) => (StatusCode::PARTIAL_CONTENT, NO_STORE),
        None => (StatusCode::OK, IMMUTABLE),
    };
    let mut response = Response::empty(status).cached(cached);
    response.set(header::CONTENT_TYPE, content_type);
    response.set(header::ETAG, etag);
    response.set(header::ACCEPT_RANGES, "bytes");
    if let (Some(slice), Some(total)) = (range, total) {
        let last = slice.first + slice.length - 1;
        response.set(header::CONTENT_RANGE, format!("bytes {}-{last}/{total}", slice.first));
    }
    if let Some(length) = range.map(|slice| slice.length).or(total) {
        response.set(header::CONTENT_LENGTH, length.to_string());
    }
    response
}
