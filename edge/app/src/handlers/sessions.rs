//! Sessions: minted from a viewer's grant, listed, renewed, ended.

use http::{StatusCode, header};
use serde::Serialize;
use sluice_document::members;
use sluice_gate::{
    Deny, SessionId, TitleTag, Unix,
    entitlement::System,
    handle::{self, Handle},
    lease::{self, Lease},
    session::SessionRecord,
};
use sluice_packager::title::{Delivery, KeySystem, TitleId};

use super::{Context, begin, keys, own_session};
use crate::{
    Error, Host, Response, authenticate, confirm, error::SessionSummary, licenses, origin::Title, response::NO_STORE,
    revocation, slots,
};

struct NewSession {
    title: String,
    device: Option<String>,
}

members!(NewSession { title, device = None });

#[derive(Serialize)]
struct SessionObject<'a> {
    session: String,
    title: &'a str,
    device: &'a str,
    lease: String,
    expires: Unix,
    ends: Unix,
    hls: Vec<Link>,
    dash: Vec<Link>,
    license: Licenses,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
}

#[derive(Serialize)]
struct Link {
    scheme: &'static str,
    url: String,
}

#[derive(Serialize)]
struct Licenses {
    #[serde(skip_serializing_if = "Option::is_none")]
    widevine: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    playready: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fairplay: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    clearkey: Option<String>,
}

/// `POST /v1/sessions`
pub(super) async fn create<H: Host>(context: &Context<'_, H>) -> Result<Response<H::Body>, Error> {
    let now = context.host.now();
    let wanted = serde_json::from_slice::<NewSession>(&context.request.body);
    // A wrong token is told before a wrong body, and a title that is none is nobody's to name.
    let title_id = wanted.as_ref().ok().and_then(|wanted| TitleId::parse(&wanted.title).ok());
    let url = title_id.as_ref().map(|title| context.folder(title));
    let holder = begin::admit(context, url.as_deref(), now).await?;
    let wanted = wanted.map_err(|_| Error::BadRequest("the body is not {\"title\":…,\"device\":…}"))?;
    let title_id = title_id.ok_or(Deny::UnknownTitle)?;
    // A page of another site can make a browser post its cookies, but not as JSON without asking first.
    if context.request.bearer().is_none() && !context.request.is_json() {
        return Err(Error::BadRequest("a grant that is no Bearer token wants Content-Type: application/json"));
    }
    let title = context.origin().await?.title(&title_id).await?;
    let renewal = holder.grant.renewal.clone();
    let record = begin::begin(context, &title_id, &title, holder, wanted.device, None, now).await?;
    let response = session_object(context, &title_id, &title, &record, StatusCode::CREATED, now)?;
    Ok(begin::hand_on(response, renewal))
}

/// `GET /v1/sessions`
pub(super) async fn list<H: Host>(context: &Context<'_, H>) -> Result<Response<H::Body>, Error> {
    #[derive(Serialize)]
    struct List {
        sessions: Vec<SessionSummary>,
    }
    let now = context.host.now();
    let owner = begin::owner(context, now).await?;
    let limit = owner.grant.stream_limit.or(context.config.stream_limit);
    let sessions = slots::list(context.host, &owner.account, limit).await?;
    let body = serde_json::to_vec(&List { sessions }).unwrap_or_default();
    Ok(Response::full(StatusCode::OK, "application/json", body).cached(NO_STORE))
}

/// `DELETE /v1/sessions/{id}`: by its account, or by its own lease.
pub(super) async fn end<H: Host>(context: &Context<'_, H>, session: &SessionId) -> Result<Response<H::Body>, Error> {
    let now = context.host.now();
    // A lease has no dot, where every grant that comes as Bearer has.
    let is_grant = context.handle.is_none() && context.request.bearer().is_none_or(|token| token.contains('.'));
    let account = if is_grant {
        begin::owner(context, now).await?.account
    } else {
        let credential = authenticate::explicit(context.request, context.handle, context.facts())?;
        own_session(&credential, session)?;
        *credential.account()
    };
    let (record, _) = confirm::stored(context.host, session).await?;
    // Somebody else's session is no different from one that is not there.
    if record.account != account {
        return Err(Error::SessionEnded);
    }
    if !record.is_live(now) {
        // Of one that was ended before, what failed then is made good.
        slots::end(context.host, context.config, &mut record.clone(), "viewer").await?;
        return Err(Error::SessionEnded);
    }
    confirm::end(&context.journal(), context.config, record, "end", "viewer").await?;
    Ok(Response::empty(StatusCode::NO_CONTENT))
}

