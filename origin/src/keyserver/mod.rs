//! A development DRM key provider: SPEKE v2.0 and v2.1 over HTTP, content keys derived from one master secret.
//!
//! For development and tests: anybody who knows the master secret knows every key. It answers as the specification and
//! awslabs/speke-reference-server's v2 suite have it: errors are 422 with a plain reason, never 200, and there is no
//! fall-back to SPEKE v1. Keys go out encrypted where the request brings certificates. SPEKE v1's heartbeat is gone, as in
//! the specification.

mod check;
mod contract;
mod derive;
mod faults;
mod fill;
mod refusal;
mod signal;

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use rsa::rand_core::OsRng;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

pub use derive::MasterSecret;
pub use refusal::{Malformed, Refusal};

use crate::{
    config::{ConfigError, Faults, KeyserverConfig, Secret},
    cpix::{self, SpekeVersion, XmlError},
    running::{Running, StartError},
    speke::{Credentials, USER_AGENT_HEADER, VERSION_HEADER},
};

/// Where it takes requests. The version is the headers' to say: SPEKE 2.1 may come here as well.
pub const PATH: &str = "/speke/v2.0/copyProtection";
const PATH_2_1: &str = "/speke/v2.1/copyProtection";

const USER_AGENT: &str = concat!("sluice-keyserver/", env!("CARGO_PKG_VERSION"));

/// Shortest master secret, in bytes.
const SHORTEST: usize = 16;

struct Keyserver {
    /// `None` is the built-in secret.
    master: Option<Secret>,
    credentials: Credentials,
    faults: Faults,
}

/// Starts the key server in this process.
///
/// # Errors
/// [`StartError`]: among others, the built-in secret on an address that is not loopback.
pub async fn start(config: KeyserverConfig) -> Result<Running, StartError> {
    Running::start(config.listen, router(&config)?).await
}

/// The key server without a listener, for programs that bring their own.
///
/// # Errors
/// As [`start`], without its address in use.
pub fn router(config: &KeyserverConfig) -> Result<Router, StartError> {
    config.validate()?;
    let master = config.master_secret.clone().map(Secret::new);
    if let Some(master) = &master {
        let text = master.read().map_err(StartError::secret("master_secret"))?;
        if text.len() < SHORTEST {
            return Err(ConfigError::invalid("master_secret", "it has fewer than 16 bytes; use more").into());
        }
    } else {
        tracing::warn!("content keys come from the built-in development secret: for tests on this machine only");
    }
    let credentials = Credentials::new(&config.auth);
    credentials.header().map_err(StartError::secret("auth"))?;
    let faults = config.faults.clone();
    if faults != Faults::default() {
        tracing::warn!(?faults, "answers are wrong, as the configuration says");
    }
    Ok(Router::new()
        .route(PATH, post(speke))
        .route(PATH_2_1, post(speke))
        .layer(DefaultBodyLimit::max(cpix::LARGEST))
        .layer(middleware::map_response(async |response| named(response)))
        .route("/healthz", get(|| async { "ok\n" }))
        .with_state(Arc::new(Keyserver { master, credentials, faults })))
}

/// With the headers that each of a provider's answers has, those of axum's own refusals included.
fn named(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(USER_AGENT_HEADER, HeaderValue::from_static(USER_AGENT));
    headers.entry(VERSION_HEADER).or_insert(HeaderValue::from_static(SpekeVersion::default().speke()));
    response
}

/// What an exchange comes to when not to keys.
enum Failure {
    Unauthorized,
    MediaType,
    Xml(XmlError),
    Refused(Refusal),
    Secret,
    Rehearsed(StatusCode),
}

async fn speke(State(server): State<Arc<Keyserver>>, headers: HeaderMap, body: Bytes) -> Response {
    tokio::time::sleep(Duration::from_millis(server.faults.delay_ms)).await;
    // Of those that it speaks, the one that was asked for; what it does not speak is answered in its own.
    let version = spoken(&headers).unwrap_or_default().speke();
    let (status, content_type, body) = match answer(&server, &headers, &body) {
        Ok(document) => (StatusCode::OK, "application/xml", document),
        Err(failure) => {
            let (status, reason) = match failure {
                Failure::Unauthorized => (StatusCode::UNAUTHORIZED, "credentials are missing or wrong".to_owned()),
                Failure::MediaType => {
                    (StatusCode::UNSUPPORTED_MEDIA_TYPE, "Content-Type must be application/xml".to_owned())
                }
                Failure::Xml(error) => (StatusCode::BAD_REQUEST, error.to_string()),
                Failure::Refused(refusal) => (StatusCode::UNPROCESSABLE_ENTITY, refusal.to_string()),
                Failure::Secret => {
                    (StatusCode::INTERNAL_SERVER_ERROR, "the key server's own secret cannot be read".to_owned())
                }
                Failure::Rehearsed(status) => (status, "a rehearsed fault".to_owned()),
            };
            tracing::info!(status = status.as_u16(), reason, "refused");
            (status, "text/plain; charset=utf-8", reason + "\n")
        }
    };
    let headers = [
        (header::CONTENT_TYPE.as_str(), content_type),
        (header::CACHE_CONTROL.as_str(), "no-store"),
        (VERSION_HEADER, version),
    ];
    let mut response = (status, headers, body).into_response();
    if status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"speke\""));
    }
    response
}

/// The version of SPEKE that the request is in.
fn spoken(headers: &HeaderMap) -> Option<SpekeVersion> {
    let asked = headers.get(VERSION_HEADER)?.as_bytes();
    SpekeVersion::ALL.into_iter().find(|version| version.speke().as_bytes() == asked)
}

fn answer(server: &Keyserver, headers: &HeaderMap, body: &[u8]) -> Result<String, Failure> {
    if let Some(wanted) = server.credentials.header().map_err(|_| Failure::Secret)? {
        let shown = headers.get(header::AUTHORIZATION).map_or(&[][..], HeaderValue::as_bytes);
        // Of digests, so that the time tells nothing of the length either.
        if !bool::from(Sha256::digest(shown).ct_eq(&Sha256::digest(wanted.as_bytes()))) {
            return Err(Failure::Unauthorized);
        }
    }
    if let Some(status) = server.faults.status.and_then(|status| StatusCode::from_u16(status).ok()) {
        return Err(Failure::Rehearsed(status));
    }
    let version = spoken(headers).ok_or(Failure::Refused(Refusal::SpekeVersion))?;
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    if !content_type.split(';').next().unwrap_or("").trim().eq_ignore_ascii_case("application/xml") {
        return Err(Failure::MediaType);
    }
    let document = cpix::parse(body).map_err(Failure::Xml)?;
    let master = match &server.master {
        Some(secret) => MasterSecret::new(secret.read().map_err(|_| Failure::Secret)?.as_bytes()),
        None => MasterSecret::built_in(),
    };
    let mut filled = fill::fill(document, version, &master, SystemTime::now(), &mut OsRng).map_err(Failure::Refused)?;
    faults::spoil(&mut filled, &server.faults);
    let mut text = cpix::write(&filled).to_string();
    if server.faults.garbage {
        text.truncate(text.floor_char_boundary(text.len() / 2));
    }
    Ok(text)
}

#[cfg(test)]
mod judged;
#[cfg(test)]
pub(crate) mod tests;
