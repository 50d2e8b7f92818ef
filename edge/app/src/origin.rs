//! What the app asks of the origin: documents of bounded size, and media as a stream.

use sluice_document::members;
use sluice_gate::rights::Rights;
use sluice_packager::{
    drm::Provided,
    keys::{ContentKey, Kid},
    title::{Delivery, Descriptor, TitleId, TrackId, TrackRecord, Version, plan},
};
use zeroize::Zeroizing;

use crate::{
    Error, Host,
    config::OriginConfig,
    documents::{self, PlanAndKeys, unusable_plan},
    host::{ByteStream, Fetch, FetchError, Fetched, Keep, Timeouts},
    secrets,
};

/// The largest descriptor, bytes: every manifest request parses it.
const MAX_DESCRIPTOR: usize = 1 << 20;
/// The largest record, key document or plan of a segment, bytes.
const MAX_DOCUMENT: usize = 256 << 10;
/// The largest plan, bytes: a day of fragments of half a second, and some.
const MAX_PLAN: usize = 5 << 20;
/// The largest init segment, bytes.
const MAX_INIT: usize = 1 << 20;
/// How long a descriptor may be kept at the edge, seconds: the delay of a take-down.
const DESCRIPTOR_SECONDS: u64 = 5;
/// The same for what a version names, which never changes.
const VERSIONED_SECONDS: u64 = 86_400;
/// The same for wrapped keys, and for what their provider says of them.
const KEYS_SECONDS: u64 = 300;

/// The origin, for the length of one request.
pub(crate) struct Origin<'a, H> {
    host: &'a H,
    config: &'a OriginConfig,
    secret: Zeroizing<String>,
}

/// `descriptor.json`: the packager's half, and the gate's.
pub(crate) struct Title {
    pub(crate) media: Descriptor,
    pub(crate) rights: Rights,
}

/// What was read of a document, and the body that it was read from, to be rejected if it turns out wrong.
pub(crate) struct Document<T, B> {
    pub(crate) value: T,
    pub(crate) body: B,
}

/// What a segment needs, in one answer.
pub(crate) struct SegmentDocuments<B> {
    pub(crate) record: Document<TrackRecord, B>,
    pub(crate) others: PlanAndKeys,
}

struct RightsOf {
    rights: Rights,
}

members!(RightsOf { rights });

impl Title {
    fn parse(bytes: &[u8]) -> Result<Self, String> {
        let media: Descriptor = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if media.v != 1 {
            return Err(format!("format {} where this build reads format 1", media.v));
        }
        let RightsOf { rights } = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        Ok(Self { media, rights })
    }
}

/// Judges a descriptor as the edge does, rights and all, whatever its title: the first error, and where it stands.
///
/// # Errors
/// What is wrong, and where; as the edge would log it.
pub fn check_descriptor(bytes: &[u8]) -> Result<(), String> {
    Title::parse(bytes).map(|_| ())
}

impl<'a, H: Host> Origin<'a, H> {
    pub(crate) async fn new(host: &'a H, config: &'a OriginConfig) -> Result<Self, Error> {
        Ok(Self { host, config, secret: secrets::required(host, "origin_secret").await? })
    }

    /// The title's descriptor.
    pub(crate) async fn title(&self, title: &TitleId) -> Result<Title, Error> {
        let keep = Keep { seconds: DESCRIPTOR_SECONDS, surrogate_keys: vec![format!("title/{title}")] };
        let fetched = self.fetch(format!("/titles/{title}/descriptor.json"), None, keep).await?;
        let read = document(fetched, MAX_DESCRIPTOR, |bytes| {
            let described = Title::parse(bytes).map_err(|error| Error::Origin(format!("descriptor: {error}")))?;
            if described.media.title == *title {
                Ok(described)
            } else {
                Err(Error::Origin("the descriptor is of another title".to_owned()))
            }
        });
        Ok(read.await?.ok_or(sluice_gate::Deny::UnknownTitle)?.value)
    }

    /// A track's record, or `None` where that version has no such track.
    pub(crate) async fn record(
        &self,
        title: &TitleId,
        version: &Version,
        track: &TrackId,
    ) -> Result<Option<Document<TrackRecord, H::Body>>, Error> {
        let fetched = self.versioned(title, version, &format!("{track}/record.json"), None).await?;
        document(fetched, MAX_DOCUMENT, |bytes| documents::record(bytes, version, track)).await
    }

    /// A segment's record, plan and keys in one answer; `None` where that version has no such track.
    pub(crate) async fn segment_documents(
        &self,
        title: &TitleId,
        version: &Version,
        track: &TrackId,
        delivery: Delivery,
        number: u32,
    ) -> Result<Option<SegmentDocuments<H::Body>>, Error> {
        let keep = self.keep(title, version, KEYS_SECONDS);
        let path = format!("/titles/{title}/{version}/{track}/segments/{number}/{}", delivery.as_str());
        let fetched = self.fetch(path, None, keep).await?;
        let read = document(fetched, 3 * MAX_DOCUMENT, |bytes| {
            let [record, plan, keys] = documents::parts(bytes)
                .ok_or_else(|| Error::Origin("the segment's documents are not three".to_owned()))?;
            let record = documents::record(record, version, track)?;
            Ok((record, PlanAndKeys { plan: plan.to_vec(), keys: keys.to_vec() }))
        });
        Ok(read.await?.map(|Document { value: (value, others), body }| SegmentDocuments {
            record: Document { value, body },
            others,
        }))
    }

