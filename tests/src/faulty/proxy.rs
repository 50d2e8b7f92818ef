use std::{
    io,
    sync::{Arc, PoisonError},
};

use bytes::Bytes;
use futures::{StreamExt, stream};
use http::{HeaderMap, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::{
    body::{Frame, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioIo},
};
use tokio::net::TcpListener;

use super::{
    Fault, Rule, Seen, Shared,
    segment::{self, KEYS},
};
use crate::server::Server;

type Body = UnsyncBoxBody<Bytes, io::Error>;
type Upstream = Client<HttpConnector, Incoming>;

/// Serves the proxy on a listening socket.
pub(super) fn start(listener: TcpListener, shared: Arc<Shared>) -> Server {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let client: Upstream = Client::builder(TokioExecutor::new()).build(connector);
    Server::start(listener, move |stream, _| {
        let (shared, client) = (shared.clone(), client.clone());
        async move {
            let service = service_fn(move |request| answer(shared.clone(), client.clone(), request));
            // An error is a connection broken off, here mostly on purpose.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        }
    })
}

async fn answer(shared: Arc<Shared>, client: Upstream, request: Request<Incoming>) -> io::Result<Response<Body>> {
    let path = request.uri().path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string);
    let range =
        request.headers().get(header::RANGE).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let seen = Seen { method: request.method().to_string(), path: path.clone(), range };
    shared.seen.lock().unwrap_or_else(PoisonError::into_inner).push(seen);
    let fault = {
        let mut rules = shared.rules.lock().unwrap_or_else(PoisonError::into_inner);
        match segment::spoiled(&mut rules, &path) {
            Some((part, Fault::Replace(document))) => Err((part, document)),
            Some((KEYS, Fault::Status(_))) => Err((KEYS, Bytes::new())),
            Some((_, fault)) => Ok(Some(fault)),
            None => Ok(Rule::apply(&mut rules, &path)),
        }
    };
    let fault = match fault {
        Ok(fault) => fault,
        Err((part, document)) => {
            let (mut parts, body) = whole(&shared, &client, request).await?;
            let body = segment::replaced(&body, part, &document).unwrap_or(body.into());
            announce(&mut parts.headers, body.len());
            return Ok(Response::from_parts(parts, full(body)));
        }
    };
    match fault {
        None => Ok(forward(&shared, &client, request).await?.map(|body| body.map_err(io::Error::other).boxed_unsync())),
        Some(Fault::Status(status)) => Ok(made(status, Bytes::from_static(b"as told"))),
        Some(Fault::Replace(body)) => Ok(made(StatusCode::OK, body)),
        Some(Fault::Substitute(substitute)) => {
            let (mut parts, body) = whole(&shared, &client, request).await?;
            let body = if body.is_empty() { Bytes::new() } else { substitute };
            if !body.is_empty() {
                announce(&mut parts.headers, body.len());
            }
            Ok(Response::from_parts(parts, full(body)))
        }
        Some(Fault::Drop) => Err(broken()),
        Some(Fault::Silence) => {
            released(&shared).await;
            Err(broken())
        }
        Some(Fault::Delay(time)) => {
            tokio::time::sleep(time).await;
            Ok(forward(&shared, &client, request).await?.map(|body| body.map_err(io::Error::other).boxed_unsync()))
        }
        Some(Fault::Flip(at)) => {
            let (parts, mut body) = whole(&shared, &client, request).await?;
            if let Some(byte) = body.get_mut(at) {
                *byte ^= 1;
            }
            Ok(Response::from_parts(parts, full(body.into())))
        }
        Some(Fault::CutAfter(length)) => {
            let (mut parts, mut body) = whole(&shared, &client, request).await?;
            announce(&mut parts.headers, body.len());
            body.truncate(length);
            let rest = stream::iter([Ok(Frame::data(body.into())), Err(broken())]);
            Ok(Response::from_parts(parts, turn_by_turn(rest)))
        }
        Some(Fault::StallAfter(length)) => {
            let (mut parts, body) = whole(&shared, &client, request).await?;
            announce(&mut parts.headers, body.len());
            let mut first = Bytes::from(body);
            let rest = first.split_off(length.min(first.len()));
            let stalled = stream::once(async move {
                released(&shared).await;
                Ok(Frame::data(rest))
            });
            let body = stream::once(async { Ok(Frame::data(first)) }).chain(stalled);
            Ok(Response::from_parts(parts, turn_by_turn(body)))
        }
    }
}

/// A body that gives hyper time to write each part before it asks for the next: a failing body takes along what is unwritten.
fn turn_by_turn(frames: impl stream::Stream<Item = io::Result<Frame<Bytes>>> + Send + 'static) -> Body {
    let slowly = frames.then(|frame| async {
        tokio::task::yield_now().await;
        frame
    });
    BodyExt::boxed_unsync(StreamBody::new(slowly))
}

async fn forward(shared: &Shared, client: &Upstream, mut request: Request<Incoming>) -> io::Result<Response<Incoming>> {
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    *request.uri_mut() = format!("http://{}{path}", shared.upstream).parse().map_err(io::Error::other)?;
    for (name, value) in &*shared.headers.lock().unwrap_or_else(PoisonError::into_inner) {
        request.headers_mut().insert(name, value.clone());
    }
    client.request(request).await.map_err(io::Error::other)
}

async fn whole(
    shared: &Shared,
    client: &Upstream,
    request: Request<Incoming>,
) -> io::Result<(http::response::Parts, Vec<u8>)> {
    let (parts, body) = forward(shared, client, request).await?.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    Ok((parts, body.into()))
}

async fn released(shared: &Shared) {
    // An error means that the proxy has gone, and this task with it.
    let _ = shared.released.subscribe().wait_for(|released| *released).await;
}

fn announce(headers: &mut HeaderMap, length: usize) {
    headers.insert(header::CONTENT_LENGTH, length.into());
    headers.remove(header::TRANSFER_ENCODING);
}

fn made(status: StatusCode, body: Bytes) -> Response<Body> {
    let mut response = Response::new(full(body));
    *response.status_mut() = status;
    response
}

fn full(body: Bytes) -> Body {
    Full::new(body).map_err(|never| match never {}).boxed_unsync()
}

fn broken() -> io::Error {
    io::ErrorKind::ConnectionReset.into()
}
