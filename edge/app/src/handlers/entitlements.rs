//! `POST /v1/entitlements`: a vendor's licence server that decides by itself asks whether a session may have a licence, and on which terms.
//!
//! It is judged by the session's record, as a viewer's own request is by what it carries: the viewer is not there. So the place is the one that the session
//! was minted in, and what the session is bound to in the network is not looked at.

use http::StatusCode;
use serde::Serialize;
use sluice_document::members;
use sluice_gate::{
    Deny, SessionId, TokenError,
    entitlement::{Restrictions, System},
    lease,
    rights::{Facts, Region},
    session::SessionRecord,
};
use sluice_packager::{keys::Kid, title::TitleId};

use super::{Context, keys};
use crate::{
    Error, Host, Response, authenticate, confirm,
    decision::{Journal, Licensed, Subject},
    entitled::{self, Right},
    host::Client,
    licenses, rates,
    response::NO_STORE,
    revocation, secrets,
};

const FORM: &str = "the body is not {\"session\" or \"lease\":…,\"title\":…,\"system\":\"widevine\", \"playready\" or \"fairplay\",\"kids\":[…]}";

struct Wanted {
    session: Option<SessionId>,
    lease: Option<String>,
    title: String,
    system: System,
    /// Empty for all that may be had.
    kids: Vec<Kid>,
}

members!(deny Wanted { session = None, lease = None, title, system, kids = Vec::new() });

#[derive(Serialize)]
struct Verdict {
    allow: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    restrictions: Option<Restrictions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kids: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
}

pub(super) async fn judge<H: Host>(context: &Context<'_, H>) -> Result<Response<H::Body>, Error> {
    authentic(context).await?;
    let wanted: Wanted = serde_json::from_slice(&context.request.body).map_err(|_| Error::BadRequest(FORM))?;
    let session = match (wanted.session, &wanted.lease) {
        (Some(session), None) => Ok(session),
        (None, Some(lease)) => lease::verify(&context.roots, lease, context.host.now()).map(|lease| lease.session),
        _ => return Err(Error::BadRequest(FORM)),
    };
    let judged = match session {
        Ok(session) => entitle(context, &session, &wanted).await,
        Err(error) => Err(error.into()),
    };
    let verdict = match judged {
        Ok((restrictions, kids)) => {
            Verdict { allow: true, restrictions: Some(restrictions), kids: Some(kids), code: None }
        }
        // The question was answered; what could not be answered is an error.
        Err(error @ (Error::Deny(_) | Error::SessionEnded | Error::Token(_))) => {
            let (_, code) = error.status_and_code();
            let system = licenses::listed_as(wanted.system).as_str();
            let title = TitleId::parse(&wanted.title).map_or_else(|_| "no title".to_owned(), |title| title.to_string());
            let nowhere = Client::default();
            let journal = Journal::new(context.host, &context.roots, context.request, &nowhere);
            journal.denied(code, &format!("entitlement to {system} of {title}: {error}"), session.ok());
            Verdict { allow: false, restrictions: None, kids: None, code: Some(code) }
        }
        Err(error) => return Err(error),
    };
    let body = serde_json::to_vec(&verdict).map_err(|error| Error::Internal(error.to_string()))?;
    Ok(Response::full(StatusCode::OK, "application/json", body).cached(NO_STORE))
}

/// Whether the caller shows one of the secrets, which are all compared whichever it is. Where none is named, none is right.
async fn authentic<H: Host>(context: &Context<'_, H>) -> Result<(), Error> {
    let shown = context.request.bearer().ok_or(TokenError::Missing)?;
    let names = &context.config.entitlements;
    if !names.is_empty() && secrets::is_one_of(context.host, names, shown).await? {
        Ok(())
    } else {
        Err(TokenError::Invalid.into())
    }
}

/// What the session may have: on which terms, and which keys.
async fn entitle<H: Host>(
    context: &Context<'_, H>,
    session: &SessionId,
    wanted: &Wanted,
) -> Result<(Restrictions, Vec<String>), Error> {
    let Context { host, config, request, roots, .. } = context;
    let now = host.now();
    let read = confirm::read(*host, config, session).await?;
    let client = client_of(&read.0);
    let account = read.0.account;
    revocation::listed(config, session, &account)?;
    if read.0.title != wanted.title {
        return Err(Deny::TitleMismatch.into());
    }
    rates::license(*host, config, authenticate::Facts { roots, client: &client, now }, &account).await?;
    let id = TitleId::parse(&wanted.title).map_err(|_| Deny::UnknownTitle)?;
    let title = context.origin().await?.title(&id).await?;
    let journal = Journal::new(*host, roots, request, &client);
    let record = confirm::holding(&journal, config, &title, read).await?;
    let facts = Facts { now, client: &client, tier: &record.tier, device_class: record.device_class.as_deref() };
    let permit = title.rights.authorize(&facts)?;
    let system = licenses::listed_as(wanted.system);
    if !keys::lists(&title, system) {
        return Err(Deny::NotEntitled.into());
    }
    let right = Right {
        max_height: [record.max_height, permit.max_height].into_iter().flatten().min(),
        deliveries: record.deliveries,
        ends: permit.ends.map_or(record.ends, |closes| closes.min(record.ends)),
        persistent: record.persistent,
    };
    let entitled::Keys { mut keys, .. } = entitled::keys(&title, wanted.system, &right);
    if !wanted.kids.is_empty() {
        keys.retain(|key| wanted.kids.contains(&Kid(key.kid)));
    }
    if keys.is_empty() {
        return Err(Deny::NotEntitled.into());
    }
    let seconds = licenses::serving(&config.licenses, wanted.system).and_then(|(servers, _)| servers.seconds);
    let mut restrictions = entitled::restrictions(&title, &right, seconds, now);
    for key in &keys {
        restrictions.hdcp = restrictions.hdcp.max(key.hdcp);
        restrictions.security_level = restrictions.security_level.max(key.security_level);
    }
    let kids = Licensed::kids(&keys);
    let licensed = Licensed { system, kids: &kids, vendor: None, ms: None };
    confirm::licensed(&journal, Subject::of(&record), "entitlement", &licensed).await?;
    Ok((restrictions, kids))
}

/// Where the session was minted. No network that hides its viewer: it would not have been minted there.
fn client_of(record: &SessionRecord) -> Client {
    Client {
        country: record.country.as_deref().and_then(|code| code.as_bytes().try_into().ok()),
        region: record.region.as_deref().and_then(|region| Region::parse(region).ok()),
        anonymizer: Some(false),
        ..Client::default()
    }
}
