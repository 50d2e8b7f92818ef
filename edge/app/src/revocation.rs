//! Who is turned away although the token is good: by the store's revocations where the store is asked anyway, and by the configuration's denylist at once.

use sluice_gate::{
    AccountId, Deny, SessionId, TokenError,
    grant::{Grant, jwt},
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

/// Whether a grant counts: neither its key nor its account is listed, and it was issued after what was revoked, if anything was.
pub(crate) async fn grant<H: Host>(host: &H, config: &Config, account: &AccountId, grant: &Grant) -> Result<(), Error> {
    if config.denylist.bars(&grant.signed_by) {
        return Err(TokenError::Invalid.into());
    }
    if config.denylist.accounts.contains(account) {
        return Err(Error::SessionEnded);
    }
    if read(host, account).await?.refuses(grant.issued) { Err(TokenError::Invalid.into()) } else { Ok(()) }
}

/// Whether a session or its account is listed.
pub(crate) fn listed(config: &Config, session: &SessionId, account: &AccountId) -> Result<(), Error> {
    if config.denylist.ends(session, account) { Err(Error::SessionEnded) } else { Ok(()) }
}

/// Whether the key is listed that signed a session's grant.
pub(crate) fn listed_signer(config: &Config, record: &SessionRecord) -> Result<(), Error> {
    let listed = record.signed_by.as_ref().is_some_and(|key| config.denylist.bars(key));
    if listed { Err(Error::SessionEnded) } else { Ok(()) }
}

/// Whether the key that an administrator's token names is listed.
pub(crate) fn listed_key(config: &Config, token: &str) -> Result<(), Error> {
    let listed = jwt::kid(token).is_some_and(|kid| config.denylist.bars(&kid));
    if listed { Err(TokenError::Invalid.into()) } else { Ok(()) }
}

/// Whether the client's network is listed.
pub(crate) fn listed_address(config: &Config, client: &Client) -> Result<(), Error> {
    if config.denylist.holds(client.address) { Err(Deny::NotEntitled.into()) } else { Ok(()) }
}
