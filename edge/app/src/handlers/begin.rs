//! How a session begins: a grant is judged, the title's rights are asked, a slot is taken, a record is written.

use http::header;
use sluice_gate::{
    AccountId, Deny, SessionId, Unix,
    grant::{Account, Grant, Renewal},
    rights::{Facts, StoreDown},
    session::{Limits, Refused, SessionRecord, StoreError, UNRECORDED},
};
use sluice_packager::title::{Delivery, TitleId};

use super::Context;
use crate::{
    Error, Host, Response,
    authenticate::{self, delivery_bit},
    config::Binding,
    confirm,
    decision::Subject,
    grants,
    origin::Title,
    rates, replay, revocation, slots,
};

/// Who shows a grant.
pub(super) struct Holder {
    pub(super) grant: Grant,
    pub(super) account: AccountId,
    /// Whether the store said that the grant was not revoked; it may be down.
    asked: bool,
}

/// A store that is down.
const DOWN: Refused = Refused::Store(StoreError::Unavailable);

/// Whose grant the request carries, if it was not revoked.
pub(super) async fn owner<H: Host>(context: &Context<'_, H>, now: Unix) -> Result<Holder, Error> {
    let holder = holder(context, None, now).await?;
    if holder.asked { Ok(holder) } else { Err(Error::StoreUnavailable) }
}

/// The grant that the request carries, for a session: it covers `url`, is counted against the rates, and good where the client is.
pub(super) async fn admit<H: Host>(context: &Context<'_, H>, url: Option<&str>, now: Unix) -> Result<Holder, Error> {
    let Context { host, config, client, .. } = context;
    // Before the grant is verified, which costs most.
    rates::network_session(*host, config, context.facts()).await?;
    let holder = holder(context, url, now).await?;
    rates::account_session(*host, config, &holder.account).await?;
    if holder.grant.admits(client) { Ok(holder) } else { Err(Deny::GeoBlocked.into()) }
}

async fn holder<H: Host>(context: &Context<'_, H>, url: Option<&str>, now: Unix) -> Result<Holder, Error> {
    let Context { host, config, request, client, .. } = context;
    let grant = grants::verify(*host, config, request, client, url, now).await?;
    // From another network than its own a grant is nobody's.
    authenticate::bind(Binding::None, grant.net, client)?;
    let account = AccountId::derive(&context.roots, &grant.account);
    let asked = match revocation::grant(*host, config, &account, &grant).await {
        Ok(()) => true,
        Err(Error::StoreUnavailable) => false,
        Err(error) => return Err(error),
    };
    Ok(Holder { grant, account, asked })
}

/// A session of the grant's holder for a title, for every delivery or for one alone.
pub(super) async fn begin<H: Host>(
    context: &Context<'_, H>,
    title_id: &TitleId,
    title: &Title,
    Holder { grant, account, asked }: Holder,
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
    let limits = Limits { account: grant.stream_limit.or(config.stream_limit), title: title.rights.stream_limit };
    // Whoever has no name has as many accounts as tokens, and no limit would hold.
    if limits != Limits::default() && matches!(grant.account, Account::Token(_)) {
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
    let is_reused = match &grant.replay {
        Some(replay) => replay::was_shown(*host, replay, now).await?,
        None => false,
    };
    let offered = |delivery: &Delivery| title.media.offers(*delivery) && only.is_none_or(|only| only == *delivery);
    let deliveries = Delivery::ALL.into_iter().filter(offered);
    let mut record = SessionRecord {
        tier: grant.tier,
        country: client.country.map(|code| String::from_utf8_lossy(&code).into_owned()),
        region: client.region.map(|region| region.to_string()),
        device_class: grant.device_class,
        signed_by: Some(grant.signed_by),
        net: grant.net,
        max_height: permit.max_height,
        persistent: grant.persistent,
        deliveries: deliveries.fold(0, |set, delivery| set | delivery_bit(delivery)),
        ..SessionRecord::new(session, account, title_id.to_string(), device, now, ends)
    };
    let journal = context.journal();
    let line = journal.next("mint", None, &mut record);
    let admitted = if asked { slots::admit(*host, config, limits, &mut record).await } else { Err(DOWN) };
    match admitted {
        Ok(ended) => {
            journal.write(&line);
            for session in ended {
                confirm::displaced(&journal, Subject { session, account }).await;
            }
        }
        // By the title's own choice: for one lease life, uncounted and without a record.
        Err(DOWN) if title.rights.store_down == StoreDown::Admit => {
            record.slot = UNRECORDED;
            record.expires = now.saturating_add(config.lease_seconds).min(ends);
            record.ends = record.expires;
            journal.alone("mint", Some("the store is down"), Subject::of(&record));
        }
        Err(refused) => return Err(refused.into()),
    }
    if is_reused {
        journal.alone("reuse", None, Subject::of(&record));
    }
    Ok(record)
}

/// Adds a grant's successor to the response, where it has one.
pub(super) fn hand_on<B>(mut response: Response<B>, renewal: Option<Renewal>) -> Response<B> {
    if let Some(Renewal { token, cookie, name }) = renewal {
        match cookie {
            Some(attributes) => response.add(header::SET_COOKIE, format!("{name}={token}; {attributes}")),
            // A token may name any header, but none that the response has of its own.
            None => response.choose(&name, &token),
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
