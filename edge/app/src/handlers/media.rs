//! Init segments, media segments and text: the record says what becomes of them, the plan how long they get.

use http::{StatusCode, header};
use sluice_gate::Deny;
use sluice_packager::{
    cenc::{self, FragmentProtector, InitProtection, IvSource, TrackConfig},
    title::{Delivery, TitleId, TrackId, TrackKind, TrackRecord, Treatment, Version},
};

use super::Context;
use crate::{
    Body, Error, Host, MediaBody, Response,
    authenticate::Credential,
    conditional,
    etag::{Subject, etag},
    host::Fetched,
    origin::Origin,
    response::IMMUTABLE,
};

/// A media object found, and allowed to this viewer.
struct Found {
    version: Version,
    record: TrackRecord,
    treatment: Treatment,
}

pub(super) async fn init<H: Host>(
    context: &Context<'_, H>,
    origin: &Origin<'_, H>,
    credential: &Credential,
    title: &TitleId,
    delivery: Delivery,
    track: &TrackId,
) -> Result<Response<H::Body>, Error> {
    let found = find(context, origin, credential, title, delivery, track).await?;
    let content_type = content_type(found.record.kind).ok_or(Error::UnknownSegment)?;
    let etag = found.etag(context, title, delivery, "init.mp4");
    if conditional::not_modified(context.request, &etag) {
        return Ok(not_modified(&etag));
    }
    let clear = origin.init(title, &found.version, track).await?;
    let body = match found.treatment {
        Treatment::Protect { scheme, kid } => cenc::protect_init(&clear, &InitProtection::derived(scheme, kid))
            .map_err(|error| Error::Origin(error.to_string()))?,
        Treatment::Clear(_) => clear,
    };
    let total = body.len() as u64;
    let range = conditional::range(context.request, &etag, total)?;
    let slice = range.map_or(0..body.len(), |slice| slice.first as usize..(slice.first + slice.length) as usize);
    let mut response = head(content_type, &etag, Some(total), range);
    response.body = Body::Full(body.get(slice).unwrap_or_default().to_vec());
    Ok(response)
}

pub(super) async fn segment<H: Host>(
    context: &Context<'_, H>,
    origin: &Origin<'_, H>,
    credential: &Credential,
    title: &TitleId,
    delivery: Delivery,
    track: &TrackId,
    number: u32,
) -> Result<Response<H::Body>, Error> {
    let found = find(context, origin, credential, title, delivery, track).await?;
    let content_type = content_type(found.record.kind).ok_or(Error::UnknownSegment)?;
    let segment = found.record.timeline.segment(number).ok_or(Error::UnknownSegment)?;
    let object = format!("{number}.m4s");
    let etag = found.etag(context, title, delivery, &object);
    if conditional::not_modified(context.request, &etag) {
        return Ok(not_modified(&etag));
    }
    let plan = origin.plan(title, &found.version, track, segment.first_entry, segment.entries).await?;
    let sum = |size: fn(&sluice_packager::title::plan::Entry) -> u32| {
        plan.iter().map(|entry| u64::from(size(entry))).sum::<u64>()
    };
    let total = match found.treatment {
        Treatment::Protect { scheme: sluice_packager::title::Scheme::Cenc, .. } => sum(|entry| entry.cenc),
        Treatment::Protect { scheme: sluice_packager::title::Scheme::Cbcs, .. } => sum(|entry| entry.cbcs),
        Treatment::Clear(_) => sum(|entry| entry.clear),
    };
    let range = conditional::range(context.request, &etag, total)?;
    let mut response = head(content_type, &etag, Some(total), range);
    if context.request.is_head() {
        return Ok(response);
    }
    let clear_total = sum(|entry| entry.clear);
    let mut body = match found.treatment {
        Treatment::Protect { scheme, kid } => {
            // The key first: without it not a byte of the media is asked for.
            let key = origin.content_key(title, &found.version, delivery, kid).await?;
            let config = track_config(&found.record)?;
            let ivs = IvSource::derived(scheme, kid, found.record.number);
            let protector = FragmentProtector::new(config, ivs, &key, plan, Some(segment.time));
            let fetched = fetch(origin, title, &found, track, &object, clear_total).await?;
            MediaBody::protect(fetched, protector, total)
        }
        Treatment::Clear(reason) => {
            MediaBody::pass(fetch(origin, title, &found, track, &object, clear_total).await?, reason)
        }
    };
    if let Some(slice) = range {
        body.restrict(slice);
    }
    body.prime().await?;
    response.body = Body::Media(Box::new(body));
    Ok(response)
}

