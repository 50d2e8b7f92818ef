//! Cross-origin calls (WHATWG Fetch): configured origins are echoed, with credentials; there is no wildcard.

use http::{HeaderName, StatusCode, header};

use crate::{Request, Response, config::Config};

/// The header by which a lease that came as Bearer is renewed.
pub(crate) const RENEWED_LEASE: HeaderName = HeaderName::from_static("sluice-lease");

/// The answer to a preflight.
pub(crate) fn preflight<B>(methods: &'static str) -> Response<B> {
    let mut response = Response::empty(StatusCode::NO_CONTENT);
    response.set(header::ALLOW, methods);
    response.set(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
    response.set(
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        "authorization, content-type, cta-common-access-token, if-none-match, range, soapaction",
    );
    response.set(header::ACCESS_CONTROL_MAX_AGE, "86400");
    response
}

/// Opens a response to the calling page, if its origin is listed.
pub(crate) fn open<B>(config: &Config, request: &Request, response: &mut Response<B>) {
    response.set(header::VARY, "Origin");
    let Some(origin) = request.header(&header::ORIGIN) else { return };
    if config.cors.origins.iter().any(|listed| listed == origin) {
        response.set(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        response.set(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, "true");
        response.set(
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            "etag, content-range, cta-common-access-token, retry-after, sluice-lease",
        );
    }
}
