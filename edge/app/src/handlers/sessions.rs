//! Sessions: minted from a viewer's grant, listed, renewed, ended.

use http::{StatusCode, header};
use serde::Serialize;
use sluice_document::members;
use sluice_gate::{
    AccountId, Deny, Roots, SessionId, TitleTag, Unix,
    grant::Grant,
    handle::{self, Handle, Net},
    lease::{self, Lease},
    rights::Facts,
    session::{SessionRecord, Slot},
};
use sluice_packager::title::{Delivery, KeySystem, TitleId};

use super::{Context, own_session};
use crate::{
    Error, Host, Response,
    authenticate::{self, delivery_bit},
    config::HandleBinding,
    confirm, decision,
    error::SessionSummary,
    grants,
    host::Admission,
    origin::Title,
    replay,
    response::NO_STORE,
    slots::{self, Holding},
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
    clearkey: Option<String>,
}

/// `POST /v1/sessions`
pub(super) async fn create<H: Host>(context: &Context<'_, H>) -> Result<Response<H::Body>, Error> {
    let host = context.host;
    admit(context).await?;
    let now = host.now();
    let wanted = serde_json::from_slice::<NewSession>(&context.request.body);
    // A wrong token is told before a wrong body, and a title that is none is nobody's to name.
    let title_id = wanted.as_ref().ok().and_then(|wanted| TitleId::parse(&wanted.title).ok());
    let url = title_id.as_ref().map(|title| context.folder(title));
    let grant = viewer(context, url.as_deref(), now).await?;
    let wanted = wanted.map_err(|_| Error::BadRequest("the body is not {\"title\":…,\"device\":…}"))?;
    let title_id = title_id.ok_or(Deny::UnknownTitle)?;
    if !grant.allows(title_id.as_str()) {
        return Err(Deny::NotEntitled.into());
    }
    let title = context.origin().await?.title(&title_id).await?;
    let country = context.client.country.as_ref().and_then(|code| core::str::from_utf8(code).ok());
    let permit = title.rights.authorize(&Facts { now, country, tier: &grant.tier })?;
    let cap = now.saturating_add(context.config.session_seconds);
    let ends = [Some(grant.ends), permit.ends, Some(cap)].into_iter().flatten().min().unwrap_or(now);

    let session = random_session(host);
    let device = match grant.device.clone().or(wanted.device) {
        Some(device) if valid_device(&device) => device,
        Some(_) => return Err(Error::BadRequest("device is longer than 64 bytes or not printable ASCII")),
        None => random_session(host).to_string(),
    };
    let account = AccountId::derive(&context.roots, &grant.account);
    let expires = now.saturating_add(context.config.lease_seconds).min(ends);
    let limit = [grant.stream_limit, title.rights.stream_limit].into_iter().flatten().min();
    let slot = Slot {
        session,
        title: title_id.to_string(),
        device: device.clone(),
        started: now,
        seen: now,
        until: expires,
        fence: 0,
    };
    let reused = match &grant.replay {
        Some(replay) => replay::was_shown(host, replay, now).await?,
        None => false,
    };
    let slot = slots::claim(context.host, &account, slot, limit, context.config.session_seconds).await?;
    let deliveries = Delivery::ALL.into_iter().filter(|delivery| title.media.offers(*delivery));
    let record = SessionRecord {
        v: 1,
        session,
        account,
        title: title_id.to_string(),
        device,
        tier: grant.tier,
        country: country.map(str::to_owned),
        slot,
        started: now,
        seen: now,
        expires,
        ends,
        max_height: permit.max_height,
        deliveries: deliveries.fold(0, |set, delivery| set | delivery_bit(delivery)),
        ended: None,
        chain: None,
    };
    confirm::put_record(host, &record, now).await?;
    decision::granted(host, context.request, "mint", &session);
    if reused {
        decision::granted(host, context.request, "reuse", &session);
    }
    let mut response = session_object(context, &title_id, &title, &record, StatusCode::CREATED, now)?;
    if let Some(renewal) = &grant.renewal {
        grants::hand_over(renewal, &mut response);
    }
    Ok(response)
}

/// `GET /v1/sessions`
pub(super) async fn list<H: Host>(context: &Context<'_, H>) -> Result<Response<H::Body>, Error> {
    #[derive(Serialize)]
    struct List {
        sessions: Vec<SessionSummary>,
    }
    let now = context.host.now();
    let grant = viewer(context, None, now).await?;
    let account = AccountId::derive(&context.roots, &grant.account);
    let slots = slots::read(context.host, &account).await?;
    let sessions = slots::summaries(&slots, now);
    let body = serde_json::to_vec(&List { sessions }).unwrap_or_default();
    Ok(Response::full(StatusCode::OK, "application/json", body).cached(NO_STORE))
}

/// `DELETE /v1/sessions/{id}`: by its account, or by its own lease.
pub(super) async fn end<H: Host>(context: &Context<'_, H>, session: &SessionId) -> Result<Response<H::Body>, Error> {
    let now = context.host.now();
    let is_grant = context.handle.is_none() && context.request.bearer().is_some_and(|token| token.contains('.'));
    let account = if is_grant {
        AccountId::derive(&context.roots, &viewer(context, None, now).await?.account)
    } else {
        let credential = authenticate::explicit(context.request, context.handle, context.facts())?;
        own_session(&credential, session)?;
        *credential.account()
    };
    let mut record = confirm::read(context.host, session).await?;
    // Somebody else's session is no different from one that is not there.
    if record.account != account {
        return Err(Error::SessionEnded);
    }
    record.end(now, "viewer");
    confirm::put_record(context.host, &record, now).await?;
    slots::free(context.host, &record, now).await?;
    decision::granted(context.host, context.request, "end", session);
    Ok(Response::empty(StatusCode::NO_CONTENT))
}

