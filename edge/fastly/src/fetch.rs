//! Requests to the origin. With leave to keep the response, many concurrent misses make one request: the first comes to fetch, the others read
//! along while it arrives.

use core::{fmt::Write, time::Duration};
use std::io::Write as _;

use fastly::{
    Body,
    cache::core::{CacheError, Found, Transaction},
    handle::{BodyHandle, CacheOverride, RequestHandle},
    http::{HeaderName, HeaderValue, Method, header, request::SendErrorCause},
};
use sluice_app::host::{Fetch, FetchError, Fetched, Keep};

use crate::{abi, body::OriginBody, cache};

/// The longest header of a response that is looked at, bytes.
const MAX_HEADER: usize = 128;
const SECRET: HeaderName = HeaderName::from_static("x-origin-secret");

/// From the cache where leave was given to keep, else from the origin.
pub(crate) fn fetch(request: &Fetch) -> Result<Fetched<OriginBody>, FetchError> {
    match &request.keep {
        Some(keep) => kept(request, keep),
        None => Ok(Answer::of(request)?.into_fetched(request, None)),
    }
}

fn kept(request: &Fetch, keep: &Keep) -> Result<Fetched<OriginBody>, FetchError> {
    let key = key(request);
    // Returns at once with what is there, or with the task of fetching it; while another has that task, when it has a head to show.
    // Nobody waits for another longer than for the origin: the task goes from one who failed to the next, and each would wait anew.
    let lookup = match Transaction::lookup(cache::key(&key)).timeout(until_answered(request)).execute() {
        Ok(lookup) => lookup,
        Err(CacheError::Timeout) => return Err(FetchError::Timeout),
        // A cache that does not answer costs time, not the viewer's request.
        Err(_) => return Ok(Answer::of(request)?.into_fetched(request, None)),
    };
    if let Some(fetched) = lookup.found().and_then(|found| from_cache(&found, request, &key).ok()) {
        return Ok(fetched);
    }
    if !lookup.must_insert() {
        return Ok(Answer::of(request)?.into_fetched(request, None));
    }
    // Dropped without an insertion, the lookup hands the task to the next who asks.
    let answer = Answer::of(request)?;
    let (200 | 206, Some(length)) = (answer.status, answer.length) else {
        let _ = lookup.cancel_insert_or_update();
        return Ok(answer.into_fetched(request, None));
    };
    let object = cache::surrogate_key(&key);
    let keys = keep.surrogate_keys.iter().map(String::as_str).chain([object.as_str()]);
    let insertion = lookup
        .insert(Duration::from_secs(keep.seconds))
        .surrogate_keys(keys)
        .known_length(length)
        .user_metadata(answer.status.to_string().into())
        .execute_and_stream_back();
    let Ok((mut writer, found)) = insertion else {
        return Ok(answer.into_fetched(request, None));
    };
    // The platform pours the one into the other by itself: a viewer who reads slowly, or leaves, holds up nobody who reads along.
    writer.append(Body::from(answer.body));
    if writer.finish().is_err() {
        return Err(FetchError::Cut);
    }
    from_cache(&found, request, &key).map_err(|_| FetchError::Unreachable)
}

fn from_cache(found: &Found, request: &Fetch, key: &str) -> Result<Fetched<OriginBody>, CacheError> {
    let status = core::str::from_utf8(&found.user_metadata()).ok().and_then(|text| text.parse().ok());
    let (Some(status), Some(length)) = (status, found.known_length()) else {
        return Err(CacheError::InvalidOperation);
    };
    let body = found.to_stream()?.into_handle();
    let body = OriginBody::new(body, between_bytes(request), Some(length), Some(key.to_owned()));
    Ok(Fetched { status, length: Some(length), content_type: None, body })
}

/// URL and range name the bytes. The secret is not part of it: only this service reads its cache.
fn key(request: &Fetch) -> String {
    let mut key = request.url.clone();
    if let Some((first, last)) = request.range {
        let _ = write!(key, "#{first}-{last}");
    }
    key
}

/// How long to wait for the head of an answer.
fn until_answered(request: &Fetch) -> Duration {
    Duration::from_millis(request.timeouts.connect.saturating_add(request.timeouts.first_byte))
}

fn between_bytes(request: &Fetch) -> Duration {
    Duration::from_millis(request.timeouts.between_bytes)
}

/// The head of an answer of the origin, and its body to read.
struct Answer {
    status: u16,
    length: Option<u64>,
    content_type: Option<String>,
    body: BodyHandle,
}

impl Answer {
    fn of(request: &Fetch) -> Result<Self, FetchError> {
        let mut outgoing = RequestHandle::new();
        outgoing.set_method(if request.post.is_some() { &Method::POST } else { &Method::GET });
        if !abi::set_url(&outgoing, &request.url) {
            return Err(FetchError::Unreachable);
        }
        // Past the platform's own HTTP cache: what is kept is kept by the app's leave, above.
        outgoing.set_cache_override(&CacheOverride::pass());
        let value = |text: &str| HeaderValue::from_str(text).map_err(|_| FetchError::Unreachable);
        if let Some(secret) = &request.secret {
            outgoing.insert_header(&SECRET, &value(secret)?);
        }
        if let Some((first, last)) = request.range {
            outgoing.insert_header(&header::RANGE, &value(&format!("bytes={first}-{last}"))?);
        }
        let mut body = BodyHandle::new();
        if let Some(post) = &request.post {
            for (name, text) in &post.headers {
                let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| FetchError::Unreachable)?;
                outgoing.insert_header(&name, &value(text)?);
            }
            body.write_all(&post.body).map_err(|_| FetchError::Unreachable)?;
        }
        let pending = outgoing.send_async(body, &request.backend).map_err(|error| told(&error))?;
        // The service's own limits on the backend hold as well, where they are tighter.
        if !abi::answered(&pending, until_answered(request)) {
            return Err(FetchError::Timeout);
        }
        let (head, body) = pending.wait().map_err(|error| told(&error))?;
        let told = |name| head.get_header_value(name, MAX_HEADER).ok()??.to_str().ok().map(str::to_owned);
        let length = told(&header::CONTENT_LENGTH).and_then(|text| text.parse().ok());
        Ok(Self { status: head.get_status().as_u16(), length, content_type: told(&header::CONTENT_TYPE), body })
    }

    fn into_fetched(self, request: &Fetch, kept: Option<String>) -> Fetched<OriginBody> {
        let Self { status, length, content_type, body } = self;
        Fetched { status, length, content_type, body: OriginBody::new(body, between_bytes(request), length, kept) }
    }
}

fn told(error: &SendErrorCause) -> FetchError {
    match error {
        SendErrorCause::DnsTimeout | SendErrorCause::ConnectionTimeout | SendErrorCause::HttpResponseTimeout => {
            FetchError::Timeout
        }
        SendErrorCause::HttpIncompleteResponse => FetchError::Cut,
        _ => FetchError::Unreachable,
    }
}