/// `POST /v1/sessions/{id}/renew`
pub(super) async fn renew<H: Host>(context: &Context<'_, H>, session: &SessionId) -> Result<Response<H::Body>, Error> {
    let now = context.host.now();
    let credential = authenticate::explicit(context.request, context.handle, context.facts())?;
    own_session(&credential, session)?;
    revocation::listed(context.config, session, credential.account())?;
    let (mut record, generation) = confirm::read(context.host, context.config, session).await?;
    let title_id = TitleId::parse(&record.title).map_err(|_| Error::SessionEnded)?;
    let title = context.origin().await?.title(&title_id).await?;
    confirm::authorize_renewal(&title, &mut record, now, &context.client)?;
    confirm::renew(&context.journal(), context.config, &title, &mut record, generation).await?;
    if now >= record.expires {
        return Err(Error::StoreUnavailable);
    }
    session_object(context, &title_id, &title, &record, StatusCode::OK, now)
}

fn session_object<H: Host>(
    context: &Context<'_, H>,
    title_id: &TitleId,
    title: &Title,
    record: &SessionRecord,
    status: StatusCode,
    now: Unix,
) -> Result<Response<H::Body>, Error> {
    let lease = lease_of(context, title, record, title_id, now)?;
    let token = lease::mint(&context.roots, &lease);
    let handle = handle_of(context, title, record, title_id)?;
    let base = context.base(Some(&handle), title_id);
    let links = |file: &str, exists: fn(Delivery) -> bool| -> Vec<Link> {
        let offered = Delivery::ALL.into_iter().filter(|delivery| title.media.offers(*delivery) && exists(*delivery));
        offered
            .map(|delivery| Link { scheme: delivery.as_str(), url: format!("{base}/{}/{file}", delivery.as_str()) })
            .collect()
    };
    let lists = |system| keys::lists(title, system);
    let license = |system: KeySystem| lists(system).then(|| format!("{base}/license/{}", system.as_str()));
    // Of a system that has no server here, no licence can be had.
    let served = |system| {
        let server = licenses::serving(&context.config.licenses, system);
        server.and_then(|_| license(licenses::listed_as(system)))
    };
    let object = SessionObject {
        session: record.session.to_string(),
        title: &record.title,
        device: &record.device,
        lease: token.clone(),
        expires: lease.expires,
        ends: record.ends,
        hls: links("main.m3u8", |_| true),
        // DASH knows no encryption of whole segments.
        dash: links("manifest.mpd", |delivery| delivery != Delivery::Aes128),
        license: Licenses {
            widevine: served(System::Widevine),
            playready: served(System::Playready),
            fairplay: served(System::Fairplay),
            clearkey: license(KeySystem::Clearkey),
        },
        key: lists(KeySystem::Identity).then(|| format!("{base}/key")),
    };
    let body = serde_json::to_vec(&object).map_err(|error| Error::Internal(error.to_string()))?;
    let mut response = Response::full(status, "application/json", body).cached(NO_STORE);
    if !title.rights.url_tokens_only {
        response.set(header::SET_COOKIE, confirm::cookie(title_id, &token, &lease, now));
    }
    Ok(response)
}

fn lease_of<H: Host>(
    context: &Context<'_, H>,
    title: &Title,
    record: &SessionRecord,
    title_id: &TitleId,
    now: Unix,
) -> Result<Lease, Error> {
    Ok(Lease {
        account: record.account,
        session: record.session,
        slot: record.slot,
        title: TitleTag::of(title_id.as_str()),
        max_height: record.max_height,
        // Where the token has to stand in the URL, a lease renews and ends its session, and opens nothing.
        deliveries: if title.rights.url_tokens_only { 0 } else { record.deliveries },
        flags: 0,
        net: authenticate::bind(context.config.lease_binding, record.net, &context.client)?,
        issued: now,
        expires: record.expires,
        ends: record.ends,
    })
}

pub(super) fn handle_of<H: Host>(
    context: &Context<'_, H>,
    title: &Title,
    record: &SessionRecord,
    title_id: &TitleId,
) -> Result<String, Error> {
    let handle = Handle {
        account: record.account,
        session: record.session,
        slot: record.slot,
        title: TitleTag::of(title_id.as_str()),
        max_height: record.max_height,
        deliveries: record.deliveries,
        country: record.country.as_deref().and_then(|code| code.as_bytes().try_into().ok()),
        region: title.rights.deciding_region(&context.client).map(|region| region.subdivision()),
        net: authenticate::bind(context.config.handle_binding, record.net, &context.client)?,
        ends: record.ends,
    };
    Ok(handle::mint(&context.roots, &handle))
}
