use std::io::Write;

use fastly::{
    handle::{BodyHandle, ResponseHandle},
    http::{FramingHeadersMode, HeaderName, header},
    log::Endpoint,
};
use sluice_app::{Body, Response, host::ByteStream};

use crate::{names, ready::ready};

/// Writes a response, its body as it comes.
///
/// Where the body breaks off it is abandoned: the client sees a broken response, not a short one.
pub(crate) fn write<B: ByteStream>(mut response: Response<B>) {
    let mut outgoing = ResponseHandle::new();
    outgoing.set_status(response.status);
    for (name, value) in &response.headers {
        outgoing.append_header(name, value);
    }
    if let Some((name, value)) = response.chosen()
        && let Ok(name) = HeaderName::from_bytes(name.as_bytes())
    {
        outgoing.append_header(&name, value);
    }
    if response.headers.contains_key(header::CONTENT_LENGTH) {
        // Of a body that is streamed, and of one that HEAD leaves out, the platform cannot know it.
        outgoing.set_framing_headers_mode(FramingHeadersMode::ManuallyFromHeaders);
    } else if matches!(response.body, Body::Empty) {
        outgoing.send_to_client(BodyHandle::new());
        return;
    }
    let mut client = outgoing.stream_to_client(BodyHandle::new());
    loop {
        match ready(response.body.next()) {
            Ok(Some(chunk)) => {
                // An error: the client has left.
                if client.write_all(&chunk).is_err() {
                    return;
                }
            }
            Ok(None) => break,
            Err(error) => {
                if let Ok(mut log) = Endpoint::try_from_name(names::LOG_ENDPOINT) {
                    let _ = writeln!(log, "{{\"aborted\":{:?}}}", error.to_string());
                }
                let _ = client.abandon();
                return;
            }
        }
    }
    let _ = client.finish();
}
