use http::{StatusCode, header};
use serde::Serialize;
use sluice_gate::{Deny, TokenError};

use crate::{
    host::{FetchError, StoreError, Unavailable},
    response::{NO_STORE, Response},
};

/// Everything that ends a request early, and the status and stable code that it has for the client.
///
/// The text inside is for the decision log; the client gets the code and no more.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    /// The request is not understood.
    #[error("bad request: {0}")]
    BadRequest(&'static str),
    /// The token is missing, forged or past.
    #[error("token: {0:?}")]
    Token(TokenError),
    /// A grant that is restricted by something that is not supported here: what, for the log.
    #[error("token: it asks for {0}, which is not supported")]
    UnsupportedGrant(String),
    /// A grant that counts once was shown before.
    #[error("token: it counts once and was shown before")]
    Replayed,
    /// The viewer may not.
    #[error("denied: {0:?}")]
    Deny(Deny),
    /// No such track.
    #[error("unknown track")]
    UnknownTrack,
    /// No such segment.
    #[error("unknown segment")]
    UnknownSegment,
    /// No such version of the title.
    #[error("unknown version")]
    UnknownVersion,
    /// No such route.
    #[error("unknown route")]
    UnknownRoute,
    /// The route knows other methods: those.
    #[error("method not allowed")]
    MethodNotAllowed(&'static str),
    /// As many streams as the account may have; those.
    #[error("stream limit")]
    StreamLimit(Vec<SessionSummary>),
    /// The session was ended, or is not known.
    #[error("session ended")]
    SessionEnded,
    /// The range lies outside a body of that many bytes.
    #[error("range unsatisfiable")]
    RangeUnsatisfiable(u64),
    /// Too many requests.
    #[error("rate limited")]
    RateLimited,
    /// The deployment is broken: what, for the log.
    #[error("internal: {0}")]
    Internal(String),
    /// The origin cannot be reached, or what it sent cannot be used: what, for the log.
    #[error("origin: {0}")]
    Origin(String),
    /// The origin is too slow.
    #[error("origin timeout")]
    OriginTimeout,
    /// There is no key to protect with.
    #[error("key unavailable: {0}")]
    KeyUnavailable(&'static str),
    /// A licence server refuses, or sends what is no licence: which, and what, for the log.
    #[error("license server {0}")]
    License(String),
    /// A licence server has too much to do, or takes too long: which, and what, for the log.
    #[error("license server {0}")]
    LicenseBusy(String),
    /// The KV store is down.
    #[error("store unavailable")]
    StoreUnavailable,
}

/// A session as its account sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SessionSummary {
    /// Its id.
    pub session: String,
    /// What it plays.
    pub title: String,
    /// On which device.
    pub device: String,
    /// Since when, unix seconds.
    pub started: u64,
    /// Last heard of, unix seconds.
    pub last_seen: u64,
}

impl Error {
    /// Status and code, as operators and players know them.
    pub fn status_and_code(&self) -> (StatusCode, &'static str) {
        match self {
            Self::BadRequest(_) => (StatusCode::BAD_REQUEST, "bad_request"),
            Self::Token(TokenError::Missing) => (StatusCode::UNAUTHORIZED, "token_missing"),
            Self::Token(TokenError::Invalid) | Self::UnsupportedGrant(_) | Self::Replayed => {
                (StatusCode::UNAUTHORIZED, "token_invalid")
            }
            Self::Token(TokenError::Expired) => (StatusCode::UNAUTHORIZED, "token_expired"),
            Self::Deny(Deny::UnknownTitle) => (StatusCode::NOT_FOUND, "unknown_title"),
            Self::Deny(Deny::GeoBlocked | Deny::Anonymizer) => (StatusCode::FORBIDDEN, "geo_blocked"),
            Self::Deny(Deny::NotEntitled | Deny::DeviceClass) => (StatusCode::FORBIDDEN, "not_entitled"),
            Self::Deny(Deny::RightsWindow) => (StatusCode::FORBIDDEN, "rights_window"),
            Self::Deny(Deny::TitleMismatch) => (StatusCode::FORBIDDEN, "title_mismatch"),
            Self::Deny(Deny::AddressMismatch) => (StatusCode::FORBIDDEN, "address_mismatch"),
            Self::UnknownTrack => (StatusCode::NOT_FOUND, "unknown_track"),
            Self::UnknownSegment => (StatusCode::NOT_FOUND, "unknown_segment"),
            Self::UnknownVersion => (StatusCode::NOT_FOUND, "unknown_version"),
            Self::UnknownRoute => (StatusCode::NOT_FOUND, "unknown_route"),
            Self::MethodNotAllowed(_) => (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"),
            Self::StreamLimit(_) => (StatusCode::CONFLICT, "stream_limit"),
            Self::SessionEnded => (StatusCode::GONE, "session_ended"),
            Self::RangeUnsatisfiable(_) => (StatusCode::RANGE_NOT_SATISFIABLE, "range_unsatisfiable"),
            Self::RateLimited => (StatusCode::TOO_MANY_REQUESTS, "rate_limited"),
            Self::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
            Self::Origin(_) | Self::License(_) => (StatusCode::BAD_GATEWAY, "origin_unreachable"),
            Self::OriginTimeout => (StatusCode::GATEWAY_TIMEOUT, "origin_timeout"),
            Self::KeyUnavailable(_) | Self::LicenseBusy(_) => (StatusCode::SERVICE_UNAVAILABLE, "key_unavailable"),
            Self::StoreUnavailable => (StatusCode::SERVICE_UNAVAILABLE, "store_unavailable"),
        }
    }

    /// `application/problem+json` (RFC 9457).
    pub(crate) fn into_response<B>(self) -> Response<B> {
        #[derive(Serialize)]
        struct Problem {
            r#type: &'static str,
            title: &'static str,
            status: u16,
            code: &'static str,
            #[serde(skip_serializing_if = "Option::is_none")]
            sessions: Option<Vec<SessionSummary>>,
        }
        let (status, code) = self.status_and_code();
        let (mut allow, mut range) = (None, None);
        let sessions = match self {
            Self::StreamLimit(sessions) => Some(sessions),
            Self::MethodNotAllowed(methods) => {
                allow = Some(methods);
                None
            }
            Self::RangeUnsatisfiable(length) => {
                range = Some(format!("bytes */{length}"));
                None
            }
            _ => None,
        };
        let title = status.canonical_reason().unwrap_or("Error");
        let problem = Problem { r#type: "about:blank", title, status: status.as_u16(), code, sessions };
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        let mut response = Response::full(status, "application/problem+json", body).cached(NO_STORE);
        if let Some(methods) = allow {
            response.set(header::ALLOW, methods);
        }
        if let Some(range) = range {
            response.set(header::CONTENT_RANGE, range);
        }
        if status == StatusCode::UNAUTHORIZED {
            response.set(header::WWW_AUTHENTICATE, "Bearer");
        }
        match status {
            StatusCode::SERVICE_UNAVAILABLE => response.set(header::RETRY_AFTER, "2"),
            // Rates are counted over the last minute.
            StatusCode::TOO_MANY_REQUESTS => response.set(header::RETRY_AFTER, "20"),
            _ => {}
        }
        response
    }
}

impl From<TokenError> for Error {
    fn from(error: TokenError) -> Self {
        Self::Token(error)
    }
}

impl From<Deny> for Error {
    fn from(deny: Deny) -> Self {
        Self::Deny(deny)
    }
}

impl From<FetchError> for Error {
    fn from(error: FetchError) -> Self {
        match error {
            FetchError::Timeout => Self::OriginTimeout,
            FetchError::Unreachable | FetchError::Cut => Self::Origin(error.to_string()),
        }
    }
}

impl From<StoreError> for Error {
    fn from(_: StoreError) -> Self {
        Self::StoreUnavailable
    }
}

impl From<Unavailable> for Error {
    fn from(error: Unavailable) -> Self {
        Self::Internal(error.to_string())
    }
}
