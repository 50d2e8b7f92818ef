//! A track as one file, in byte ranges: an init segment, an index, and segments, none of it stored so. The plan says where each byte is before any of it is
//! made.

use std::collections::VecDeque;

use sluice_packager::title::{Delivery, Scheme, SingleFile, SingleFileError, TrackId, TrackKind, Treatment};

use super::{
    Viewing,
    found::{Found, content_type},
    media::{head, not_modified},
};
use crate::{
    Body, Error, Host, MediaBody, Response,
    conditional::{self, Slice},
};

/// Segments that one response has at most. A player asks for one at a time; each costs a request to the origin, of which platforms allow few dozen.
const MAX_PARTS: usize = 16;

pub(super) async fn file<H: Host>(
    viewing: &Viewing<'_, H>,
    delivery: Delivery,
    track: &TrackId,
) -> Result<Response<H::Body>, Error> {
    let mut found = Found::of(viewing, delivery, track).await?;
    // Text is a file per segment.
    let content_type = content_type(&found.record).filter(|_| found.record.kind != TrackKind::Text);
    let content_type = content_type.ok_or(Error::UnknownTrack)?;
    let scheme = file_scheme(found.treatment)?;
    found.provide().await?;
    let etag = found.etag("mp4");
    if conditional::not_modified(found.request(), &etag) {
        return Ok(found.lasting(not_modified(&etag)));
    }
    let plan = viewing.origin.whole_plan(viewing.title, &found.version, track).await?;
    found.relies_on.push(plan.body);
    let init = found.init().await?;
    let laid_out = SingleFile::new(init.bytes.len() as u64, &found.record.timeline, &plan.value, scheme);
    let file = laid_out.map_err(|error| unusable(&mut found, error))?;
    let asked = conditional::range(found.request(), &etag, file.total())?;
    let wanted = asked.unwrap_or(Slice { first: 0, length: file.total() });
    let window = bounded(&file, wanted);
    if asked.is_none() && window != wanted && !found.request().is_head() {
        return Err(Error::BadRequest("the file is sent in byte ranges: send the header Range"));
    }
    let response = found.lasting(head(content_type, &etag, Some(file.total()), asked.map(|_| window)));
    if found.request().is_head() {
        return Ok(response);
    }
    let track_id = init.track_id.ok_or_else(|| Error::Origin("the init segment names no track".to_owned()))?;
    let index = file.index(track_id, found.record.timescale, &found.record.timeline);
    let index = index.map_err(|error| unusable(&mut found, error))?;
    let beginning = part(&[init.bytes, index].concat(), window);
    let mut parts = VecDeque::new();
    let mut sent = Vec::new();
    for number in segments(&file, window) {
        let (Some(place), Some(segment)) = (file.segment(number), found.record.timeline.segment(number)) else { break };
        let first = usize::try_from(segment.first_entry).unwrap_or(usize::MAX);
        let entries =
            plan.value.get(first..first.saturating_add(segment.entries as usize)).unwrap_or_default().to_vec();
        let mut body: MediaBody<H::Body> = found.segment_body(&segment, entries).await?;
        let from = window.first.saturating_sub(place.start);
        let to = (window.first + window.length).min(place.end) - place.start;
        body.restrict(Slice { first: from, length: to - from });
        parts.push_back(body);
        sent.push((segment, (to - from, place.end - place.start)));
    }
    // What is broken from the start gets a status of its own.
    if let Some(mut first) = parts.pop_front() {
        first = first.relying_on(found.relies_on);
        first.prime().await?;
        parts.push_front(first);
    }
    sent.iter().for_each(|(segment, bytes)| viewing.log_segment(delivery, &found.record, segment, *bytes));
    Ok(Response { body: Body::Parts(beginning, parts), ..response })
}

/// By which sizes the file is laid out; segments that are encrypted whole make none.
fn file_scheme(treatment: Treatment) -> Result<Option<Scheme>, Error> {
    match treatment {
        Treatment::Protect { scheme, .. } | Treatment::Lead { scheme, .. } => Ok(Some(scheme)),
        Treatment::Clear(_) => Ok(None),
        Treatment::EncryptSegments { .. } => Err(Error::UnknownRoute),
    }
}

fn unusable<H: Host>(found: &mut Found<'_, H>, error: SingleFileError) -> Error {
    found.reject(Error::Origin(error.to_string()))
}

/// The window as far as one response sends it: to the end of a segment, where it has more than [`MAX_PARTS`]. A shorter range than the one asked for says
/// so by its Content-Range (RFC 9110, 15.3.7); the client asks again for what is left.
fn bounded(file: &SingleFile, window: Slice) -> Slice {
    let last = segments(file, window).nth(MAX_PARTS - 1).and_then(|number| file.segment(number));
    let end = last.map_or(u64::MAX, |last| last.end);
    Slice { length: window.length.min(end - window.first), ..window }
}

/// The segments of which the window has bytes.
fn segments(file: &SingleFile, window: Slice) -> impl Iterator<Item = u32> + Clone {
    let last = (window.first + window.length).checked_sub(1).and_then(|last| file.segment_at(last));
    let first = file.segment_at(window.first).unwrap_or(1);
    // None where the window ends within what stands before the first segment.
    (first..).take_while(move |number| last.is_some_and(|last| *number <= last))
}

/// What the window has of the file's beginning.
fn part(beginning: &[u8], window: Slice) -> Vec<u8> {
    let at = |place: u64| usize::try_from(place).unwrap_or(usize::MAX).min(beginning.len());
    beginning.get(at(window.first)..at(window.first + window.length)).unwrap_or_default().to_vec()
}

#[cfg(test)]
mod tests {
    use sluice_packager::title::{Run, Timeline, plan::Entry};

    use super::*;

    fn file() -> SingleFile {
        let entry = Entry { clear: 10, cenc: 12, cbcs: 11, duration: 1, first_picture_cenc: 0, first_picture_cbcs: 0 };
        let timeline = Timeline { start: 0, runs: vec![Run { d: 1, n: 40, f: 1 }] };
        SingleFile::new(100, &timeline, &[entry; 40], Some(Scheme::Cenc)).expect("fits")
    }

    #[test]
    fn a_response_has_a_bounded_number_of_segments() {
        let file = file();
        let first = file.segment(1).expect("a segment").start;
        let whole = Slice { first: 0, length: file.total() };
        assert_eq!(bounded(&file, whole), Slice { first: 0, length: first + 16 * 12 });
        let later = Slice { first: first + 5, length: 16 * 12 };
        assert_eq!(bounded(&file, later).length, 16 * 12 - 5, "seventeen segments are touched");
        for few in
            [Slice { first, length: 12 }, Slice { first: 3, length: 20 }, Slice { first: first + 470, length: 10 }]
        {
            assert_eq!(bounded(&file, few), few);
        }
        let touched = |first, length| segments(&file, Slice { first, length }).collect::<Vec<_>>();
        assert_eq!(touched(0, first), [] as [u32; 0]);
        assert_eq!(touched(0, first + 1), [1]);
        assert_eq!(touched(first + 11, 2), [1, 2]);
        assert_eq!(touched(file.total() - 1, 1), [40]);
        let beginning: Vec<u8> = (0..100).collect();
        assert_eq!(part(&beginning, Slice { first: 98, length: 50 }), [98, 99]);
        assert!(part(&beginning, Slice { first: 200, length: 5 }).is_empty());
    }
}
