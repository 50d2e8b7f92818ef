//! A segment's I-frames alone: of the clear segment the bytes up to the end of the last of them, a fragment made of them, and the record's treatment.

use sluice_packager::{
    cenc::{self, FragmentForm, FragmentProtector, IvSource, TrackConfig},
    title::{Delivery, Segment, TrackId, Treatment, plan},
    trick::{Cutter, Pictures},
};

use super::{
    Viewing,
    found::{Found, content_type, track_config},
    media::{not_modified, whole},
};
use crate::{
    Body, Error, Host, Response, conditional,
    host::{ByteStream, FetchError, Fetched},
};

pub(super) async fn segment<H: Host>(
    viewing: &Viewing<'_, H>,
    delivery: Delivery,
    track: &TrackId,
    number: u32,
) -> Result<Response<H::Body>, Error> {
    let mut found = Found::of_segment(viewing, delivery, track, number).await?;
    // Of a segment that is encrypted whole there are no parts, and what was not tried at indexing is not tried here.
    if !found.record.iframes || matches!(found.treatment, Treatment::EncryptSegments { .. }) {
        return Err(Error::UnknownTrack);
    }
    let content_type = content_type(&found.record).ok_or(Error::UnknownSegment)?;
    let segment = found.record.timeline.segment(number).ok_or(Error::UnknownSegment)?;
    found.treatment = found.segment_treatment(number)?;
    let etag = found.etag(&format!("iframes/{number}.m4s"));
    if conditional::not_modified(found.request(), &etag) {
        return Ok(not_modified(&etag));
    }
    // The key first: without it not a byte of the media is asked for.
    let key = match found.treatment {
        Treatment::Protect { kid, .. } => Some(found.key(kid).await?),
        _ => None,
    };
    let plan = found.plan(&segment).await?;
    let pictures = Pictures::of(&plan).map_err(|error| found.reject(Error::Origin(error.to_string())))?;
    let config = track_config(&found.record).map_err(|error| found.reject(error))?;
    let mut fetched = found.fetch_part(&format!("{number}.m4s"), pictures.end()).await?;
    let clear = match cut(&mut fetched, Cutter::new(&config, pictures), &segment).await {
        Ok(clear) => clear,
        Err(error) => {
            fetched.body.reject();
            return Err(found.reject(error));
        }
    };
    let body = match (found.treatment, key) {
        (Treatment::Protect { scheme, kid, later_period }, Some(key)) => {
            let ivs = IvSource::derived(scheme, kid, found.record.number);
            let signalling = found.signalling(scheme, kid, later_period);
            let plan = planned(&config, &clear, signalling.form())?;
            let protector = FragmentProtector::new(config, ivs, &key, plan, Some(segment.time));
            protect(protector.signalling(signalling), &clear)?
        }
        (Treatment::Lead { scheme, reason }, None) => {
            let plan = planned(&config, &clear, FragmentForm { lead: true, ..FragmentForm::default() })?;
            protect(FragmentProtector::clear_lead(config, scheme, reason, plan, Some(segment.time)), &clear)?
        }
        (Treatment::Clear(_), None) => clear,
        _ => return Err(Error::KeyUnavailable("the track is protected, and there is no key")),
    };
    let total = body.len() as u64;
    let response = whole(found.request(), content_type, &etag, body)?;
    if let (Body::Full(sent), false) = (&response.body, found.request().is_head()) {
        viewing.log_iframes(delivery, &found.record, &segment, (sent.len() as u64, total));
    }
    Ok(response)
}

/// The I-frames of a clear segment that comes in, or of its beginning.
async fn cut<B: ByteStream>(fetched: &mut Fetched<B>, mut cutter: Cutter, segment: &Segment) -> Result<Vec<u8>, Error> {
    let wrong = |error: sluice_packager::trick::Error| Error::Origin(format!("I-frames: {error}"));
    let mut received = 0u64;
    while let Some(chunk) = fetched.body.next().await? {
        received += chunk.len() as u64;
        cutter.push(&chunk).map_err(wrong)?;
    }
    if fetched.length.is_some_and(|length| length != received) {
        return Err(FetchError::Cut.into());
    }
    cutter.finish(segment.time.saturating_add(segment.duration)).map_err(wrong)
}

fn planned(config: &TrackConfig, clear: &[u8], form: FragmentForm) -> Result<Vec<plan::Entry>, Error> {
    Ok(cenc::plan_segment_as(config, clear, [form; 2]).map_err(media)?.entries)
}

fn protect(mut protector: FragmentProtector, clear: &[u8]) -> Result<Vec<u8>, Error> {
    let mut out = Vec::new();
    protector.push(clear, &mut out).map_err(media)?;
    protector.finish().map_err(media)?;
    Ok(out)
}

fn media(error: cenc::Error) -> Error {
    Error::Origin(format!("I-frames: {error}"))
}
