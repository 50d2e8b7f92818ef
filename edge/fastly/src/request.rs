use std::io::Read;

use fastly::geo;
use http::HeaderMap;
use sluice_app::{MAX_BODY, MAX_TARGET, Request, host::Client};

use crate::abi;

/// The longest URL that is read: the longest target that the app takes and one byte more, so that it can tell, beside scheme and host.
const MAX_URL: usize = MAX_TARGET + 1 + 1024;

/// A request, and who sent it.
pub(crate) struct Incoming {
    pub(crate) request: Request,
    pub(crate) client: Client,
}

/// Reads head and body.
pub(crate) fn read(mut incoming: fastly::Request) -> Incoming {
    let Target { secure, authority, target } = Target::of(&incoming);
    let headers: HeaderMap = incoming.get_headers().map(|(name, value)| (name.clone(), value.clone())).fold(
        HeaderMap::new(),
        |mut all, header| {
            all.append(header.0, header.1);
            all
        },
    );
    let client = client(&incoming);
    let method = incoming.get_method().clone();
    let mut body = Vec::new();
    // What breaks off is shorter than it should be, and no document of ours.
    let _ = incoming.take_body().take(MAX_BODY as u64 + 1).read_to_end(&mut body);
    Incoming { request: Request { method, target, authority, secure, headers, body }, client }
}

/// What the platform tells of the client: never what a header claims.
fn client(incoming: &fastly::Request) -> Client {
    let address = incoming.get_client_ip_addr();
    let geo = address.and_then(geo::geo_lookup);
    let country = geo.as_ref().and_then(|geo| country(geo.country_code()));
    let asn = geo.as_ref().map(geo::Geo::as_number).filter(|number| *number != 0);
    Client { address, country, asn }
}

/// Two letters. Of addresses that it does not know the platform says `**`, of some kinds of proxies `XX`-like codes.
fn country(code: &str) -> Option<[u8; 2]> {
    let code: [u8; 2] = code.as_bytes().try_into().ok()?;
    let known = code.iter().all(u8::is_ascii_alphabetic) && !code.eq_ignore_ascii_case(b"XX");
    known.then(|| code.map(|letter| letter.to_ascii_uppercase()))
}

/// The parts of an absolute URL, as they were received.
struct Target {
    secure: bool,
    authority: String,
    target: String,
}

impl Target {
    /// A URL that is too long becomes a target that is, for the app to refuse.
    fn of(incoming: &fastly::Request) -> Self {
        let url = abi::url(incoming.as_handles().0, MAX_URL).unwrap_or_else(|| "/".repeat(MAX_TARGET + 1));
        let (scheme, rest) = url.split_once("://").unwrap_or(("", &url));
        let (authority, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        Self { secure: scheme == "https", authority: authority.to_owned(), target: target.to_owned() }
    }
}
