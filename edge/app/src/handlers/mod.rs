//! One file per kind of resource; [`handle`] parses, dispatches, and folds every error into a response.

mod begin;
mod entitlements;
mod file;
mod found;
mod health;
mod iframes;
mod keys;
mod license;
mod manifest;
mod media;
mod redirect;
mod revocations;
mod sessions;

use http::Method;

use crate::{
    Error, Host, MAX_BODY, MAX_TARGET, Request, Response,
    authenticate::{self, Credential},
    client::client,
    config::Config,
    confirm::{self, Depth, Renewal},
    cors,
    decision::{self, Allowed, Journal},
    host::Client,
    origin::Origin,
    rates,
    response::NO_STORE,
    revocation,
    route::{self, Resource, Route},
    secrets,
};
use sluice_gate::{Deny, Roots, TokenError};
use sluice_packager::title::{Delivery, Segment, TitleId, TrackRecord};

/// What every handler of a request works with.
struct Context<'a, H> {
    host: &'a H,
    config: &'a Config,
    request: &'a Request,
    client: Client,
    roots: Roots,
    /// The handle in the path, unverified.
    handle: Option<&'a str>,
}

/// A request under a title, by a viewer whose credential and session are good.
struct Viewing<'a, H> {
    context: &'a Context<'a, H>,
    origin: Origin<'a, H>,
    credential: Credential,
    title: &'a TitleId,
}

/// Answers a request. Never fails: an error is a response.
pub async fn handle<H: Host>(host: &H, request: &Request) -> Response<H::Body> {
    let config = match Config::load(host).await {
        Ok(config) => config,
        Err(error) => {
            decision::refused(host, None, request, &error).await;
            return error.into_response();
        }
    };
    let mut response = match respond(host, &config, request).await {
        Ok(response) => response,
        Err(error) => {
            decision::refused(host, Some(&config), request, &error).await;
            error.into_response()
        }
    };
    cors::open(&config, request, &mut response);
    if request.is_head() {
        response.body = crate::Body::Empty;
    }
    response
}

async fn respond<H: Host>(host: &H, config: &Config, request: &Request) -> Result<Response<H::Body>, Error> {
    if request.target.len() > MAX_TARGET {
        return Err(Error::BadRequest("the URL is longer than 8192 bytes"));
    }
    if request.body.len() > MAX_BODY {
        return Err(Error::BadRequest("the body is longer than 65536 bytes"));
    }
    let parsed = route::parse(request.path()).ok_or(Error::UnknownRoute)?;
    if request.method == Method::OPTIONS {
        return Ok(cors::preflight(parsed.route.methods()));
    }
    if !parsed.route.takes(request.method.as_str()) {
        return Err(Error::MethodNotAllowed(parsed.route.methods()));
    }
    if parsed.route == Route::Health {
        return Ok(health::health(host, config));
    }
    let context = Context {
        host,
        config,
        request,
        client: client(host, config, request).await?,
        roots: secrets::roots(host).await?,
        handle: parsed.handle,
    };
    revocation::listed_address(config, &context.client)?;
    match parsed.route {
        Route::Health => Ok(health::health(host, config)),
        Route::Sessions if request.method == Method::POST => sessions::create(&context).await,
        Route::Sessions => sessions::list(&context).await,
        Route::Session(session) => sessions::end(&context, &session).await,
        Route::Renew(session) => sessions::renew(&context, &session).await,
        Route::Revocations => revocations::revoke(&context).await,
        Route::Entitlements => entitlements::judge(&context).await,
        Route::Title(title, resource) => titled(&context, &title, resource).await,
    }
}

