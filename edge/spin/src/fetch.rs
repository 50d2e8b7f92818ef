use sluice_app::host::{ByteStream, Fetch, FetchError, Fetched};
use spin_sdk::wit::wasi::http0_2_0::{
    outgoing_handler,
    types::{
        ErrorCode, Fields, IncomingBody, IncomingResponse, Method, OutgoingBody, OutgoingRequest, RequestOptions,
        Scheme,
    },
};
use wasi::io::streams::{InputStream, StreamError};

use crate::{outgoing, poll};

/// The most that is read at once, bytes.
const READ: u64 = 256 * 1024;

/// The body of a response from the origin.
pub(crate) struct OriginBody {
    // Before its body, of which it is a child.
    stream: InputStream,
    _body: IncomingBody,
}

/// Sends a request and waits for the response's head.
pub(crate) async fn fetch(fetch: &Fetch) -> Result<Fetched<OriginBody>, FetchError> {
    let request = request(fetch)?;
    let body = fetch.post.as_ref().map(|post| Ok((request.body().map_err(|()| FetchError::Unreachable)?, &post.body)));
    let body = body.transpose()?;
    let future = outgoing_handler::handle(request, Some(options(fetch))).map_err(|error| fetch_error(&error))?;
    if let Some((body, bytes)) = body {
        send(body, bytes).await?;
    }
    let response = loop {
        match future.get() {
            Some(Ok(Ok(response))) => break response,
            Some(Ok(Err(error))) => return Err(fetch_error(&error)),
            Some(Err(())) => return Err(FetchError::Unreachable),
            None => poll::ready(future.subscribe()).await,
        }
    };
    let body = response.consume().map_err(|()| FetchError::Unreachable)?;
    let stream = body.stream().map_err(|()| FetchError::Unreachable)?;
    let (length, content_type) = (header(&response, "content-length"), header(&response, "content-type"));
    Ok(Fetched {
        status: response.status(),
        length: length.and_then(|text| text.parse().ok()),
        content_type,
        body: OriginBody { stream, _body: body },
    })
}

/// Writes the body of a request that is on its way.
async fn send(body: OutgoingBody, bytes: &[u8]) -> Result<(), FetchError> {
    let stream = body.write().map_err(|()| FetchError::Unreachable)?;
    // A server may answer without having read all: what it answers is what counts.
    let _ = outgoing::write_all(&stream, bytes).await;
    drop(stream);
    OutgoingBody::finish(body, None).map_err(|error| fetch_error(&error))
}

fn request(fetch: &Fetch) -> Result<OutgoingRequest, FetchError> {
    let headers = Fields::new();
    let set = |name: &str, value: Vec<u8>| headers.set(name, &[value]).map_err(|_| FetchError::Unreachable);
    if let Some(secret) = &fetch.secret {
        set("x-origin-secret", secret.as_bytes().to_vec())?;
    }
    if let Some((first, last)) = fetch.range {
        set("range", format!("bytes={first}-{last}").into_bytes())?;
    }
    if let Some(post) = &fetch.post {
        for (name, value) in &post.headers {
            set(name, value.as_bytes().to_vec())?;
        }
        set("content-length", post.body.len().to_string().into_bytes())?;
    }
    let request = OutgoingRequest::new(headers);
    if fetch.post.is_some() {
        request.set_method(&Method::Post).map_err(|()| FetchError::Unreachable)?;
    }
    let (scheme, rest) = match fetch.url.split_once("://") {
        Some(("http", rest)) => (Scheme::Http, rest),
        Some(("https", rest)) => (Scheme::Https, rest),
        _ => return Err(FetchError::Unreachable),
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    request
        .set_scheme(Some(&scheme))
        .and_then(|()| request.set_authority(Some(authority)))
        .and_then(|()| request.set_path_with_query(Some(path)))
        .map_err(|()| FetchError::Unreachable)?;
    Ok(request)
}

fn options(fetch: &Fetch) -> RequestOptions {
    let options = RequestOptions::new();
    let nanoseconds = |milliseconds: u64| Some(milliseconds.saturating_mul(1_000_000));
    // A host that cannot time one of these says so by an error, and keeps its own.
    let _ = options.set_connect_timeout(nanoseconds(fetch.timeouts.connect));
    let _ = options.set_first_byte_timeout(nanoseconds(fetch.timeouts.first_byte));
    let _ = options.set_between_bytes_timeout(nanoseconds(fetch.timeouts.between_bytes));
    options
}

fn header(response: &IncomingResponse, name: &str) -> Option<String> {
    let value = response.headers().get(name).into_iter().next()?;
    String::from_utf8(value).ok()
}

fn fetch_error(error: &ErrorCode) -> FetchError {
    match error {
        ErrorCode::ConnectionTimeout
        | ErrorCode::ConnectionReadTimeout
        | ErrorCode::ConnectionWriteTimeout
        | ErrorCode::HttpResponseTimeout
        | ErrorCode::DnsTimeout => FetchError::Timeout,
        ErrorCode::HttpResponseIncomplete => FetchError::Cut,
        _ => FetchError::Unreachable,
    }
}

impl ByteStream for OriginBody {
    async fn next(&mut self) -> Result<Option<Vec<u8>>, FetchError> {
        loop {
            match self.stream.read(READ) {
                Ok(chunk) if chunk.is_empty() => poll::ready(self.stream.subscribe()).await,
                Ok(chunk) => return Ok(Some(chunk)),
                Err(StreamError::Closed) => return Ok(None),
                Err(StreamError::LastOperationFailed(error)) => {
                    let code = spin_sdk::wit::wasi::http0_2_0::types::http_error_code(&error);
                    return Err(match code.map(|code| fetch_error(&code)) {
                        Some(FetchError::Timeout) => FetchError::Timeout,
                        _ => FetchError::Cut,
                    });
                }
            }
        }
    }

    fn reject(&mut self) {
        // Nothing is kept here; the caching proxy before the origin goes by its own rules.
    }
}
