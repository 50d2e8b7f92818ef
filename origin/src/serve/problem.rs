use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

/// Why a request gets no answer. The body tells the code; what went on inside goes to the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Problem {
    UnknownRoute,
    UnknownTitle,
    UnknownVersion,
    UnknownTrack,
    UnknownSegment,
    /// With what is allowed there.
    Method(&'static str),
    /// The whole length of what was asked for a part of.
    Range(u64),
    Internal,
    KeyUnavailable,
    UnknownKeySet,
    KeySetUnavailable,
    /// A body that is longer than it may be.
    TooLarge,
    /// A body that did not come whole.
    BadRequest,
    Timeout,
}

impl Problem {
    fn parts(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::UnknownRoute => (StatusCode::NOT_FOUND, "unknown_route", "There is nothing at this path"),
            Self::UnknownTitle => (StatusCode::NOT_FOUND, "unknown_title", "There is no such title"),
            Self::UnknownVersion => (StatusCode::NOT_FOUND, "unknown_version", "The title has no such version"),
            Self::UnknownTrack => (StatusCode::NOT_FOUND, "unknown_track", "The title has no such track"),
            Self::UnknownSegment => (StatusCode::NOT_FOUND, "unknown_segment", "The track has no such segment"),
            Self::Method(_) => {
                (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "There is no such method at this path")
            }
            Self::Range(_) => (StatusCode::RANGE_NOT_SATISFIABLE, "range_unsatisfiable", "The range lies past the end"),
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal", "The store did not answer"),
            Self::KeyUnavailable => {
                (StatusCode::SERVICE_UNAVAILABLE, "key_unavailable", "The keys cannot be had at present")
            }
            Self::UnknownKeySet => (StatusCode::NOT_FOUND, "unknown_key_set", "There is no key set of this name"),
            Self::KeySetUnavailable => {
                (StatusCode::BAD_GATEWAY, "issuer_unreachable", "The issuer's key set cannot be had at present")
            }
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too_large", "The body is too long"),
            Self::BadRequest => (StatusCode::BAD_REQUEST, "bad_request", "The body did not come whole"),
            Self::Timeout => (StatusCode::GATEWAY_TIMEOUT, "origin_timeout", "There was no answer in time"),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, code, title) = self.parts();
        let body = serde_json::json!({
            "type": "about:blank", "title": title, "status": status.as_u16(), "code": code,
        });
        let headers = [(header::CONTENT_TYPE, "application/problem+json"), (header::CACHE_CONTROL, "no-store")];
        let mut response = (status, headers, body.to_string()).into_response();
        let headers = response.headers_mut();
        match self {
            Self::Range(length) => {
                if let Ok(value) = HeaderValue::from_str(&format!("bytes */{length}")) {
                    headers.insert(header::CONTENT_RANGE, value);
                }
            }
            Self::Method(allowed) => {
                headers.insert(header::ALLOW, HeaderValue::from_static(allowed));
            }
            Self::KeyUnavailable => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
            }
            _ => {}
        }
        response
    }
}
