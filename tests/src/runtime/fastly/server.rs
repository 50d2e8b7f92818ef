use std::{convert::Infallible, net::SocketAddr, sync::Arc};

// The hyper of viceroy-lib's interface.
use hyper_0_14::{Body, Request, Response, StatusCode, server::conn::Http, service::service_fn};
use tokio::net::TcpListener;
use viceroy_lib::body::Body as GuestBody;

use super::{Failures, body::ResponseBody, contexts::Contexts};
use crate::server::Server;

/// Serves the program on a listening socket at `local`.
pub(super) fn start(listener: TcpListener, local: SocketAddr, contexts: Arc<Contexts>, failures: Failures) -> Server {
    Server::start(listener, move |stream, peer| {
        let (contexts, failures) = (contexts.clone(), failures.clone());
        async move {
            let service = service_fn(move |request| answer(contexts.clone(), local, peer, failures.clone(), request));
            // An error means that the client left, or that a response was broken off: both as intended.
            let _ = Http::new().http1_only(true).serve_connection(stream, service).await;
        }
    })
}

async fn answer(
    contexts: Arc<Contexts>,
    local: SocketAddr,
    peer: SocketAddr,
    failures: Failures,
    request: Request<Body>,
) -> Result<Response<ResponseBody>, Infallible> {
    let name = format!("{} {}", request.method(), request.uri());
    let context = match contexts.current().await {
        Ok(context) => context,
        Err(error) => {
            failures.record(format!("{name}: {error:#}"));
            return Ok(empty(StatusCode::INTERNAL_SERVER_ERROR));
        }
    };
    // In a task of its own, which a client who leaves does not end: viceroy-lib panics in the middle of a guest whose response nobody
    // is there to receive, and what the guest was fetching for others is lost.
    let handled = tokio::spawn(async move { context.handle_request(request, local, peer).await });
    Ok(match handled.await {
        Ok(Ok((response, None))) => response.map(ResponseBody::new),
        Ok(Ok((_, Some(trap)))) => {
            failures.record(format!("{name}: {trap:#}"));
            empty(StatusCode::INTERNAL_SERVER_ERROR)
        }
        // No host, or none that can be part of a URL.
        Ok(Err(_)) => empty(StatusCode::BAD_REQUEST),
        Err(panic) => {
            failures.record(format!("{name}: {panic}"));
            empty(StatusCode::INTERNAL_SERVER_ERROR)
        }
    })
}

fn empty(status: StatusCode) -> Response<ResponseBody> {
    let mut response = Response::new(ResponseBody::new(GuestBody::empty()));
    *response.status_mut() = status;
    response
}
