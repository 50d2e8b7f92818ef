//! Licences of Widevine, PlayReady and FairPlay: the second gate, then the vendor's licence server, told by its own token what the viewer may have.
//!
//! What the device and the server say to each other is theirs. Nothing else of the viewer reaches the server (no cookie, no lease, no address),
//! and nothing else of the server the viewer.

use core::fmt::Write;

use http::{HeaderName, StatusCode, header};
use sluice_gate::{
    Deny,
    entitlement::{Carried, Entitlement, System},
};
use sluice_packager::keys::Kid;

use super::{Viewing, keys};
use crate::{
    Error, Host, Request, Response, confirm,
    decision::Licensed,
    entitled::{self, Right},
    host::{ByteStream, Fetch, FetchError, Fetched, Keep, Post},
    licenses::{self, LicenseServers},
    origin::{self, Unread},
    response::NO_STORE,
    secrets,
};

/// The largest licence, bytes.
const MAX_LICENSE: usize = 256 << 10;
/// The largest certificate, bytes.
const MAX_CERTIFICATE: usize = 16 << 10;
/// How long a certificate may be kept at the edge, seconds.
const CERTIFICATE_SECONDS: u64 = 3_600;
/// How many keys the reason of a refusal names.
const MAX_NAMED: usize = 8;
/// The longest `SOAPAction`, bytes.
const MAX_ACTION: usize = 256;
/// What a body is where nothing else is said of it, or something unheard of.
const OCTETS: &str = "application/octet-stream";
const SOAP_ACTION: HeaderName = HeaderName::from_static("soapaction");

/// `POST /v1/{title}/license/{system}`. With `?kid=HEX,HEX` the licence is for those keys alone.
pub(super) async fn license<H: Host>(viewing: &Viewing<'_, H>, system: System) -> Result<Response<H::Body>, Error> {
    let Viewing { context, credential, title: id, .. } = viewing;
    let request = context.request;
    let wanted = wanted(request)?;
    if request.body.is_empty() {
        return Err(Error::BadRequest("there is no license request in the body"));
    }
    let (title, window) = keys::allowed(viewing, licenses::listed_as(system)).await?;
    let (servers, endpoint) =
        licenses::serving(&context.config.licenses, system).ok_or_else(|| unconfigured(system))?;
    // Only where the title lets licences be stored does it matter whether the grant does.
    let persistent = title.rights.license.persistent && confirm::may_store(context.host, credential).await?;
    let now = context.host.now();
    let right = Right {
        max_height: credential.max_height(),
        deliveries: credential.deliveries(),
        ends: window.map_or(credential.ends(), |closes| closes.min(credential.ends())),
        persistent,
    };
    let entitled::Keys { mut keys, mut others } = entitled::keys(&title, system, &right);
    if let Some(wanted) = wanted {
        if servers.token.callback {
            return Err(Error::BadRequest("kid: this licence server asks by itself which keys a session may have"));
        }
        // The conditions are those of the keys that are left, so that the vendor must be able to leave out the rest: the device may ask it for any.
        others.extend(keys.extract_if(.., |key| !wanted.contains(&Kid(key.kid))));
    }
    if keys.is_empty() {
        return Err(Deny::NotEntitled.into());
    }
    let entitlement = Entitlement {
        title: id.as_str(),
        session: &credential.session().to_string(),
        account: &credential.account().to_string(),
        system,
        keys: &keys,
        others: &others,
        now,
        restrictions: &entitled::restrictions(&title, &right, servers.seconds, now),
    };
    let carried = token(context.host, servers, &entitlement).await?;
    let asked = Asked { servers, kids: Licensed::kids(&keys) };
    let started = context.host.elapsed();
    let fetch = Fetch {
        backend: endpoint.backend.clone(),
        url: with_query(&endpoint.url, &carried),
        secret: None,
        post: Some(Post { headers: headers(request, system, carried), body: request.body.clone() }),
        range: None,
        keep: None,
        timeouts: servers.timeouts(),
    };
    let answered = answer(context.host.fetch(&fetch).await, MAX_LICENSE).await;
    let ms = context.host.elapsed().saturating_sub(started);
    let (content_type, license) = answered.map_err(|failure| asked.failed(&failure, ms))?;
    let licensed =
        Licensed { system: licenses::listed_as(system), kids: &asked.kids, vendor: Some(servers.name()), ms: Some(ms) };
    confirm::licensed(&context.journal(), credential.subject(), "license", &licensed).await?;
    Ok(Response::full(StatusCode::OK, content_type, license).cached(NO_STORE))
}