/// `POST /v1/sessions/{id}/renew`
pub(super) async fn renew<H: Host>(context: &Context<'_, H>, session: &SessionId) -> Result<Response<H::Body>, Error> {
    let now = context.host.now();
    let credential = authenticate::explicit(context.request, context.handle, context.facts())?;
    own_session(&credential, session)?;
    let mut record = confirm::read(context.host, session).await?;
    let title_id = TitleId::parse(&record.title).map_err(|_| Error::SessionEnded)?;
    let title = context.origin().await?.title(&title_id).await?;
    title.rights.authorize(&Facts { now, country: record.country.as_deref(), tier: &record.tier })?;
    record.renew(now, context.config.lease_seconds);
    match slots::hold(context.host, &record, now).await? {
        Holding::Held => {}
        Holding::Lost(sessions) => return Err(Error::StreamLimit(sessions)),
    }
    confirm::put_record(context.host, &record, now).await?;
    decision::granted(context.host, context.request, "renew", session);
    session_object(context, &title_id, &title, &record, StatusCode::OK, now)
}

/// The viewer's grant, and that it covers `url`.
async fn viewer<H: Host>(context: &Context<'_, H>, url: Option<&str>, now: Unix) -> Result<Grant, Error> {
    grants::verify(context.host, context.config, context.request, &context.client, url, now).await
}

async fn admit<H: Host>(context: &Context<'_, H>) -> Result<(), Error> {
    let (Some(rate), Some(address)) = (context.config.sessions_per_minute, context.client.address) else {
        return Ok(());
    };
    match context.host.admit(&format!("sessions/{address}"), rate).await {
        Admission::Limited => Err(Error::RateLimited),
        Admission::Admitted | Admission::Unsupported => Ok(()),
    }
}

fn session_object<H: Host>(
    context: &Context<'_, H>,
    title_id: &TitleId,
    title: &Title,
    record: &SessionRecord,
    status: StatusCode,
    now: Unix,
) -> Result<Response<H::Body>, Error> {
    let lease = lease_of(record, title_id, now);
    let token = lease::mint(&context.roots, &lease);
    let handle = handle_of(context, &context.roots, record, title_id)?;
    let base = context.base(Some(&handle), title_id);
    let links = |file: &str, exists: fn(Delivery) -> bool| -> Vec<Link> {
        let offered = Delivery::ALL.into_iter().filter(|delivery| title.media.offers(*delivery) && exists(*delivery));
        offered
            .map(|delivery| Link { scheme: delivery.as_str(), url: format!("{base}/{}/{file}", delivery.as_str()) })
            .collect()
    };
    let lists = |system| title.media.key_policy.as_ref().is_some_and(|policy| policy.allows(system));
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
        license: Licenses { clearkey: lists(KeySystem::Clearkey).then(|| format!("{base}/license/clearkey")) },
        key: lists(KeySystem::Identity).then(|| format!("{base}/key")),
    };
    let body = serde_json::to_vec(&object).map_err(|error| Error::Internal(error.to_string()))?;
    let mut response = Response::full(status, "application/json", body).cached(NO_STORE);
    response.set(header::SET_COOKIE, confirm::cookie(title_id, &token, &lease, now));
    Ok(response)
}

fn lease_of(record: &SessionRecord, title: &TitleId, now: Unix) -> Lease {
    Lease {
        account: record.account,
        session: record.session,
        slot: record.slot,
        title: TitleTag::of(title.as_str()),
        max_height: record.max_height,
        deliveries: record.deliveries,
        flags: 0,
        issued: now,
        expires: record.expires,
        ends: record.ends,
    }
}

fn handle_of<H: Host>(
    context: &Context<'_, H>,
    roots: &Roots,
    record: &SessionRecord,
    title: &TitleId,
) -> Result<String, Error> {
    let net = match context.config.handle_binding {
        HandleBinding::None => Net::None,
        // Declared by the operator: where the platform does not tell the network, no handle can be bound to it.
        HandleBinding::Asn => Net::Asn(context.client.asn.ok_or(Deny::AddressMismatch)?),
        HandleBinding::Prefix => Net::prefix(context.client.address.ok_or(Deny::AddressMismatch)?),
    };
    let country = record.country.as_deref().and_then(|code| code.as_bytes().try_into().ok());
    let handle = Handle {
        account: record.account,
        session: record.session,
        slot: record.slot,
        title: TitleTag::of(title.as_str()),
        max_height: record.max_height,
        deliveries: record.deliveries,
        country,
        net,
        ends: record.ends,
    };
    Ok(handle::mint(roots, &handle))
}

fn random_session<H: Host>(host: &H) -> SessionId {
    let mut bytes = [0; 16];
    host.random(&mut bytes);
    SessionId(bytes)
}

fn valid_device(device: &str) -> bool {
    (1..=64).contains(&device.len()) && device.bytes().all(|byte| byte.is_ascii_graphic())
}
