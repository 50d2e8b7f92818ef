use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{Either, Empty};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpListener, sync::oneshot};
use wasmtime::{Store, component::Resource};
use wasmtime_wasi_http::{
    WasiHttpView,
    p2::{
        bindings::http::types::Scheme,
        body::HostOutgoingBody,
        types::{HostIncomingRequest, HostResponseOutparam},
    },
};

use super::{
    App,
    body::{Broken, GuestTask, ResponseBody},
    engine,
    state::State,
};
use crate::server::Server;

type ServerBody = Either<ResponseBody, Empty<bytes::Bytes>>;

/// Serves the app on a listening socket.
pub(super) fn start(listener: TcpListener, app: Arc<App>) -> Server {
    Server::start(listener, move |stream, peer| {
        let app = app.clone();
        async move {
            let service = service_fn(move |request| handle(app.clone(), peer, request));
            // An error means that the client left, or that a response was broken off: both as intended.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        }
    })
}

async fn handle(
    app: Arc<App>,
    peer: SocketAddr,
    mut request: Request<Incoming>,
) -> Result<Response<ServerBody>, Infallible> {
    set_spin_headers(&mut request, peer);
    let head_only = request.method() == Method::HEAD;
    Ok(match answer(app.clone(), request, head_only).await {
        Ok(response) => response,
        Err(Failure::BadRequest) => empty(StatusCode::BAD_REQUEST),
        Err(Failure::Guest) => empty(StatusCode::INTERNAL_SERVER_ERROR),
        Err(Failure::Runtime(error)) => {
            app.record_trap(format!("the runtime failed: {error:#}"));
            empty(StatusCode::INTERNAL_SERVER_ERROR)
        }
    })
}

/// What an instance lives in.
fn store(app: &App) -> Store<State> {
    let mut store = Store::new(app.pre.engine(), State::new(app));
    store.limiter(|state| &mut state.limits);
    store.set_epoch_deadline(1);
    store.epoch_deadline_async_yield_and_update(1);
    store
}

/// How long it takes to have an instance.
pub(super) async fn instantiate(app: &App) -> anyhow::Result<Duration> {
    let start = Instant::now();
    let mut store = store(app);
    app.pre.instantiate_async(&mut store).await?;
    Ok(start.elapsed())
}

enum Failure {
    /// No `Host`, which WASI cannot express.
    BadRequest,
    /// The guest gave no response; recorded already.
    Guest,
    Runtime(anyhow::Error),
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Runtime(error.into())
    }
}

async fn answer(app: Arc<App>, request: Request<Incoming>, head_only: bool) -> Result<Response<ServerBody>, Failure> {
    let slot = engine::slots()?.acquire_owned().await?;
    let mut store = store(&app);
    let name = format!("{} {}", request.method(), request.uri());
    let mut http = store.data_mut().http();
    let request = http.new_incoming_request(Scheme::Http, request).map_err(|_| Failure::BadRequest)?;
    let (sender, receiver) = oneshot::channel();
    let outparam = http.new_response_outparam(sender)?;

    let broken = Broken::default();
    let guest = run(app.clone(), name.clone(), store, request, outparam, broken.clone());
    let task = GuestTask::new(tokio::spawn(async move {
        guest.await;
        drop(slot);
    }));
    match receiver.await {
        Ok(Ok(response)) => {
            let (parts, body) = response.into_parts();
            let announced = announced(head_only, parts.status, &parts.headers);
            let body = ResponseBody::new(body, task, broken, announced);
            Ok(Response::from_parts(parts, Either::Left(body)))
        }
        Ok(Err(code)) => {
            app.record_trap(format!("{name}: the guest answered with an error: {code:?}"));
            task.ended().await;
            Err(Failure::Guest)
        }
        Err(_) => {
            task.ended().await;
            if !broken.is_set() {
                app.record_trap(format!("{name}: the guest ended without an answer"));
            }
            Err(Failure::Guest)
        }
    }
}

/// Runs one guest to its end, under the `name` of its request, and records how it failed, where it did.
async fn run(
    app: Arc<App>,
    name: String,
    mut store: Store<State>,
    request: Resource<HostIncomingRequest>,
    outparam: Resource<HostResponseOutparam>,
    broken: Broken,
) {
    let outcome = async {
        let proxy = app.pre.instantiate_async(&mut store).await?;
        proxy.wasi_http_incoming_handler().call_handle(&mut store, request, outparam).await
    };
    if let Err(error) = outcome.await {
        broken.set();
        app.record_trap(format!("{name}: {}\n{error:?}", error.root_cause()));
    } else if holds::<HostOutgoingBody>(&mut store) {
        // It would look like a proper end once the store is gone.
        broken.set();
        app.record_trap(format!("{name}: the guest ended with a body that it neither finished nor dropped"));
    }
}

/// Whether the guest still holds a resource of that type.
fn holds<T: 'static>(store: &mut Store<State>) -> bool {
    store.data_mut().table.iter_mut().any(|entry| entry.is::<T>())
}

/// How many bytes of body the client will be sent, where that is known.
fn announced(head_only: bool, status: StatusCode, headers: &HeaderMap) -> Option<u64> {
    if head_only || status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED {
        return Some(0);
    }
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Headers that begin with `spin-` are the host's to set: what clients send under such names is dropped.
fn set_spin_headers(request: &mut Request<Incoming>, peer: SocketAddr) {
    let full_url = {
        let host = request.headers().get(header::HOST).map_or(&b"localhost"[..], HeaderValue::as_bytes);
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        [b"http://", host, path.as_bytes()].concat()
    };
    let path = request.uri().path().to_owned();
    let headers = request.headers_mut();
    let forged: Vec<HeaderName> = headers.keys().filter(|name| name.as_str().starts_with("spin-")).cloned().collect();
    for name in forged {
        headers.remove(name);
    }
    let values = [
        ("spin-client-addr", peer.to_string().into_bytes()),
        ("spin-full-url", full_url),
        ("spin-path-info", path.into_bytes()),
    ];
    for (name, value) in values {
        if let Ok(value) = HeaderValue::from_bytes(&value) {
            headers.insert(name, value);
        }
    }
}

fn empty(status: StatusCode) -> Response<ServerBody> {
    let mut response = Response::new(Either::Right(Empty::new()));
    *response.status_mut() = status;
    response
}
