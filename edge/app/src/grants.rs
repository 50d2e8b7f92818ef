//! The viewer's grant, of whichever kind the configuration accepts: a token of the operator's account system or of a CDN's own dialect.

use serde_json::{Map, Value};
use sluice_gate::{
    TokenError, Unix,
    grant::{
        AdminConfig, Grant, GrantError, IssuersConfig, Kind, Lookup, Presented,
        cat::CatKeys,
        cloudfront::CloudFrontKeys,
        edgeauth::EdgeAuthKeys,
        jwt::{self, Issuers},
    },
};

use crate::{Error, Host, Request, config::Config, host::Client, jwks, secrets};

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
    let (headers, cookies) = (Headers(request), Cookies(request));
    let presented = presented(request, &headers, &cookies, client, url, now);
    match shown(kinds(host, config, &presented).await?, &presented) {
        Some(kind) => Ok(kind.verify(&presented)?),
        // Something that no kind takes for its own is as wrong as something that one refuses.
        None => Err(if presented.bearer.is_some() { TokenError::Invalid } else { TokenError::Missing }.into()),
    }
}

/// Whether the request carries a grant of an accepted kind, sound or not.
pub(crate) async fn is_presented<H: Host>(
    host: &H,
    config: &Config,
    request: &Request,
    client: &Client,
) -> Result<bool, Error> {
    let (headers, cookies) = (Headers(request), Cookies(request));
    let url = request.target.as_str();
    let presented = presented(request, &headers, &cookies, client, Some(url), host.now());
    Ok(shown(kinds(host, config, &presented).await?, &presented).is_some())
}

fn presented<'a>(
    request: &'a Request,
    headers: &'a Headers<'a>,
    cookies: &'a Cookies<'a>,
    client: &'a Client,
    url: Option<&'a str>,
    now: Unix,
) -> Presented<'a> {
    Presented { url, method: request.method.as_str(), bearer: request.bearer(), headers, cookies, client, now }
}

fn shown(kinds: Vec<Box<dyn Kind>>, presented: &Presented<'_>) -> Option<Box<dyn Kind>> {
    kinds.into_iter().find(|kind| kind.is_presented(presented))
}

/// The claims of an administrator's token.
pub(crate) async fn administrator<H: Host>(
    host: &H,
    config: &Config,
    admin: &AdminConfig,
    request: &Request,
    client: &Client,
    now: Unix,
) -> Result<Map<String, Value>, Error> {
    let (headers, cookies) = (Headers(request), Cookies(request));
    let presented = presented(request, &headers, &cookies, client, None, now);
    let token = presented.bearer.ok_or(TokenError::Missing)?;
    let issuers = IssuersConfig(vec![admin.tokens.clone()]);
    let issuers = issuers_of(host, config, &issuers, "admin.tokens", &presented).await?;
    let keys = issuers.of(token).ok_or(TokenError::Invalid)?;
    Ok(jwt::claims(keys, token, now)?)
}

/// Issuers with their keys, those that they publish too where the request shows a token of theirs.
async fn issuers_of<H: Host>(
    host: &H,
    config: &Config,
    issuers: &IssuersConfig,
    member: &str,
    presented: &Presented<'_>,
) -> Result<Issuers, Error> {
    let secrets = secrets::named(host, issuers.secret_names()).await?;
    let made = Issuers::new(issuers, |name| secrets.find(name));
    let mut issuers = made.map_err(|error| Error::Internal(format!("configuration: {member}: {error}")))?;
    if issuers.is_presented(presented) {
        jwks::add(host, config, &mut issuers, presented).await?;
    }
    Ok(issuers)
}

/// The kinds that the configuration accepts, in the order in which they are looked for.
async fn kinds<H: Host>(host: &H, config: &Config, presented: &Presented<'_>) -> Result<Vec<Box<dyn Kind>>, Error> {
    let mut kinds: Vec<Box<dyn Kind>> = Vec::new();
    if let Some(viewer) = &config.viewer {
        let issuers = issuers_of(host, config, viewer, "viewer", presented).await?;
        kinds.push(Box::new(issuers));
    }
    if let Some(cloudfront) = &config.cloudfront {
        let keys = CloudFrontKeys::new(cloudfront);
        kinds.push(Box::new(keys.map_err(|error| Error::Internal(format!("configuration: cloudfront: {error}")))?));
    }
    if let Some(edgeauth) = &config.edgeauth {
        let secrets = secrets::named(host, edgeauth.secret_names()).await?;
        let keys = EdgeAuthKeys::new(edgeauth, |name| secrets.find(name));
        kinds.push(Box::new(keys.map_err(|error| Error::Internal(format!("configuration: edgeauth: {error}")))?));
    }
    if let Some(cat) = &config.cat {
        let secrets = secrets::named(host, cat.secret_names()).await?;
        let keys = CatKeys::new(cat, |name| secrets.find(name));
        kinds.push(Box::new(keys.map_err(|error| Error::Internal(format!("configuration: cat: {error}")))?));
    }
    Ok(kinds)
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
