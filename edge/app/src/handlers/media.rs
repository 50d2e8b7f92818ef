//! Init segments, media segments, text and thumbnails: the record says what becomes of them, the plan how long they get.

use http::{StatusCode, header};
use sluice_gate::Deny;
use sluice_packager::{
    cenc::{self, FragmentProtector, InitProtection, IvSource, TrackConfig},
    cipher::SegmentEncryptor,
    title::{Delivery, ImageFormat, RecordError, Scheme, TrackId, TrackKind, TrackRecord, Treatment, Version, plan},
};

use super::Viewing;
use crate::{
    Body, Error, Host, MediaBody, Response, conditional,
    etag::{Subject, etag},
    host::{ByteStream, Fetched},
    origin::Document,
    response::IMMUTABLE,
};

pub(super) async fn init<H: Host>(
    viewing: &Viewing<'_, H>,
    delivery: Delivery,
    track: &TrackId,
) -> Result<Response<H::Body>, Error> {
    let found = Found::of(viewing, delivery, track).await?;
    let content_type = content_type(found.record.kind).ok_or(Error::UnknownSegment)?;
    let etag = found.etag("init.mp4");
    if conditional::not_modified(found.request(), &etag) {
        return Ok(not_modified(&etag));
    }
    let treat = |clear: &[u8]| match found.treatment {
        Treatment::Protect { scheme, kid } => cenc::protect_init(clear, &InitProtection::derived(scheme, kid))
            .map_err(|error| Error::Origin(error.to_string())),
        // What says how samples are coded is no sample: HLS leaves it clear under AES-128.
        Treatment::EncryptSegments { .. } | Treatment::Clear(_) => Ok(clear.to_vec()),
    };
    let body = viewing.origin.init(viewing.title, &found.version, track, treat).await?;
    let total = body.len() as u64;
    let range = conditional::range(found.request(), &etag, total)?;
    let slice = range.map_or(0..body.len(), |slice| slice.first as usize..(slice.first + slice.length) as usize);
    let mut response = head(content_type, &etag, Some(total), range);
    response.body = Body::Full(body.get(slice).unwrap_or_default().to_vec());
    Ok(response)
}

pub(super) async fn segment<H: Host>(
    viewing: &Viewing<'_, H>,
    delivery: Delivery,
    track: &TrackId,
    number: u32,
) -> Result<Response<H::Body>, Error> {
    let mut found = Found::of(viewing, delivery, track).await?;
    let content_type = content_type(found.record.kind).ok_or(Error::UnknownSegment)?;
    let segment = found.record.timeline.segment(number).ok_or(Error::UnknownSegment)?;
    let object = format!("{number}.m4s");
    let etag = found.etag(&object);
    if conditional::not_modified(found.request(), &etag) {
        return Ok(not_modified(&etag));
    }
    let Viewing { origin, title, .. } = viewing;
    let Document { value: plan, body } =
        origin.plan(title, &found.version, track, segment.first_entry, segment.entries).await?;
    found.relies_on.push(body);
    let sum = |size: fn(&plan::Entry) -> u32| plan.iter().map(|entry| u64::from(size(entry))).sum::<u64>();
    let clear_total = sum(|entry| entry.clear);
    let total = match found.treatment {
        Treatment::Protect { scheme: Scheme::Cenc, .. } => sum(|entry| entry.cenc),
        Treatment::Protect { scheme: Scheme::Cbcs, .. } => sum(|entry| entry.cbcs),
        Treatment::EncryptSegments { .. } => SegmentEncryptor::encrypted_len(clear_total),
        Treatment::Clear(_) => clear_total,
    };
    let range = conditional::range(found.request(), &etag, total)?;
    let response = head(content_type, &etag, Some(total), range);
    if found.request().is_head() {
        return Ok(response);
    }
    let body = match found.treatment {
        Treatment::Protect { scheme, kid } => {
            // The key first: without it not a byte of the media is asked for.
            let key = origin.content_key(title, &found.version, delivery, kid).await?;
            let config = track_config(&found.record).map_err(|error| found.reject(error))?;
            let ivs = IvSource::derived(scheme, kid, found.record.number);
            let protector = FragmentProtector::new(config, ivs, &key, plan, Some(segment.time));
            MediaBody::protect(found.fetch(&object, Some(clear_total)).await?, protector, total)
        }
        Treatment::EncryptSegments { kid } => {
            let key = origin.content_key(title, &found.version, delivery, kid).await?;
            let encryptor = SegmentEncryptor::new(&key, number);
            MediaBody::encrypt(found.fetch(&object, Some(clear_total)).await?, encryptor, total)
        }
        Treatment::Clear(reason) => MediaBody::pass(found.fetch(&object, Some(clear_total)).await?, reason),
    };
    stream(response, body.relying_on(found.relies_on), range).await
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

/// An object of a track that is in the clear in every delivery: text, thumbnails.
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

/// A media object's track found, and allowed to this viewer.
pub(super) struct Found<'a, H: Host> {
    viewing: &'a Viewing<'a, H>,
    delivery: Delivery,
    pub(super) version: Version,
    pub(super) record: TrackRecord,
    pub(super) treatment: Treatment,
    /// Where the record, and the plan once it is read, came from.
    pub(super) relies_on: Vec<H::Body>,
}