pub(super) async fn text<H: Host>(
    context: &Context<'_, H>,
    origin: &Origin<'_, H>,
    credential: &Credential,
    title: &TitleId,
    delivery: Delivery,
    track: &TrackId,
    number: u32,
) -> Result<Response<H::Body>, Error> {
    let found = find(context, origin, credential, title, delivery, track).await?;
    let (TrackKind::Text, Treatment::Clear(reason)) = (found.record.kind, found.treatment) else {
        return Err(Error::UnknownSegment);
    };
    found.record.timeline.segment(number).ok_or(Error::UnknownSegment)?;
    let object = format!("{number}.vtt");
    let etag = found.etag(context, title, delivery, &object);
    if conditional::not_modified(context.request, &etag) {
        return Ok(not_modified(&etag));
    }
    let missing = || Error::Origin("a text segment of the timeline is missing".to_owned());
    let fetched = origin.media(title, &found.version, track, &object).await?.ok_or_else(missing)?;
    let mut body = MediaBody::pass(fetched, reason);
    let range = match body.total() {
        Some(total) => conditional::range(context.request, &etag, total)?,
        None => None,
    };
    let mut response = head("text/vtt; charset=utf-8", &etag, body.total(), range);
    if let Some(slice) = range {
        body.restrict(slice);
    }
    body.prime().await?;
    response.body = Body::Media(Box::new(body));
    Ok(response)
}

/// The record of the track, and whether this viewer may have it in this delivery.
async fn find<H: Host>(
    context: &Context<'_, H>,
    origin: &Origin<'_, H>,
    credential: &Credential,
    title: &TitleId,
    delivery: Delivery,
    track: &TrackId,
) -> Result<Found, Error> {
    if !credential.may(delivery) {
        return Err(Deny::NotEntitled.into());
    }
    let version =
        context.request.parameter("v").and_then(|text| Version::parse(text).ok()).ok_or(Error::UnknownVersion)?;
    let Some(record) = origin.record(title, &version, track).await? else {
        // Only here, where something is wrong anyway, does it cost another request to say what.
        let current = origin.title(title).await?.media.version;
        return Err(if current == version { Error::UnknownTrack } else { Error::UnknownVersion });
    };
    if credential.max_height().is_some_and(|cap| record.height.is_some_and(|height| height > cap)) {
        return Err(Deny::NotEntitled.into());
    }
    let treatment = record.treatment(delivery).map_err(|error| match error {
        sluice_packager::title::RecordError::NotOffered => Error::UnknownTrack,
        sluice_packager::title::RecordError::Format(_) => Error::Origin(error.to_string()),
    })?;
    Ok(Found { version, record, treatment })
}

async fn fetch<H: Host>(
    origin: &Origin<'_, H>,
    title: &TitleId,
    found: &Found,
    track: &TrackId,
    object: &str,
    clear_total: u64,
) -> Result<Fetched<H::Body>, Error> {
    let missing = || Error::Origin("a segment of the timeline is missing".to_owned());
    let fetched = origin.media(title, &found.version, track, object).await?.ok_or_else(missing)?;
    match fetched.length {
        Some(length) if length != clear_total => Err(Error::Origin("the segment's size is not the plan's".to_owned())),
        _ => Ok(fetched),
    }
}

fn track_config(record: &TrackRecord) -> Result<TrackConfig, Error> {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let bad = |what: String| Error::Origin(format!("record: sample_entry: {what}"));
    let bytes = STANDARD.decode(&record.sample_entry).map_err(|error| bad(error.to_string()))?;
    TrackConfig::from_sample_entry(&bytes).map_err(|error| bad(error.to_string()))
}

impl Found {
    fn etag<H: Host>(&self, context: &Context<'_, H>, title: &TitleId, delivery: Delivery, object: &str) -> String {
        let Self { version, record, treatment } = self;
        etag(&context.roots, &Subject { title, version, track: &record.track, object, delivery, treatment: *treatment })
    }
}

fn content_type(kind: TrackKind) -> Option<&'static str> {
    match kind {
        TrackKind::Video => Some("video/mp4"),
        TrackKind::Audio => Some("audio/mp4"),
        TrackKind::Text => None,
    }
}

fn not_modified<B>(etag: &str) -> Response<B> {
    let mut response = Response::empty(StatusCode::NOT_MODIFIED).cached(IMMUTABLE);
    response.set(header::ETAG, etag);
    response
}

/// Everything of a media response but its body.
fn head<B>(
    content_type: &'static str,
    etag: &str,
    total: Option<u64>,
    range: Option<conditional::Slice>,
) -> Response<B> {
    let status = if range.is_some() { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK };
    let mut response = Response::empty(status).cached(IMMUTABLE);
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