    /// The entries of a segment's plan.
    pub(crate) async fn plan(
        &self,
        title: &TitleId,
        version: &Version,
        track: &TrackId,
        first: u64,
        count: u32,
    ) -> Result<Document<Vec<plan::Entry>, H::Body>, Error> {
        let (start, length) = plan::range(first, count);
        if length > MAX_DOCUMENT as u64 {
            return Err(unusable_plan("of the segment is too long"));
        }
        let range = Some((start, start + length - 1));
        let mut fetched = self.versioned(title, version, &format!("{track}/plan.bin"), range).await?;
        if fetched.status == 200 {
            fetched.body.reject();
            return Err(unusable_plan("came whole where a range was asked for"));
        }
        let read = document(fetched, MAX_DOCUMENT, |bytes| documents::plan_entries(bytes, count)).await?;
        read.ok_or_else(|| unusable_plan("is missing"))
    }

    /// A track's whole plan.
    pub(crate) async fn whole_plan(
        &self,
        title: &TitleId,
        version: &Version,
        track: &TrackId,
    ) -> Result<Document<Vec<plan::Entry>, H::Body>, Error> {
        let fetched = self.versioned(title, version, &format!("{track}/plan.bin"), None).await?;
        let read =
            document(fetched, MAX_PLAN, |bytes| plan::read(bytes).map_err(|error| unusable_plan(&error.to_string())));
        read.await?.ok_or_else(|| unusable_plan("is missing"))
    }

    /// A track's clear init segment, as `read` makes it.
    pub(crate) async fn init<T>(
        &self,
        title: &TitleId,
        version: &Version,
        track: &TrackId,
        read: impl FnOnce(&[u8]) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let fetched = self.versioned(title, version, &format!("{track}/init.mp4"), None).await?;
        let read = document(fetched, MAX_INIT, read).await?;
        Ok(read.ok_or_else(|| Error::Origin("the init segment is missing".to_owned()))?.value)
    }

    /// A segment or text file as a stream; `None` where it is missing.
    pub(crate) async fn media(
        &self,
        title: &TitleId,
        version: &Version,
        track: &TrackId,
        object: &str,
    ) -> Result<Option<Fetched<H::Body>>, Error> {
        let fetched = self.versioned(title, version, &format!("{track}/{object}"), None).await?;
        match fetched.status {
            200 => Ok(Some(fetched)),
            404 => Ok(None),
            status => Err(unexpected(status)),
        }
    }

    /// The first `length` bytes of a segment, or all of it where the answer knows no ranges; `None` where it is missing.
    pub(crate) async fn media_part(
        &self,
        title: &TitleId,
        version: &Version,
        track: &TrackId,
        object: &str,
        length: u64,
    ) -> Result<Option<Fetched<H::Body>>, Error> {
        let last = length.checked_sub(1).ok_or_else(|| Error::Origin("an I-frame of no bytes".to_owned()))?;
        let fetched = self.versioned(title, version, &format!("{track}/{object}"), Some((0, last))).await?;
        match fetched.status {
            200 | 206 => Ok(Some(fetched)),
            404 | 416 => Ok(None),
            status => Err(unexpected(status)),
        }
    }

    /// The content key of `kid`, unwrapped.
    pub(crate) async fn content_key(
        &self,
        title: &TitleId,
        version: &Version,
        delivery: Delivery,
        kid: Kid,
    ) -> Result<ContentKey, Error> {
        let keep = self.keep(title, version, KEYS_SECONDS);
        let fetched = self.fetch(format!("/titles/{title}/{version}/keys/{}", delivery.as_str()), None, keep).await?;
        if fetched.status == 503 {
            return Err(Error::KeyUnavailable("the origin has no key"));
        }
        let keks = secrets::key_encryption_keys(self.host).await?;
        let read = document(fetched, MAX_DOCUMENT, |bytes| documents::content_key(bytes, &keks, title, delivery, kid));
        Ok(read.await?.ok_or(Error::KeyUnavailable("the origin knows no keys for the version"))?.value)
    }

