use std::collections::VecDeque;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use sluice_packager::hls::Playlist;

use crate::{
    host::ByteStream,
    media::{BodyError, MediaBody},
};

/// A response for an adapter to write out.
pub struct Response<B> {
    /// The status.
    pub status: StatusCode,
    /// All headers but [`Response::chosen`], `Content-Length` included where the length is known.
    pub headers: HeaderMap,
    /// One that a token named ([`Response::chosen`]).
    pub(crate) chosen: Option<(String, HeaderValue)>,
    /// The body.
    pub body: Body<B>,
}

/// A response's body, pulled by [`Body::next`].
pub enum Body<B> {
    /// No bytes.
    Empty,
    /// All of it.
    Full(Vec<u8>),
    /// Media, as it comes and is protected.
    Media(Box<MediaBody<B>>),
    /// A playlist, as it is written.
    Playlist(Box<Playlist>),
    /// Bytes, then several such one after another.
    Parts(Vec<u8>, VecDeque<MediaBody<B>>),
}

impl<B: ByteStream> Body<B> {
    /// The next bytes; `None` at the end.
    ///
    /// # Errors
    /// The response must then be *aborted* so that the client sees it broken: a chunked body that ends cleanly would pass for whole.
    pub async fn next(&mut self) -> Result<Option<Bytes>, BodyError> {
        match self {
            Self::Empty => Ok(None),
            Self::Full(bytes) => {
                let bytes = core::mem::take(bytes);
                *self = Self::Empty;
                Ok((!bytes.is_empty()).then(|| bytes.into()))
            }
            Self::Media(media) => media.next().await,
            Self::Playlist(playlist) => Ok(playlist.next().map(Bytes::from)),
            Self::Parts(first, parts) => {
                if !first.is_empty() {
                    return Ok(Some(core::mem::take(first).into()));
                }
                while let Some(part) = parts.front_mut() {
                    if let Some(bytes) = part.next().await? {
                        return Ok(Some(bytes));
                    }
                    parts.pop_front();
                }
                Ok(None)
            }
        }
    }
}

impl<B> Response<B> {
    /// A response without a body.
    pub(crate) fn empty(status: StatusCode) -> Self {
        Self { status, headers: HeaderMap::new(), chosen: None, body: Body::Empty }
    }

    /// A response with a body at hand.
    pub(crate) fn full(status: StatusCode, content_type: &'static str, body: Vec<u8>) -> Self {
        let mut response = Self::empty(status);
        response.set(header::CONTENT_TYPE, content_type);
        response.set(header::CONTENT_LENGTH, body.len().to_string());
        response.body = Body::Full(body);
        response
    }

    /// Sets a header. A value that is no header value (no caller makes one) is left out.
    pub(crate) fn set(&mut self, name: HeaderName, value: impl AsRef<str>) {
        if let Ok(value) = HeaderValue::from_str(value.as_ref()) {
            self.headers.insert(name, value);
        }
    }

    /// Adds a header beside others of the name. What is no header value is left out.
    pub(crate) fn add(&mut self, name: HeaderName, value: impl AsRef<str>) {
        if let Ok(value) = HeaderValue::from_str(value.as_ref()) {
            self.headers.append(name, value);
        }
    }

    /// Sets the header that a token names for its successor. What is no header (RFC 9110, 5.1 and 5.5) is left out.
    ///
    /// Apart from the others, whose names are all known here: what reads any name into `http`'s own is 17 kB of module.
    pub(crate) fn choose(&mut self, name: &str, value: &str) {
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if name.is_empty() || !name.bytes().all(is_token) {
            return;
        }
        if let Ok(value) = HeaderValue::from_str(value) {
            self.chosen = Some((name.to_ascii_lowercase(), value));
        }
    }

    /// The header that a token named, in lower case, for an adapter to write beside the others; `None` where the response has one of that name of its own.
    pub fn chosen(&self) -> Option<(&str, &HeaderValue)> {
        let (name, value) = self.chosen.as_ref()?;
        self.headers.keys().all(|own| own.as_str() != name).then_some((name, value))
    }

    /// Sets `Cache-Control`.
    pub(crate) fn cached(mut self, cache_control: &'static str) -> Self {
        self.set(header::CACHE_CONTROL, cache_control);
        self
    }
}

/// For what depends on a session, or renews one.
pub(crate) const NO_STORE: &str = "private, no-store";
/// For media that may change under its URL, with its ETag: this viewer's cache may hold it, and asks whether it is still so.
pub(crate) const REVALIDATED: &str = "private, no-cache";
/// For media named with its version: never changes, and only this viewer's cache may hold it, for a shared cache before the gate would open it to all.
pub(crate) const IMMUTABLE: &str = "private, max-age=31536000, immutable";
