//! A media object's track: its record, what becomes of it in a delivery, and its media as they leave.

use http::StatusCode;
use sluice_gate::Deny;
use sluice_packager::{
    bmff::moov::Init,
    cenc::{self, FragmentProtector, InitProtection, IvSource, Signalling, TrackConfig},
    cipher::SegmentEncryptor,
    drm::{self, RoomError, Signalling as KeySignalling},
    keys::{ContentKey, Kid},
    title::{
        Delivery, PsshPlaces, RecordError, Scheme, Segment, TrackId, TrackKind, TrackRecord, Treatment, Version, plan,
    },
};

use super::{Viewing, manifest};
use crate::{
    Error, Host, MediaBody, Response,
    documents::{self, PlanAndKeys},
    etag::{Subject, etag},
    host::{ByteStream, Fetched},
    origin::{Document, SegmentDocuments},
    response::REVALIDATED,
};

/// A media object's track found, and allowed to this viewer.
pub(super) struct Found<'a, H: Host> {
    pub(super) viewing: &'a Viewing<'a, H>,
    pub(super) delivery: Delivery,
    pub(super) version: Version,
    pub(super) record: TrackRecord,
    pub(super) treatment: Treatment,
    /// Where the record, and the plan once it is read, came from.
    pub(super) relies_on: Vec<H::Body>,
    /// What came with the record.
    others: Option<PlanAndKeys>,
    /// The init segment's `pssh` boxes and what fills their room, where some are a key provider's.
    provided: Vec<u8>,
}

/// An init segment as it leaves.
pub(super) struct InitSegment {
    pub(super) bytes: Vec<u8>,
    /// Where it tells.
    pub(super) track_id: Option<u32>,
}

impl<'a, H: Host> Found<'a, H> {
    /// The record of the track, and whether this viewer may have it in this delivery.
    pub(super) async fn of(viewing: &'a Viewing<'a, H>, delivery: Delivery, track: &TrackId) -> Result<Self, Error> {
        Self::find(viewing, delivery, track, None).await
    }

    /// The same, and where nothing is kept at the edge all else that the origin tells of a segment.
    pub(super) async fn of_segment(
        viewing: &'a Viewing<'a, H>,
        delivery: Delivery,
        track: &TrackId,
        number: u32,
    ) -> Result<Self, Error> {
        Self::find(viewing, delivery, track, Some(number).filter(|_| !viewing.context.host.keeps())).await
    }

    async fn find(
        viewing: &'a Viewing<'a, H>,
        delivery: Delivery,
        track: &TrackId,
        segment: Option<u32>,
    ) -> Result<Self, Error> {
        let Viewing { context, origin, credential, title } = viewing;
        if !credential.may(delivery) {
            return Err(Deny::NotEntitled.into());
        }
        let version =
            context.request.parameter("v").and_then(|text| Version::parse(text).ok()).ok_or(Error::UnknownVersion)?;
        let found = match segment {
            Some(number) => {
                let found = origin.segment_documents(title, &version, track, delivery, number).await?;
                found.map(|SegmentDocuments { record, others }| (record, Some(others)))
            }
            None => origin.record(title, &version, track).await?.map(|record| (record, None)),
        };
        let Some((Document { value: record, mut body }, others)) = found else {
            // Only here, where something is wrong anyway, does it cost another request to say what.
            let current = origin.title(title).await?.media.version;
            return Err(if current == version { Error::UnknownTrack } else { Error::UnknownVersion });
        };
        if !record.kind.within(record.height, credential.max_height()) {
            return Err(Deny::NotEntitled.into());
        }
        let treatment = record.treatment(delivery).map_err(|error| {
            body.reject();
            of_record(error)
        })?;
        Ok(Self { viewing, delivery, version, record, treatment, relies_on: vec![body], others, provided: Vec::new() })
    }

    /// Asks for what a key provider has to say in the init segment, if anything: its ETag and bytes depend on it.
    pub(super) async fn provide(&mut self) -> Result<(), Error> {
        let room =
            self.record.pssh.as_ref().filter(|places| places.init).and_then(|places| Some((places, places.room?)));
        let (Treatment::Protect { scheme, .. }, Some((places, room))) = (self.treatment, room) else { return Ok(()) };
        let Viewing { origin, title, .. } = self.viewing;
        let kids = self.record.kids(self.delivery);
        let provided = origin.signalling(title, &self.version, self.delivery).await?;
        let boxes = KeySignalling::Provider(&provided).pssh_in_room(&places.systems, &kids, scheme, room);
        self.provided = boxes.map_err(|error| match error {
            RoomError::Unsignalled(unsignalled) => manifest::unsignalled(unsignalled.0),
            RoomError::Full => Error::KeyUnavailable("the key provider's pssh boxes are larger than their room"),
        })?;
        Ok(())
    }

