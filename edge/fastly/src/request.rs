use std::io::Read;

use fastly::handle::{BodyHandle, RequestHandle};
use http::{HeaderValue, Method};
use sluice_app::{Headers, MAX_BODY, MAX_TARGET, Request, host::Client};

use crate::{abi, geo};

/// The longest URL that is read: the longest target that the app takes and one byte more, so that it can tell, beside scheme and host.
const MAX_URL: usize = MAX_TARGET + 1 + 1024;

/// As long as all headers of a request may be on this platform, bytes.
const MAX_HEADERS: usize = 128 * 1024;
/// No method that the app knows is longer.
const MAX_METHOD: usize = 32;

/// A request, and who sent it.
pub(crate) struct Incoming {
    pub(crate) request: Request,
    pub(crate) client: Client,
}

/// Reads head and body.
pub(crate) fn read((head, body): (RequestHandle, BodyHandle)) -> Incoming {
    let Target { secure, authority, target } = Target::of(&head);
    let client = geo::client(head.client_ip_addr());
    // Of methods that are too long any will do that the app does not know.
    let method = head.get_method(MAX_METHOD).unwrap_or(Method::CONNECT);
    let headers = headers(&head);
    let mut bytes = Vec::new();
    // What breaks off is shorter than it should be, and no document of ours.
    let _ = body.take(MAX_BODY as u64 + 1).read_to_end(&mut bytes);
    Incoming { request: Request { method, target, authority, secure, headers, body: bytes }, client }
}

fn headers(head: &RequestHandle) -> Headers {
    let mut headers = Headers::default();
    for name in head.get_header_names(MAX_HEADERS).flatten() {
        for value in head.get_header_values(&name, MAX_HEADERS).flatten() {
            // Copied: the SDK's value is a part of the whole buffer, and holds it.
            if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
                headers.append(name.to_string(), value);
            }
        }
    }
    headers
}

/// The parts of an absolute URL, as they were received.
struct Target {
    secure: bool,
    authority: String,
    target: String,
}

impl Target {
    /// A URL that is too long becomes a target that is, for the app to refuse.
    fn of(head: &RequestHandle) -> Self {
        let url = abi::url(head, MAX_URL).unwrap_or_else(|| "/".repeat(MAX_TARGET + 1));
        let (scheme, rest) = url.split_once("://").unwrap_or(("", &url));
        let (authority, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        Self { secure: scheme == "https", authority: authority.to_owned(), target: target.to_owned() }
    }
}
