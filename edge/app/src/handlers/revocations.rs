//! `POST /v1/revocations`: an administrator ends a session, or everything of an account up to a time.

use http::StatusCode;
use serde::Serialize;
use sluice_document::members;
use sluice_gate::{AccountId, Deny, SessionId, Unix, grant};

use super::Context;
use crate::{Error, Host, Response, confirm, decision::Subject, grants, response::NO_STORE, revocation, slots};

/// The furthest that `before` may lie ahead, seconds: as far as clocks differ. Milliseconds, or a slip, would lock an account out for good.
const MAX_AHEAD: u64 = 300;
/// Why, in a record that was ended so.
const REASON: &str = "revoked";

struct Wanted {
    session: Option<SessionId>,
    account: Option<String>,
    before: Option<Unix>,
}

members!(deny Wanted { session = None, account = None, before = None });

/// What was revoked.
#[derive(Serialize)]
struct Revoked {
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<SessionId>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    accounts: Vec<AccountId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<Unix>,
}

pub(super) async fn revoke<H: Host>(context: &Context<'_, H>) -> Result<Response<H::Body>, Error> {
    let now = context.host.now();
    administrator(context, now).await?;
    let wanted: Wanted = serde_json::from_slice(&context.request.body).map_err(|_| Error::BadRequest(FORM))?;
    let revoked = match wanted {
        Wanted { session: Some(session), account: None, before: None } => {
            of_session(context, session, now).await?;
            Revoked { session: Some(session), accounts: Vec::new(), before: None }
        }
        Wanted { session: None, account: Some(account), before } => {
            // This second counts too: what was started in it was started before the revocation.
            let before = before.unwrap_or(now.saturating_add(1));
            if before > now.saturating_add(MAX_AHEAD) {
                return Err(Error::BadRequest("before lies ahead: it is unix seconds"));
            }
            let accounts = accounts(context, &account);
            for account in &accounts {
                of_account(context, account, before, now).await?;
            }
            Revoked { session: None, accounts, before: Some(before) }
        }
        _ => return Err(Error::BadRequest(FORM)),
    };
    let body = serde_json::to_vec(&revoked).map_err(|error| Error::Internal(error.to_string()))?;
    Ok(Response::full(StatusCode::OK, "application/json", body).cached(NO_STORE))
}

const FORM: &str = "the body is not {\"session\":…} or {\"account\":…,\"before\":unix seconds}";

/// Whether the caller's token is an administrator's whose role may revoke.
async fn administrator<H: Host>(context: &Context<'_, H>, now: Unix) -> Result<(), Error> {
    let token = context.request.bearer().ok_or(sluice_gate::TokenError::Missing)?;
    // Where no administrator is configured, no token is one's.
    let admin = context.config.admin.as_ref().ok_or(sluice_gate::TokenError::Invalid)?;
    revocation::listed_key(context.config, token)?;
    let Context { host, config, request, client, .. } = context;
    let claims = grants::administrator(*host, config, admin, request, client, now).await?;
    if admin.may_revoke(&claims) { Ok(()) } else { Err(Deny::NotEntitled.into()) }
}

/// The accounts that a text may mean: one of that name, and if it has the form of an id, as the log has it, the one of that id. Both are revoked: which was
/// meant cannot be known, and the other is most likely nobody's.
fn accounts<H: Host>(context: &Context<'_, H>, text: &str) -> Vec<AccountId> {
    [Some(AccountId::derive(&context.roots, &grant::Account::Named(text.to_owned()))), AccountId::parse(text)]
        .into_iter()
        .flatten()
        .collect()
}

/// Ends a session. One that was ended already stays as it was, and is named in its account's revocation all the same.
async fn of_session<H: Host>(context: &Context<'_, H>, session: SessionId, now: Unix) -> Result<(), Error> {
    let (record, _) = confirm::stored(context.host, &session).await?;
    revocation::change(context.host, &record.account, |revocation| revocation.revoke_session(session)).await?;
    if record.is_live(now) {
        confirm::end(&context.journal(), context.config, record, "revoke", REASON).await
    } else {
        context.journal().alone("revoke", Some("it was over already"), Subject::of(&record));
        Ok(())
    }
}

/// Revokes what an account has up to a time, and ends those of its sessions that still hold a slot, so that it has its slots back.
async fn of_account<H: Host>(
    context: &Context<'_, H>,
    account: &AccountId,
    before: Unix,
    now: Unix,
) -> Result<(), Error> {
    revocation::change(context.host, account, |revocation| revocation.revoke_before(before)).await?;
    context.journal().revoked(*account, &format!("before {before}"));
    // From here on everything is refused by the revocation already.
    for slot in slots::held(context.host, account).await? {
        if slot.started >= before {
            continue;
        }
        match confirm::stored(context.host, &slot.session).await {
            Ok((record, _)) if record.is_live(now) => {
                confirm::end(&context.journal(), context.config, record, "revoke", REASON).await?;
            }
            Ok(_) | Err(Error::SessionEnded) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