impl<'a, H: Host> Found<'a, H> {
    /// The record of the track, and whether this viewer may have it in this delivery.
    pub(super) async fn of(viewing: &'a Viewing<'a, H>, delivery: Delivery, track: &TrackId) -> Result<Self, Error> {
        let Viewing { context, origin, credential, title } = viewing;
        if !credential.may(delivery) {
            return Err(Deny::NotEntitled.into());
        }
        let version =
            context.request.parameter("v").and_then(|text| Version::parse(text).ok()).ok_or(Error::UnknownVersion)?;
        let Some(Document { value: record, mut body }) = origin.record(title, &version, track).await? else {
            // Only here, where something is wrong anyway, does it cost another request to say what.
            let current = origin.title(title).await?.media.version;
            return Err(if current == version { Error::UnknownTrack } else { Error::UnknownVersion });
        };
        if !record.kind.within(record.height, credential.max_height()) {
            return Err(Deny::NotEntitled.into());
        }
        let treatment = record.treatment(delivery).map_err(|error| {
            // The credential may have this delivery, so a record without it may be as wrong as one that cannot be read.
            body.reject();
            match error {
                RecordError::NotOffered => Error::UnknownTrack,
                RecordError::Format(_) => Error::Origin(error.to_string()),
            }
        })?;
        Ok(Self { viewing, delivery, version, record, treatment, relies_on: vec![body] })
    }

    pub(super) fn request(&self) -> &crate::Request {
        self.viewing.context.request
    }

    pub(super) fn etag(&self, object: &str) -> String {
        let Self { viewing, delivery, version, record, treatment, .. } = self;
        let (title, track) = (viewing.title, &record.track);
        let subject = Subject { title, version, track, object, delivery: *delivery, treatment: *treatment };
        etag(&viewing.context.roots, &subject)
    }

    /// The clear object, of the size that the plan says, where there is a plan.
    async fn fetch(&mut self, object: &str, planned: Option<u64>) -> Result<Fetched<H::Body>, Error> {
        let Viewing { origin, title, .. } = self.viewing;
        let missing = || Error::Origin(format!("{object}: a segment of the timeline is missing"));
        let mut fetched = origin.media(title, &self.version, &self.record.track, object).await?.ok_or_else(missing)?;
        match (fetched.length, planned) {
            (Some(length), Some(planned)) if length != planned => {
                fetched.body.reject();
                Err(self.reject(Error::Origin(format!("{object}: the segment's size is not the plan's"))))
            }
            _ => Ok(fetched),
        }
    }

    /// The first `length` bytes of the clear object, or all of it where the origin knows no ranges.
    pub(super) async fn fetch_part(&mut self, object: &str, length: u64) -> Result<Fetched<H::Body>, Error> {
        let Viewing { origin, title, .. } = self.viewing;
        let missing = || Error::Origin(format!("{object}: a segment of the timeline is missing"));
        let part = origin.media_part(title, &self.version, &self.record.track, object, length).await?;
        let mut fetched = part.ok_or_else(missing)?;
        if fetched.status == 206 && fetched.length.is_some_and(|found| found != length) {
            fetched.body.reject();
            return Err(
                self.reject(Error::Origin(format!("{object}: the segment ends before the plan's last I-frame")))
            );
        }
        Ok(fetched)
    }

    /// What this relied on does not fit: none of it is kept.
    pub(super) fn reject(&mut self, error: Error) -> Error {
        self.relies_on.iter_mut().for_each(ByteStream::reject);
        error
    }
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

pub(super) fn track_config(record: &TrackRecord) -> Result<TrackConfig, Error> {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let bad = |what: String| Error::Origin(format!("record: sample_entry: {what}"));
    let bytes = STANDARD.decode(&record.sample_entry).map_err(|error| bad(error.to_string()))?;
    TrackConfig::from_sample_entry(&bytes).map_err(|error| bad(error.to_string()))
}

pub(super) fn content_type(kind: TrackKind) -> Option<&'static str> {
    match kind {
        TrackKind::Video => Some("video/mp4"),
        TrackKind::Audio => Some("audio/mp4"),
        TrackKind::Text | TrackKind::Thumbnail => None,
    }
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