    /// What of a response whose bytes do not depend on the session may be kept, and how long: none that a key provider may change.
    pub(super) fn lasting(&self, response: Response<H::Body>) -> Response<H::Body> {
        let changes = !self.provided.is_empty() && response.status != StatusCode::PARTIAL_CONTENT;
        if changes { response.cached(REVALIDATED) } else { response }
    }

    /// The track's init segment; [`Self::provide`] comes before it.
    pub(super) async fn init(&self) -> Result<InitSegment, Error> {
        let unusable = |error: cenc::Error| Error::Origin(error.to_string());
        let places = self.record.pssh.as_ref().filter(|places| places.init);
        let treat = |clear: &[u8]| {
            let bytes = match self.treatment {
                Treatment::Protect { scheme, kid, .. } => {
                    let protection = InitProtection {
                        clear_entry: self.record.schedule.clear_lead > 0,
                        pssh: match places {
                            Some(PsshPlaces { room: Some(_), .. }) => self.provided.clone(),
                            Some(places) => drm::pssh_boxes(&places.systems, &self.record.kids(self.delivery), scheme),
                            None => Vec::new(),
                        },
                        ..InitProtection::derived(scheme, kid)
                    };
                    cenc::protect_init(clear, &protection).map_err(unusable)?
                }
                // What says how samples are coded is no sample: HLS leaves it clear under AES-128.
                Treatment::EncryptSegments { .. } | Treatment::Lead { .. } | Treatment::Clear(_) => clear.to_vec(),
            };
            Ok(InitSegment { bytes, track_id: Init::parse(clear).map(|init| init.track_id).ok() })
        };
        let Viewing { origin, title, .. } = self.viewing;
        origin.init(title, &self.version, &self.record.track, treat).await
    }

    /// How a segment leaves.
    pub(super) fn segment_treatment(&mut self, number: u32) -> Result<Treatment, Error> {
        self.record.segment_treatment(self.delivery, number).map_err(|error| self.reject(of_record(error)))
    }

    /// The body of a segment as it leaves: by its own treatment, as its `plan` says.
    pub(super) async fn segment_body(
        &mut self,
        segment: &Segment,
        plan: Vec<plan::Entry>,
    ) -> Result<MediaBody<H::Body>, Error> {
        let object = format!("{}.m4s", segment.number);
        let clear_total = plan.iter().map(|entry| u64::from(entry.clear)).sum::<u64>();
        let treatment = self.segment_treatment(segment.number)?;
        let total = planned(treatment, &plan);
        Ok(match treatment {
            Treatment::Protect { scheme, kid, later_period } => {
                // The key first: without it not a byte of the media is asked for.
                let key = self.key(kid).await?;
                let config = track_config(&self.record).map_err(|error| self.reject(error))?;
                let ivs = IvSource::derived(scheme, kid, self.record.number);
                let signalling = self.signalling(scheme, kid, later_period);
                let protector =
                    FragmentProtector::new(config, ivs, &key, plan, Some(segment.time)).signalling(signalling);
                MediaBody::protect(self.fetch(&object, Some(clear_total)).await?, protector, total)
            }
            Treatment::Lead { scheme, reason } => {
                let config = track_config(&self.record).map_err(|error| self.reject(error))?;
                let protector = FragmentProtector::clear_lead(config, scheme, reason, plan, Some(segment.time));
                MediaBody::protect(self.fetch(&object, Some(clear_total)).await?, protector, total)
            }
            Treatment::EncryptSegments { kid } => {
                let key = self.key(kid).await?;
                let encryptor = SegmentEncryptor::new(&key, segment.number);
                MediaBody::encrypt(self.fetch(&object, Some(clear_total)).await?, encryptor, total)
            }
            Treatment::Clear(reason) => MediaBody::pass(self.fetch(&object, Some(clear_total)).await?, reason),
        })
    }

