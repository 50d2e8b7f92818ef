//! How a session begins: a grant is judged, the title's rights are asked, a slot is taken, a record is written.

use http::{HeaderName, header};
use sluice_gate::{
    AccountId, Deny, SessionId, Unix,
    grant::{Account, Grant, Renewal},
    rights::Facts,
    session::{SessionRecord, Slot},
};
use sluice_packager::title::{Delivery, TitleId};

use super::Context;
use crate::{
    Error, Host, Response,
    authenticate::{self, delivery_bit},
    config::Binding,
    confirm, decision, grants,
    origin::Title,
    rates, replay, slots,
};

/// The grant that the request carries, if it covers `url` and is good where the client is; counted against the rates.
pub(super) async fn admit<H: Host>(context: &Context<'_, H>, url: Option<&str>, now: Unix) -> Result<Grant, Error> {
    let Context { host, config, request, client, .. } = context;
    // Before the grant is verified, which costs most.
    rates::network_session(*host, config, context.facts()).await?;
    let grant = grants::verify(*host, config, request, client, url, now).await?;
    let account = AccountId::derive(&context.roots, &grant.account);
    rates::account_session(*host, config, &account).await?;
    // From another network or place than its own a grant is nobody's.
    authenticate::bind(Binding::None, grant.net, client)?;
    if !grant.admits(client) {
        return Err(Deny::GeoBlocked.into());
    }
    Ok(grant)
}

/// A session of the grant's holder for a title, for every delivery or for one alone.
pub(super) async fn begin<H: Host>(
    context: &Context<'_, H>,
    title_id: &TitleId,
    title: &Title,
    grant: Grant,
    device: Option<String>,
    only: Option<Delivery>,
    now: Unix,
) -> Result<SessionRecord, Error> {
    let Context { host, config, client, .. } = context;
    if !grant.allows(title_id.as_str()) {
        return Err(Deny::NotEntitled.into());
    }
    let device_class = grant.device_class.as_deref();
    let permit = title.rights.authorize(&Facts { now, client, tier: &grant.tier, device_class })?;
    let limit = [grant.stream_limit, title.rights.stream_limit].into_iter().flatten().min();
    // Whoever has no name has as many accounts as tokens, and no limit would hold.
    if limit.is_some() && matches!(grant.account, Account::Token(_)) {
        return Err(Deny::NotEntitled.into());
    }
    let cap = now.saturating_add(config.session_seconds);
    let ends = [Some(grant.ends), permit.ends, Some(cap)].into_iter().flatten().min().unwrap_or(now);
    let session = random_session(*host);
    let device = match grant.device.or(device) {
        Some(device) if valid_device(&device) => device,
        Some(_) => return Err(Error::BadRequest("device is longer than 64 bytes or not printable ASCII")),
        None => random_session(*host).to_string(),
    };
    let account = AccountId::derive(&context.roots, &grant.account);
    let expires = now.saturating_add(config.lease_seconds).min(ends);
    let slot = Slot {
        session,
        title: title_id.to_string(),
        device: device.clone(),
        started: now,
        seen: now,
        until: expires,
        fence: 0,
    };
    let is_reused = match &grant.replay {
        Some(replay) => replay::was_shown(*host, replay, now).await?,
        None => false,
    };
    let slot = slots::claim(*host, &account, slot, limit, config.session_seconds).await?;
    let offered = |delivery: &Delivery| title.media.offers(*delivery) && only.is_none_or(|only| only == *delivery);
    let deliveries = Delivery::ALL.into_iter().filter(offered);
    let record = SessionRecord {
        v: 1,
        session,
        account,
        title: title_id.to_string(),
        device,
        tier: grant.tier,
        country: client.country.map(|code| String::from_utf8_lossy(&code).into_owned()),
        region: client.region.map(|region| region.to_string()),
        device_class: grant.device_class,
        net: grant.net,
        networks: Vec::new(),
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
    confirm::put_record(*host, &record, now).await?;
    decision::granted(*host, context.request, "mint", &session);
    if is_reused {
        decision::granted(*host, context.request, "reuse", &session);
    }
    Ok(record)
}

/// Adds a grant's successor to the response, where it has one.
pub(super) fn hand_on<B>(mut response: Response<B>, renewal: Option<Renewal>) -> Response<B> {
    if let Some(Renewal { token, cookie, name }) = renewal {
        match (cookie, HeaderName::from_bytes(name.as_bytes())) {
            (Some(attributes), _) => response.add(header::SET_COOKIE, format!("{name}={token}; {attributes}")),
            (None, Ok(name)) => response.set(name, token),
            (None, Err(_)) => {}
        }
    }
    response
}

fn random_session<H: Host>(host: &H) -> SessionId {
    let mut bytes = [0; 16];
    host.random(&mut bytes);
    SessionId(bytes)
}

fn valid_device(device: &str) -> bool {
    (1..=64).contains(&device.len()) && device.bytes().all(|byte| byte.is_ascii_graphic())
}
