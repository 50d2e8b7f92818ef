use http::{HeaderName, Method};

use crate::Headers;

/// The longest request target (path and query), bytes.
pub const MAX_TARGET: usize = 8192;
/// The longest request body, bytes. An adapter reads at most one byte more.
pub const MAX_BODY: usize = 64 * 1024;

/// A request as an adapter hands it in.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Path and query as received, undecoded.
    pub target: String,
    /// Host and port by which the client called, for absolute URLs.
    pub authority: String,
    /// Whether the client came by TLS.
    pub secure: bool,
    /// All headers.
    pub headers: Headers,
    /// The body, up to [`MAX_BODY`] + 1 bytes.
    pub body: Vec<u8>,
}

impl Request {
    /// The path, without the query.
    pub(crate) fn path(&self) -> &str {
        self.target.split_once('?').map_or(self.target.as_str(), |(path, _)| path)
    }

    /// The query, empty where there is none.
    pub(crate) fn query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }

    /// The value of a query parameter: the first of that name, undecoded (no parameter of ours needs an escape).
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.query()
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value)
    }

    /// A header's value where it is there, is text and stands alone.
    pub(crate) fn header<'a>(&'a self, name: &HeaderName) -> Option<&'a str> {
        self.named(name.as_str())
    }

    /// The same by a name that the configuration gives.
    pub(crate) fn named<'a>(&'a self, name: &str) -> Option<&'a str> {
        let mut values = self.headers.all(name);
        let value = values.next()?;
        if values.next().is_some() { None } else { value.to_str().ok() }
    }

    /// `Authorization: Bearer …`
    pub(crate) fn bearer(&self) -> Option<&str> {
        let (scheme, token) = self.header(&http::header::AUTHORIZATION)?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    }

    /// The values of every cookie of that name, in order.
    pub(crate) fn cookies<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers
            .all(http::header::COOKIE.as_str())
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(move |(key, _)| *key == name)
            .map(|(_, value)| value)
    }

    /// Whether the body is said to be JSON.
    pub(crate) fn is_json(&self) -> bool {
        let media_type = self.header(&http::header::CONTENT_TYPE).and_then(|value| value.split(';').next());
        media_type.is_some_and(|media_type| media_type.trim().eq_ignore_ascii_case("application/json"))
    }

    /// Whether the method is `HEAD`.
    pub(crate) fn is_head(&self) -> bool {
        self.method == Method::HEAD
    }
}