    /// What the title's key provider says to key systems of its keys in a delivery.
    pub(crate) async fn signalling(
        &self,
        title: &TitleId,
        version: &Version,
        delivery: Delivery,
    ) -> Result<Provided, Error> {
        let path = format!("/titles/{title}/{version}/signalling/{}", delivery.as_str());
        let fetched = self.fetch(path, None, self.keep(title, version, KEYS_SECONDS)).await?;
        if fetched.status == 503 {
            return Err(Error::KeyUnavailable("the origin has no signalling of the key provider"));
        }
        let read = document(fetched, MAX_DOCUMENT, |bytes| {
            Provided::read(bytes).map_err(|error| Error::Origin(format!("signalling: {error}")))
        });
        Ok(read.await?.ok_or(Error::KeyUnavailable("the origin knows no signalling for the version"))?.value)
    }

    /// A content key out of a segment's documents.
    pub(crate) async fn content_key_of(
        &self,
        segment: &PlanAndKeys,
        title: &TitleId,
        delivery: Delivery,
        kid: Kid,
    ) -> Result<ContentKey, Error> {
        if segment.keys.is_empty() {
            return Err(Error::KeyUnavailable("the origin has no key"));
        }
        let keks = secrets::key_encryption_keys(self.host).await?;
        documents::content_key(&segment.keys, &keks, title, delivery, kid)
    }

    /// An issuer's key set, at most `limit` bytes. `refresh`: newer than the origin's copy of it, if the origin has not just asked.
    pub(crate) async fn key_set<T>(
        &self,
        name: &str,
        refresh: bool,
        seconds: u64,
        limit: usize,
        read: impl FnOnce(&[u8]) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let query = if refresh { "?refresh" } else { "" };
        let keep = Keep { seconds, surrogate_keys: vec![format!("jwks/{name}")] };
        let fetched = self.fetch(format!("/jwks/{name}{query}"), None, keep).await?;
        let read = document(fetched, limit, read).await?;
        Ok(read
            .ok_or_else(|| {
                Error::Origin(format!("it knows no key set {name:?}: add [jwks.{name}] to its configuration"))
            })?
            .value)
    }

    async fn versioned(
        &self,
        title: &TitleId,
        version: &Version,
        object: &str,
        range: Option<(u64, u64)>,
    ) -> Result<Fetched<H::Body>, Error> {
        let keep = self.keep(title, version, VERSIONED_SECONDS);
        self.fetch(format!("/titles/{title}/{version}/{object}"), range, keep).await
    }

    fn keep(&self, title: &TitleId, version: &Version, seconds: u64) -> Keep {
        Keep { seconds, surrogate_keys: vec![format!("title/{title}"), format!("version/{title}/{version}")] }
    }

    async fn fetch(&self, path: String, range: Option<(u64, u64)>, keep: Keep) -> Result<Fetched<H::Body>, Error> {
        let OriginConfig { url, backend, connect_ms, first_byte_ms, between_bytes_ms } = self.config;
        let fetch = Fetch {
            backend: backend.clone(),
            url: format!("{url}{path}"),
            secret: Some(self.secret.clone()),
            post: None,
            range,
            keep: Some(keep),
            timeouts: Timeouts { connect: *connect_ms, first_byte: *first_byte_ms, between_bytes: *between_bytes_ms },
        };
        Ok(self.host.fetch(&fetch).await?)
    }
}

/// A document of at most `limit` bytes; `None` where there is none. One that `read` cannot use is not kept for the next who asks.
pub(crate) async fn document<T, B: ByteStream>(
    mut fetched: Fetched<B>,
    limit: usize,
    read: impl FnOnce(&[u8]) -> Result<T, Error>,
) -> Result<Option<Document<T, B>>, Error> {
    match fetched.status {
        200 | 206 => {}
        404 => return Ok(None),
        status => return Err(unexpected(status)),
    }
    match whole(&mut fetched, limit).await.map_err(Error::from).and_then(|bytes| read(&bytes)) {
        Ok(value) => Ok(Some(Document { value, body: fetched.body })),
        Err(error) => {
            fetched.body.reject();
            Err(error)
        }
    }
}

/// The body of at most `limit` bytes.
pub(crate) async fn whole<B: ByteStream>(fetched: &mut Fetched<B>, limit: usize) -> Result<Vec<u8>, Unread> {
    let mut bytes = Vec::new();
    while let Some(chunk) = fetched.body.next().await.map_err(Unread::Fetch)? {
        if bytes.len() + chunk.len() > limit {
            return Err(Unread::TooLarge(limit));
        }
        bytes.extend_from_slice(&chunk);
    }
    match fetched.length {
        Some(length) if length != bytes.len() as u64 => Err(Unread::Fetch(FetchError::Cut)),
        _ => Ok(bytes),
    }
}

/// Why a body is not read.
pub(crate) enum Unread {
    Fetch(FetchError),
    /// It has more bytes than that.
    TooLarge(usize),
}

impl From<Unread> for Error {
    fn from(unread: Unread) -> Self {
        match unread {
            Unread::Fetch(error) => error.into(),
            Unread::TooLarge(limit) => Self::Origin(format!("a document is larger than {limit} bytes")),
        }
    }
}

fn unexpected(status: u16) -> Error {
    match status {
        504 => Error::OriginTimeout,
        _ => Error::Origin(format!("status {status}")),
    }
}
