use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};

use super::problem::Problem;
use crate::jwks::JwksService;

/// For how long a cache between edge and origin may keep a set.
const PLAIN: HeaderValue = HeaderValue::from_static("max-age=60");
/// The same for one that was asked for because a key was missing.
const REFRESHED: HeaderValue = HeaderValue::from_static("max-age=5");

/// Answers with an issuer's key set. `refresh`: an edge misses a key in what it has.
pub(super) async fn send(service: &JwksService, name: &str, refresh: bool) -> Result<Response, Problem> {
    let set = service.set(name, refresh).await.ok_or(Problem::UnknownKeySet)?;
    // Why there is none was logged when the issuer was asked.
    let bytes = set.map_err(|_| Problem::KeySetUnavailable)?;
    let cache = if refresh { REFRESHED } else { PLAIN };
    let headers =
        [(header::CONTENT_TYPE, HeaderValue::from_static("application/jwk-set+json")), (header::CACHE_CONTROL, cache)];
    Ok((headers, bytes).into_response())
}
