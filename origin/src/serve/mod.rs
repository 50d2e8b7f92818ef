//! The origin over HTTP, for edges only: descriptors, clear renditions, wrapped keys.
//!
//! Every request carries `X-Origin-Secret`. Without it the answer is 403 with an empty body, whatever was asked for:
//! neither existence nor method is looked at before.
//!
//! In the chain of custody an edge is called by its address, and by what it, or a proxy in front of it, says in `X-Sluice-Edge`: `[a-z0-9._-]{1,64}`.

mod auth;
mod conditional;
mod decisions;
mod jwks;
mod keys;
mod media;
mod metrics;
mod problem;
mod route;
mod segment;
mod signalling;
mod store;
mod watch;

use std::{net::SocketAddr, sync::Arc, time::Duration, time::Instant};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request, State},
    http::{HeaderValue, Method, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
    routing::get,
};

use self::{auth::OriginAuth, metrics::Metrics, problem::Problem, route::Route, store::Store, watch::Watch};
use crate::{
    config::OriginConfig,
    custody::AuditKeys,
    decisions::Intake,
    jwks::JwksService,
    keys::KeyService,
    running::{Running, StartError},
};

/// Longest path that is logged, in bytes.
const LOGGED: usize = 256;
/// The header in which an edge says its name.
const EDGE: &str = "x-sluice-edge";

struct Origin {
    auth: OriginAuth,
    store: Store,
    keys: Option<KeyService>,
    watch: Arc<Watch>,
    intake: Option<Intake>,
    jwks: JwksService,
    metrics: Metrics,
    timeout: Duration,
    descriptor_cache: HeaderValue,
}

/// Starts an origin in this process.
///
/// # Errors
/// [`StartError`]: a configuration that is refused, a secret that cannot be had, an address that is taken.
pub async fn start(config: OriginConfig) -> Result<Running, StartError> {
    config.validate()?;
    let timeout = Duration::from_secs(config.request_timeout_seconds);
    let watch = Arc::new(Watch::new(&config)?);
    let keys = config.keys.as_ref().map(|keys| KeyService::new(keys, Arc::clone(&watch) as _)).transpose()?;
    if let Some(keys) = &keys {
        keys.check_kek().map_err(StartError::secret("keys.kek"))?;
    }
    let shipper = config.decisions.as_ref().and_then(|decisions| decisions.secret.as_ref());
    let intake = config.decisions.as_ref().zip(config.audit.as_ref());
    let descriptor_cache = format!("max-age={}", config.descriptor_max_age_seconds);
    let origin = Arc::new(Origin {
        auth: OriginAuth::new(&config.secrets, shipper)?,
        store: Store::open(&config.store, timeout)?,
        keys,
        watch,
        intake: intake.map(|(decisions, audit)| Intake::new(AuditKeys::new(audit), decisions.threshold)),
        jwks: JwksService::new(&config.jwks)?,
        metrics: Metrics::default(),
        timeout,
        descriptor_cache: HeaderValue::from_str(&descriptor_cache)
            .unwrap_or_else(|_| HeaderValue::from_static("no-cache")),
    });
    let router = Router::new().fallback(handle).with_state(Arc::clone(&origin));
    let running = Running::start(config.listen, router).await?;
    match config.metrics_listen {
        None => Ok(running),
        Some(address) => {
            let text =
                get(
                    move || async move { ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], origin.exposition()) },
                );
            running.with_metrics(address, Router::new().route("/metrics", text)).await
        }
    }
}

async fn handle(State(origin): State<Arc<Origin>>, request: Request) -> Response {
    let started = Instant::now();
    let (request, body) = request.into_parts();
    let route = Route::parse(request.uri.path());
    let (kind, mut response) = if origin.auth.admits(&request.headers, route == Ok(Route::Decisions)) {
        let kind = route.as_ref().map_or("none", Route::kind);
        let answer = tokio::time::timeout(origin.timeout, dispatch(&origin, route, &request, body)).await;
        let response = answer.unwrap_or(Err(Problem::Timeout)).unwrap_or_else(Problem::into_response);
        (kind, response)
    } else {
        ("refused", StatusCode::FORBIDDEN.into_response())
    };
    // An answer that a cache between edge and origin keeps is for those who show the same secret.
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("X-Origin-Secret"));
    let status = response.status();
    origin.metrics.count(kind, status);
    let path = request.uri.path();
    tracing::info!(
        method = request.method.as_str(),
        path = path.get(..path.floor_char_boundary(LOGGED)).unwrap_or(path),
        route = kind,
        status = status.as_u16(),
        length = response.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()).unwrap_or("-"),
        micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX),
        "request"
    );
    response
}

async fn dispatch(
    origin: &Origin,
    route: Result<Route, Problem>,
    request: &Parts,
    body: Body,
) -> Result<Response, Problem> {
    let route = route?;
    if route == Route::Decisions {
        return if request.method == Method::POST {
            decisions::take(origin, body).await
        } else {
            Err(Problem::Method("POST"))
        };
    }
    if !matches!(request.method, Method::GET | Method::HEAD) {
        return Err(Problem::Method("GET, HEAD"));
    }
    match route {
        Route::Health => Ok(([(header::CACHE_CONTROL, "no-store")], "ok\n").into_response()),
        Route::Descriptor(title) => {
            let cache = origin.descriptor_cache.clone();
            media::send(&origin.store, &media::Object::descriptor(&title, cache), request).await
        }
        Route::Media { title, version, track, file } => {
            media::send(&origin.store, &media::Object::file(&title, &version, &track, file), request).await
        }
        Route::Segment { title, version, track, number, delivery } => {
            segment::send(origin, &title, &version, &track, number, delivery, &edge(request)).await
        }
        Route::Keys { title, version, delivery } => {
            keys::send(origin, &title, &version, delivery, &edge(request)).await
        }
        Route::Signalling { title, version, delivery } => signalling::send(origin, &title, &version, delivery).await,
        Route::KeySet(name) => jwks::send(&origin.jwks, &name, request.uri.query() == Some("refresh")).await,
        Route::Decisions => Err(Problem::UnknownRoute),
    }
}

/// What the edge is called that asks.
fn edge(request: &Parts) -> String {
    let address = request.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip().to_string());
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
    let name = request.headers.get(EDGE).and_then(|name| name.to_str().ok());
    let name = name.filter(|name| (1..=64).contains(&name.len()) && name.bytes().all(letter));
    match (name, address) {
        (Some(name), Some(address)) => format!("{name} {address}"),
        (Some(known), None) => known.to_owned(),
        (None, address) => address.unwrap_or_default(),
    }
}

impl Origin {
    /// Prometheus' text format 0.0.4.
    fn exposition(&self) -> String {
        let mut out = self.metrics.exposition();
        if let Some(keys) = &self.keys {
            keys.expose(&mut out);
        }
        if let Some(intake) = &self.intake {
            intake.expose(&mut out);
        }
        self.watch.expose(&mut out);
        out
    }
}