/// `GET /v1/{title}/license/fairplay/certificate`: the operator's, which is no secret and nobody's in particular.
pub(super) async fn certificate<H: Host>(viewing: &Viewing<'_, H>) -> Result<Response<H::Body>, Error> {
    let context = viewing.context;
    keys::allowed(viewing, licenses::listed_as(System::Fairplay)).await?;
    let found = licenses::serving(&context.config.licenses, System::Fairplay);
    let (servers, certificate) = found
        .and_then(|(servers, endpoint)| Some((servers, endpoint.certificate.as_ref()?)))
        .ok_or_else(|| Error::Internal("licenses has no certificate of FairPlay".to_owned()))?;
    let started = context.host.elapsed();
    let fetch = Fetch {
        backend: certificate.backend.clone(),
        url: certificate.url.clone(),
        secret: None,
        post: None,
        range: None,
        keep: Some(Keep { seconds: CERTIFICATE_SECONDS, surrogate_keys: vec!["license/fairplay".to_owned()] }),
        timeouts: servers.timeouts(),
    };
    let answered = answer(context.host.fetch(&fetch).await, MAX_CERTIFICATE).await;
    let ms = context.host.elapsed().saturating_sub(started);
    let (_, body) = answered.map_err(|failure| Asked { servers, kids: Vec::new() }.failed(&failure, ms))?;
    Ok(Response::full(StatusCode::OK, OCTETS, body).cached(NO_STORE))
}

fn unconfigured(system: System) -> Error {
    Error::Internal(format!("licenses has no server of {}", licenses::listed_as(system).as_str()))
}

/// The key ids that the request is for; `None` for all that may be had.
fn wanted(request: &Request) -> Result<Option<Vec<Kid>>, Error> {
    let Some(list) = request.parameter("kid") else { return Ok(None) };
    let kids: Result<Vec<Kid>, _> = list.split(',').map(str::parse).collect();
    kids.map(Some).map_err(|_| Error::BadRequest("kid is no list of key ids"))
}

/// What the server is told of the viewer.
async fn token<H: Host>(
    host: &H,
    servers: &LicenseServers,
    entitlement: &Entitlement<'_>,
) -> Result<Vec<Carried>, Error> {
    let secrets = secrets::named(host, servers.token.secret_names()).await?;
    let mut random = [0; 16];
    host.random(&mut random);
    let made = servers.token.token(|name| secrets.find(name), entitlement, random);
    made.map_err(|error| Error::Internal(format!("licenses: {}: {error}", servers.name())))
}

/// The server's URL, with what goes into its query.
fn with_query(url: &str, carried: &[Carried]) -> String {
    let mut url = url.to_owned();
    let mut mark = if url.contains('?') { '&' } else { '?' };
    for carried in carried {
        let Carried::Query { name, value } = carried else { continue };
        url.push(mark);
        escape(&mut url, name);
        url.push('=');
        escape(&mut url, value);
        mark = '&';
    }
    url
}

/// Percent-encodes all but the unreserved characters (RFC 3986, 2.3).
fn escape(url: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            url.push(byte.into());
        } else {
            // Writing to a string does not fail.
            let _ = write!(url, "%{byte:02X}");
        }
    }
}

/// What the server gets beside the body: the body's type, PlayReady's action, and what it is told of the viewer.
fn headers(request: &Request, system: System, carried: Vec<Carried>) -> Vec<(&'static str, String)> {
    let own = if system == System::Playready { "text/xml; charset=utf-8" } else { OCTETS };
    let said = request.header(&header::CONTENT_TYPE).and_then(media_type);
    let mut headers = vec![("content-type", said.unwrap_or(own).to_owned())];
    let action = request.header(&SOAP_ACTION).filter(|_| system == System::Playready);
    if let Some(action) = action.filter(|action| action.len() <= MAX_ACTION) {
        headers.push(("soapaction", action.to_owned()));
    }
    for carried in carried {
        if let Carried::Header { name, value } = carried {
            headers.push((name, value));
        }
    }
    headers
}