    /// What protected fragments say of their key.
    pub(super) fn signalling(&self, scheme: Scheme, kid: Kid, later_period: bool) -> Signalling {
        let places = self.record.pssh.as_ref().filter(|places| places.moof);
        let pssh = places.map_or_else(Vec::new, |places| drm::pssh_boxes(&places.systems, &[kid], scheme));
        Signalling { period: later_period.then_some(kid), pssh }
    }

    pub(super) async fn key(&mut self, kid: Kid) -> Result<ContentKey, Error> {
        let Viewing { origin, title, .. } = self.viewing;
        match &self.others {
            Some(others) => {
                let key = origin.content_key_of(others, title, self.delivery, kid).await;
                key.map_err(|error| self.reject(error))
            }
            None => origin.content_key(title, &self.version, self.delivery, kid).await,
        }
    }

    /// The plan of one segment.
    pub(super) async fn plan(&mut self, segment: &Segment) -> Result<Vec<plan::Entry>, Error> {
        if let Some(PlanAndKeys { plan, .. }) = &self.others {
            return documents::plan_entries(plan, segment.entries).map_err(|error| self.reject(error));
        }
        let Viewing { origin, title, .. } = self.viewing;
        let track = &self.record.track;
        let Document { value, body } =
            origin.plan(title, &self.version, track, segment.first_entry, segment.entries).await?;
        self.relies_on.push(body);
        Ok(value)
    }

    pub(super) fn request(&self) -> &crate::Request {
        self.viewing.context.request
    }

    pub(super) fn etag(&self, object: &str) -> String {
        let Self { viewing, delivery, version, record, treatment, provided, .. } = self;
        let (title, track) = (viewing.title, &record.track);
        let subject = Subject { title, version, track, object, delivery: *delivery, treatment: *treatment, provided };
        etag(&viewing.context.roots, &subject)
    }

    /// The clear object, of the size that the plan says, where there is a plan.
    pub(super) async fn fetch(&mut self, object: &str, planned: Option<u64>) -> Result<Fetched<H::Body>, Error> {
        let Viewing { origin, title, .. } = self.viewing;
        let whole = origin.media(title, &self.version, &self.record.track, object).await?;
        let mut fetched = whole.ok_or_else(|| missing(object))?;
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
        let part = origin.media_part(title, &self.version, &self.record.track, object, length).await?;
        let mut fetched = part.ok_or_else(|| missing(object))?;
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

fn missing(object: &str) -> Error {
    Error::Origin(format!("{object}: a segment of the timeline is missing"))
}

/// The credential may have this delivery, so a record without it may be as wrong as one that cannot be read.
fn of_record(error: RecordError) -> Error {
    match error {
        RecordError::NotOffered => Error::UnknownTrack,
        RecordError::Format(_) => Error::Origin(error.to_string()),
    }
}

/// Bytes of a segment as it leaves.
pub(super) fn planned(treatment: Treatment, plan: &[plan::Entry]) -> u64 {
    let sum = |size: fn(&plan::Entry) -> u32| plan.iter().map(|entry| u64::from(size(entry))).sum::<u64>();
    match treatment {
        Treatment::Protect { scheme, .. } | Treatment::Lead { scheme, .. } => match scheme {
            Scheme::Cenc => sum(|entry| entry.cenc),
            Scheme::Cbcs => sum(|entry| entry.cbcs),
        },
        Treatment::EncryptSegments { .. } => SegmentEncryptor::encrypted_len(sum(|entry| entry.clear)),
        Treatment::Clear(_) => sum(|entry| entry.clear),
    }
}

pub(super) fn track_config(record: &TrackRecord) -> Result<TrackConfig, Error> {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let bad = |what: String| Error::Origin(format!("record: sample_entry: {what}"));
    let bytes = STANDARD.decode(&record.sample_entry).map_err(|error| bad(error.to_string()))?;
    TrackConfig::from_sample_entry(&bytes).map_err(|error| bad(error.to_string()))
}

/// What the track's CMAF is, if it is there in CMAF: plain WebVTT has no sample entry, thumbnails have none either.
pub(super) fn content_type(record: &TrackRecord) -> Option<&'static str> {
    match record.kind {
        TrackKind::Video => Some("video/mp4"),
        TrackKind::Audio => Some("audio/mp4"),
        TrackKind::Thumbnail => None,
        TrackKind::Text if record.sample_entry.is_empty() => None,
        TrackKind::Text => Some("application/mp4"),
    }
}
