//! The viewer's grant, of whichever kind the configuration accepts: a token of the operator's account system or of a CDN's own dialect.

use http::{HeaderName, HeaderValue, header};
use sluice_gate::{
    TokenError, Unix,
    grant::{Grant, GrantError, Kind, Lookup, Presented, Renewal, cat::CatKeys, jwt::ViewerKeys},
    handle::ClientFacts,
};

use crate::{Error, Host, Request, Response, config::Config, host::Client, secrets};

/// The grant that the request carries. `url` is what it must cover; `None` where only its holder is asked for.
///
/// The first accepted kind that the request shows decides: nothing is tried as another kind because it was refused as one.
pub(crate) async fn verify<H: Host>(
    host: &H,
    config: &Config,
    request: &Request,
    client: &Client,
    url: Option<&str>,
    now: Unix,
) -> Result<Grant, Error> {
    let client = ClientFacts { country: client.country, address: client.address, asn: client.asn };
    let presented = Presented {
        url,
        method: request.method.as_str(),
        bearer: request.bearer(),
        headers: &Headers(request),
        cookies: &Cookies(request),
        client: &client,
        now,
    };
    for kind in kinds(host, config).await? {
        if kind.is_presented(&presented) {
            return Ok(kind.verify(&presented)?);
        }
    }
    // Something that no kind takes for its own is as wrong as something that one refuses.
    Err(if presented.bearer.is_some() { TokenError::Invalid } else { TokenError::Missing }.into())
}

/// The kinds that the configuration accepts, in the order in which they are looked for.
async fn kinds<H: Host>(host: &H, config: &Config) -> Result<Vec<Box<dyn Kind>>, Error> {
    let mut kinds: Vec<Box<dyn Kind>> = Vec::new();
    if let Some(viewer) = &config.viewer {
        let secrets = secrets::named(host, viewer.secret_names()).await?;
        let keys = ViewerKeys::new(viewer, |name| secrets.find(name));
        kinds.push(Box::new(keys.map_err(|error| Error::Internal(format!("configuration: viewer: {error}")))?));
    }
    if let Some(cat) = &config.cat {
        let secrets = secrets::named(host, cat.secret_names()).await?;
        let keys = CatKeys::new(cat, |name| secrets.find(name));
        kinds.push(Box::new(keys.map_err(|error| Error::Internal(format!("configuration: cat: {error}")))?));
    }
    Ok(kinds)
}

/// Hands the viewer a grant's successor with a response, in a header that the response has not or in a cookie beside its own.
pub(crate) fn hand_over<B>(renewal: &Renewal, response: &mut Response<B>) {
    let Renewal { token, cookie, name } = renewal;
    let (header, value) = match cookie {
        Some(attributes) => (header::SET_COOKIE, format!("{name}={token}; {attributes}")),
        None => match HeaderName::from_bytes(name.as_bytes()) {
            Ok(header) if !response.headers.contains_key(&header) => (header, token.clone()),
            Ok(_) | Err(_) => return,
        },
    };
    if let Ok(value) = HeaderValue::try_from(value) {
        response.headers.append(header, value);
    }
}

struct Headers<'a>(&'a Request);

impl Lookup for Headers<'_> {
    fn each(&self, name: &str, take: &mut dyn FnMut(&str)) {
        // A value that is no text is not passed over: beside another one it must count as a second.
        self.0.headers.all(name).for_each(|value| take(value.to_str().unwrap_or_default()));
    }
}

struct Cookies<'a>(&'a Request);

impl Lookup for Cookies<'_> {
    fn each(&self, name: &str, take: &mut dyn FnMut(&str)) {
        self.0.cookies(name).for_each(take);
    }
}

impl From<GrantError> for Error {
    fn from(error: GrantError) -> Self {
        match error {
            GrantError::Token(error) => Self::Token(error),
            GrantError::Denied(deny) => Self::Deny(deny),
            GrantError::Unsupported(what) => Self::UnsupportedGrant(what),
        }
    }
}
