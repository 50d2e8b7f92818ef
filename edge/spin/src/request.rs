use http::{HeaderValue, Method};
use sluice_app::{Headers, MAX_BODY, Request, host::Client};
use spin_sdk::{
    http::IncomingRequest,
    wit::wasi::http0_2_0::types::{Method as WasiMethod, Scheme},
};
use wasi::io::streams::StreamError;

use crate::poll;

/// The client's address, by the header that Spin sets itself.
pub(crate) fn client(incoming: &IncomingRequest) -> Client {
    let values = incoming.headers().get("spin-client-addr");
    let address = values.last().and_then(|value| {
        let text = core::str::from_utf8(value).ok()?;
        text.parse::<core::net::SocketAddr>().map(|socket| socket.ip()).or_else(|_| text.parse()).ok()
    });
    Client { address, ..Client::default() }
}

/// Reads head and body. What is not HTTP at all does not get here; a header that `http` refuses the value of is left out.
pub(crate) async fn read(incoming: IncomingRequest) -> Request {
    let mut headers = Headers::default();
    for (name, value) in incoming.headers().entries() {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.append(name, value);
        }
    }
    Request {
        method: method(&incoming.method()),
        target: incoming.path_with_query().unwrap_or_default(),
        authority: incoming.authority().unwrap_or_default(),
        secure: matches!(incoming.scheme(), Some(Scheme::Https)),
        headers,
        body: body(&incoming).await,
    }
}

fn method(method: &WasiMethod) -> Method {
    match method {
        WasiMethod::Get => Method::GET,
        WasiMethod::Head => Method::HEAD,
        WasiMethod::Post => Method::POST,
        WasiMethod::Put => Method::PUT,
        WasiMethod::Delete => Method::DELETE,
        WasiMethod::Connect => Method::CONNECT,
        WasiMethod::Options => Method::OPTIONS,
        WasiMethod::Trace => Method::TRACE,
        WasiMethod::Patch => Method::PATCH,
        WasiMethod::Other(other) => Method::from_bytes(other.as_bytes()).unwrap_or(Method::TRACE),
    }
}

/// At most one byte more than the app takes, so that it can tell too long from long.
async fn body(incoming: &IncomingRequest) -> Vec<u8> {
    let mut bytes = Vec::new();
    let Ok(body) = incoming.consume() else { return bytes };
    let Ok(stream) = body.stream() else { return bytes };
    while bytes.len() <= MAX_BODY {
        match stream.read((MAX_BODY + 1 - bytes.len()) as u64) {
            Ok(chunk) if chunk.is_empty() => poll::ready(stream.subscribe()).await,
            Ok(chunk) => bytes.extend_from_slice(&chunk),
            Err(StreamError::Closed | StreamError::LastOperationFailed(_)) => break,
        }
    }
    bytes
}
