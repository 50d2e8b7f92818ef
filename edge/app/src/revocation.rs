//! Who is turned away although the token is good: by the store's revocations where the store is asked anyway, and by the configuration's denylist at once.

use sluice_gate::{
    AccountId, Deny, SessionId, TokenError, Unix, grant,
    revocation::{KEEP_SECONDS, Revocation, revocation_key},
    session::SessionRecord,
};

use crate::{Error, Host, config::Config, host::Client};

/// An account's revocation. One that cannot be read ends everything of the account.
pub(crate) async fn read<H: Host>(host: &H, account: &AccountId) -> Result<Revocation, Error> {
    match host.kv_get(&revocation_key(account)).await? {
        Some(stored) => serde_json::from_slice(&stored.value).map_err(|_| Error::SessionEnded),
        None => Ok(Revocation::default()),
    }
}

/// Changes an account's revocation.
pub(crate) async fn change<H: Host>(
    host: &H,
    account: &AccountId,
    change: impl FnOnce(&mut Revocation),
) -> Result<(), Error> {
    let mut revocation = read(host, account).await?;
    change(&mut revocation);
    let value = serde_json::to_vec(&revocation).map_err(|error| Error::Internal(error.to_string()))?;
    Ok(host.kv_put(&revocation_key(account), &value, KEEP_SECONDS).await?)
}

/// Whether a session that lives by its record was revoked.
pub(crate) async fn session<H: Host>(host: &H, record: &SessionRecord) -> Result<(), Error> {
    let revocation = read(host, &record.account).await?;
    if revocation.ends(&record.session, record.started) { Err(Error::SessionEnded) } else { Ok(()) }
}

/// Whether a grant counts: its account is not listed, and it was issued after what was revoked, if anything was.
pub(crate) async fn grant<H: Host>(
    host: &H,
    config: &Config,
    account: &AccountId,
    issued: Option<Unix>,
) -> Result<(), Error> {
    if config.denylist.accounts.contains(account) {
        return Err(Error::SessionEnded);
    }
    if read(host, account).await?.refuses(issued) { Err(TokenError::Invalid.into()) } else { Ok(()) }
}

/// Whether a session or its account is listed.
pub(crate) fn listed(config: &Config, session: &SessionId, account: &AccountId) -> Result<(), Error> {
    if config.denylist.ends(session, account) { Err(Error::SessionEnded) } else { Ok(()) }
}

/// Whether the key that a JWT names is listed.
pub(crate) fn listed_key(config: &Config, token: &str) -> Result<(), Error> {
    let kids = &config.denylist.kids;
    if !kids.is_empty() && grant::jwt::kid(token).is_some_and(|kid| kids.contains(&kid)) {
        return Err(TokenError::Invalid.into());
    }
    Ok(())
}

/// Whether the client's network is listed.
pub(crate) fn listed_address(config: &Config, client: &Client) -> Result<(), Error> {
    if config.denylist.holds(client.address) { Err(Deny::NotEntitled.into()) } else { Ok(()) }
}