/// The type of a body, if it is one that licence requests and licences have. Anything else could mean something to a browser.
fn media_type(text: &str) -> Option<&'static str> {
    const KNOWN: [&str; 6] = [
        OCTETS,
        "text/xml; charset=utf-8",
        "application/soap+xml; charset=utf-8",
        "application/json",
        "application/x-www-form-urlencoded",
        "text/plain",
    ];
    let essence = |text: &'static str| text.split(';').next().unwrap_or_default();
    let said = text.split(';').next().unwrap_or_default().trim();
    KNOWN.into_iter().find(|known| essence(known).eq_ignore_ascii_case(said))
}

/// A server's answer, if it is one.
async fn answer<B: ByteStream>(
    fetched: Result<Fetched<B>, FetchError>,
    limit: usize,
) -> Result<(&'static str, Vec<u8>), Failure> {
    let mut fetched = fetched.map_err(Failure::Fetch)?;
    if fetched.status != 200 {
        return Err(Failure::Status(fetched.status));
    }
    let read = origin::whole(&mut fetched, limit).await;
    let failure = match read {
        Ok(body) if !body.is_empty() => {
            let said = fetched.content_type.as_deref().and_then(media_type);
            return Ok((said.unwrap_or(OCTETS), body));
        }
        Ok(_) => Failure::Empty,
        Err(Unread::Fetch(error)) => Failure::Fetch(error),
        Err(Unread::TooLarge(limit)) => Failure::TooLarge(limit),
    };
    fetched.body.reject();
    Err(failure)
}

/// Why there is no answer.
enum Failure {
    Fetch(FetchError),
    Status(u16),
    TooLarge(usize),
    Empty,
}

/// Who was asked, for which keys.
struct Asked<'a> {
    servers: &'a LicenseServers,
    kids: Vec<String>,
}

impl Asked<'_> {
    /// Too much to do, too slow, or broken off, which not every platform tells from too slow: then the same request may get a licence later, and the
    /// viewer is told so. What else a server says is about the request or the token, and stays as it is.
    fn failed(&self, failure: &Failure, ms: u64) -> Error {
        let (what, passes) = match failure {
            Failure::Fetch(FetchError::Timeout) => ("no answer in time".to_owned(), true),
            Failure::Fetch(FetchError::Unreachable) => ("cannot be reached".to_owned(), false),
            Failure::Fetch(FetchError::Cut) => ("its answer was cut off".to_owned(), true),
            Failure::Status(status) => (format!("status {status}"), matches!(status, 408 | 429 | 503 | 504)),
            Failure::TooLarge(limit) => (format!("its answer is larger than {limit} bytes"), false),
            Failure::Empty => ("its answer is empty".to_owned(), false),
        };
        let mut what = format!("{}: {what} after {ms} ms", self.servers.name());
        if !self.kids.is_empty() {
            what.push_str(", keys ");
            what.push_str(&self.kids[..self.kids.len().min(MAX_NAMED)].join(","));
        }
        if passes { Error::LicenseBusy(what) } else { Error::License(what) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_into_the_query_is_escaped_and_follows_what_is_there() {
        let query = |name: &str, value: &str| Carried::Query { name: name.to_owned(), value: value.to_owned() };
        let header = Carried::Header { name: "x", value: "y".to_owned() };
        let carried = [query("pX", "A/+=&é"), header, query("token", "a.b-c_d~e")];
        let told = "pX=A%2F%2B%3D%26%C3%A9&token=a.b-c_d~e";
        assert_eq!(with_query("https://wv.example/l", &carried), format!("https://wv.example/l?{told}"));
        assert_eq!(with_query("https://wv.example/l?o=1", &carried), format!("https://wv.example/l?o=1&{told}"));
        assert_eq!(with_query("https://wv.example/l?o=1", &carried[1..2]), "https://wv.example/l?o=1");
    }

    #[test]
    fn types_of_licences_and_no_others() {
        assert_eq!(media_type("Text/XML;charset=UTF-16"), Some("text/xml; charset=utf-8"));
        assert_eq!(media_type("application/json"), Some("application/json"));
        for other in ["text/html", "image/svg+xml", "application/javascript", "", ";", "text/xmlx"] {
            assert_eq!(media_type(other), None, "{other}");
        }
    }
}
