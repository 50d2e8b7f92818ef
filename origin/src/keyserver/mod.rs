//! A development DRM key provider: SPEKE v2.0 over HTTP, content keys derived from one master secret.
//!
//! For development and tests: anybody who knows the master secret knows every key. It answers as the specification and
//! awslabs/speke-reference-server's v2 suite have it: errors are 422 with a plain reason, never 200, and there is no
//! fall-back to SPEKE v1.

mod check;
mod derive;
mod fill;
mod signal;

use std::sync::Arc;

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

pub use check::Refusal;
pub use derive::MasterSecret;

use crate::{
    config::{ConfigError, KeyserverConfig, Secret},
    cpix::{self, XmlError},
    running::{Running, StartError},
    speke::{Credentials, USER_AGENT_HEADER, VERSION, VERSION_HEADER},
};

/// Where it takes requests.
pub const PATH: &str = "/speke/v2.0/copyProtection";

const USER_AGENT: &str = concat!("sluice-keyserver/", env!("CARGO_PKG_VERSION"));

/// Shortest master secret, in bytes.
const SHORTEST: usize = 16;

struct Keyserver {
    /// `None` is the built-in secret.
    master: Option<Secret>,
    credentials: Credentials,
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
    Ok(Router::new()
        .route(PATH, post(speke))
        .route("/healthz", get(|| async { "ok\n" }))
        .layer(DefaultBodyLimit::max(cpix::LARGEST))
        .with_state(Arc::new(Keyserver { master, credentials })))
}

/// What an exchange comes to when not to keys.
enum Failure {
    Unauthorized,
    MediaType,
    Xml(XmlError),
    Refused(Refusal),
    Secret,
}

async fn speke(State(server): State<Arc<Keyserver>>, headers: HeaderMap, body: Bytes) -> Response {
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
            };
            tracing::info!(status = status.as_u16(), reason, "refused");
            (status, "text/plain; charset=utf-8", reason + "\n")
        }
    };
    let headers = [
        (header::CONTENT_TYPE.as_str(), content_type),
        (header::CACHE_CONTROL.as_str(), "no-store"),
        (VERSION_HEADER, VERSION),
        (USER_AGENT_HEADER, USER_AGENT),
    ];
    let mut response = (status, headers, body).into_response();
    if status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"speke\""));
    }
    response
}

fn answer(server: &Keyserver, headers: &HeaderMap, body: &[u8]) -> Result<String, Failure> {
    if let Some(wanted) = server.credentials.header().map_err(|_| Failure::Secret)? {
        let shown = headers.get(header::AUTHORIZATION).map_or(&[][..], HeaderValue::as_bytes);
        // Of digests, so that the time tells nothing of the length either.
        if !bool::from(Sha256::digest(shown).ct_eq(&Sha256::digest(wanted.as_bytes()))) {
            return Err(Failure::Unauthorized);
        }
    }
    if headers.get(VERSION_HEADER).is_none_or(|version| version.as_bytes() != VERSION.as_bytes()) {
        return Err(Failure::Refused(Refusal::SpekeVersion));
    }
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    if !content_type.split(';').next().unwrap_or("").trim().eq_ignore_ascii_case("application/xml") {
        return Err(Failure::MediaType);
    }
    let document = cpix::parse(body).map_err(Failure::Xml)?;
    let master = match &server.master {
        Some(secret) => MasterSecret::new(secret.read().map_err(|_| Failure::Secret)?.as_bytes()),
        None => MasterSecret::built_in(),
    };
    let filled = fill::fill(document, &master).map_err(Failure::Refused)?;
    Ok(cpix::write(&filled).to_string())
}

#[cfg(test)]
pub(crate) mod tests {
    use zeroize::Zeroizing;

    use super::*;
    use crate::cpix::{KeyRequest, parse, write, write_request};

    /// The key server's answer to a request, with the built-in secret.
    pub(crate) fn answered(request: &KeyRequest) -> Zeroizing<String> {
        let document = parse(write_request(request).as_bytes()).expect("well-formed");
        write(&fill::fill(document, &MasterSecret::built_in()).expect("a good request"))
    }
}