/// Everything under a title: the credential first, whether the thing exists later.
async fn titled<H: Host>(
    context: &Context<'_, H>,
    title: &TitleId,
    resource: Resource,
) -> Result<Response<H::Body>, Error> {
    let credential = match authenticate::viewer(context.request, context.handle, context.facts(), title) {
        Err(error @ Error::Token(_)) => {
            return redirect::by_grant(context, title, &resource).await?.ok_or(error);
        }
        shown => shown?,
    };
    if !credential.is_for(title) {
        return Err(Deny::TitleMismatch.into());
    }
    revocation::listed(context.config, credential.session(), credential.account())?;
    let origin = context.origin().await?;
    let depth = match resource {
        Resource::Multivariant(_) | Resource::MediaPlaylist(..) | Resource::IFramePlaylist(..) | Resource::Mpd(_) => {
            Depth::Session
        }
        Resource::ClearKeyLicense | Resource::License(_) | Resource::Certificate | Resource::Key(_) => Depth::Second,
        Resource::Init(..)
        | Resource::Segment(..)
        | Resource::IFrames(..)
        | Resource::Text(..)
        | Resource::Image(..)
        | Resource::File(..) => Depth::Segment,
    };
    if depth == Depth::Second {
        rates::license(context.host, context.config, context.facts(), credential.account()).await?;
    }
    let renewal = confirm::confirm(&context.journal(), context.config, &origin, title, &credential, depth).await?;
    let viewing = Viewing { context, origin, credential, title };
    let mut response = match resource {
        Resource::Multivariant(delivery) => manifest::multivariant(&viewing, delivery).await,
        Resource::MediaPlaylist(delivery, track) => manifest::playlist(&viewing, delivery, &track).await,
        Resource::IFramePlaylist(delivery, track) => manifest::iframes(&viewing, delivery, &track).await,
        Resource::Mpd(delivery) => manifest::mpd(&viewing, delivery).await,
        Resource::Init(delivery, track) => media::init(&viewing, delivery, &track).await,
        Resource::Segment(delivery, track, number) => media::segment(&viewing, delivery, &track, number).await,
        Resource::IFrames(delivery, track, number) => iframes::segment(&viewing, delivery, &track, number).await,
        Resource::Text(delivery, track, number) => media::text(&viewing, delivery, &track, number).await,
        Resource::File(delivery, track) => file::file(&viewing, delivery, &track).await,
        Resource::Image(delivery, track, number, format) => {
            media::image(&viewing, delivery, &track, number, format).await
        }
        Resource::ClearKeyLicense => keys::clear_key_license(&viewing).await,
        Resource::License(system) => license::license(&viewing, system).await,
        Resource::Certificate => license::certificate(&viewing).await,
        Resource::Key(kid) => keys::raw_key(&viewing, kid).await,
    }?;
    if let Some(Renewal { header, value }) = renewal {
        response.set(header, value);
        response = response.cached(NO_STORE);
    }
    Ok(response)
}

impl<'a, H: Host> Context<'a, H> {
    fn journal(&self) -> Journal<'_, H> {
        Journal::new(self.host, &self.roots, self.request, &self.client)
    }

    fn facts(&self) -> authenticate::Facts<'_> {
        authenticate::Facts { roots: &self.roots, client: &self.client, now: self.host.now() }
    }

    async fn origin(&self) -> Result<Origin<'a, H>, Error> {
        Origin::new(self.host, &self.config.origin).await
    }

    /// Scheme, host and port by which players reach this edge.
    fn public_url(&self) -> String {
        match &self.config.public_url {
            Some(url) => url.clone(),
            None => format!("{}://{}", if self.request.secure { "https" } else { "http" }, self.request.authority),
        }
    }

    /// The absolute URL of a title's folder without the slash, by the way that the viewer came: through the handle where there is one.
    fn base(&self, handle: Option<&str>, title: &TitleId) -> String {
        let carried = handle.map(|handle| format!("/~{handle}")).unwrap_or_default();
        format!("{}{carried}/v1/{title}", self.public_url())
    }

    /// The URL that a grant for all of a title covers, with the query that came, in which some kinds of grant travel.
    fn folder(&self, title: &TitleId) -> String {
        let (mark, query) = match self.request.query() {
            "" => ("", ""),
            query => ("?", query),
        };
        format!("{}/v1/{title}/{mark}{query}", self.public_url())
    }
}

impl<H: Host> Viewing<'_, H> {
    /// Has the log say that a segment was allowed, if that one is among those that are logged. `bytes`: asked for, and all.
    fn log_segment(&self, delivery: Delivery, record: &TrackRecord, segment: &Segment, bytes: (u64, u64)) {
        self.log(&Allowed { title: self.title, delivery, record, segment, iframes: false, bytes });
    }

    /// The same of a segment's I-frames alone.
    fn log_iframes(&self, delivery: Delivery, record: &TrackRecord, segment: &Segment, bytes: (u64, u64)) {
        self.log(&Allowed { title: self.title, delivery, record, segment, iframes: true, bytes });
    }

    fn log(&self, allowed: &Allowed<'_>) {
        self.context.journal().segment(self.context.config.log.segments, self.credential.subject(), allowed);
    }
}

/// Refuses a credential of another session.
fn own_session(credential: &Credential, session: &sluice_gate::SessionId) -> Result<(), Error> {
    if credential.session() == session { Ok(()) } else { Err(Error::Token(TokenError::Invalid)) }
}
