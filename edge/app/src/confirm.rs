//! Whether a session still lives and still may: asked of the KV store at most once per lease life, and then renewed.

use http::{HeaderName, header};
use sluice_gate::{
    Roots, SessionId, Unix,
    lease::{self, Lease},
    rights::Facts,
    session::{self, SessionRecord},
};
use sluice_packager::title::TitleId;

use crate::{
    Error, Host,
    authenticate::{COOKIE, Credential},
    config::Config,
    cors::RENEWED_LEASE,
    host::{Client, StoreError},
    origin::{Origin, Title},
    slots::{self, Holding},
};

/// How closely a request looks at its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    /// Media: a lease that is not due costs no look at all, and a handle one per lease life.
    Segment,
    /// Manifests: as for media.
    Session,
    /// Licences and keys, the second gate: always looks.
    Second,
}

/// A header that brings the viewer a renewed lease.
pub(crate) struct Renewal {
    pub(crate) header: HeaderName,
    pub(crate) value: String,
}

/// Confirms a credential's session, and renews its lease when a third of it is spent.
///
/// # Errors
/// [`Error::SessionEnded`], a refusal by the title's rights, or [`Error::StoreUnavailable`] where nothing vouches for the session: a
/// lease does until it ends, a handle only while its last confirmation is kept.
pub(crate) async fn confirm<H: Host>(
    host: &H,
    config: &Config,
    roots: &Roots,
    origin: &Origin<'_, H>,
    title: &TitleId,
    credential: &Credential,
    depth: Depth,
) -> Result<Option<Renewal>, Error> {
    let now = host.now();
    let live_key = format!("live/{}", credential.session());
    let vouched = match credential {
        Credential::Cookie(lease) | Credential::Bearer(lease) => !lease.due_for_renewal(now),
        Credential::Path(_) => host.cache_get(&live_key).await.is_some(),
    };
    if vouched && depth != Depth::Second {
        return Ok(None);
    }
    let record = match read(host, credential.session()).await {
        Ok(record) => record,
        Err(Error::StoreUnavailable) if depth != Depth::Second && !matches!(credential, Credential::Path(_)) => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    if record.due_for_renewal(now) {
        extend(host, config, origin, title, record, now).await?;
    }
    match credential {
        Credential::Path(_) => {
            // Kept for a part of the lease life, so that an ended session stops within one.
            host.cache_put(&live_key, b"1", config.lease_seconds / 2).await;
            Ok(None)
        }
        Credential::Cookie(lease) | Credential::Bearer(lease) if lease.due_for_renewal(now) => {
            let renewed = lease.renewed(now, config.lease_seconds);
            let token = lease::mint(roots, &renewed);
            Ok(Some(match credential {
                Credential::Cookie(_) => {
                    Renewal { header: header::SET_COOKIE, value: cookie(title, &token, &renewed, now) }
                }
                _ => Renewal { header: RENEWED_LEASE, value: token },
            }))
        }
        Credential::Cookie(_) | Credential::Bearer(_) => Ok(None),
    }
}

/// The session's record, if it lives.
pub(crate) async fn read<H: Host>(host: &H, session: &SessionId) -> Result<SessionRecord, Error> {
    let stored = host.kv_get(&session::session_key(session)).await?.ok_or(Error::SessionEnded)?;
    // What cannot be read vouches for nobody.
    let record: SessionRecord = serde_json::from_slice(&stored.value).map_err(|_| Error::SessionEnded)?;
    if record.is_live(host.now()) { Ok(record) } else { Err(Error::SessionEnded) }
}

/// Extends a session's record, if the title's rights still allow it.
async fn extend<H: Host>(
    host: &H,
    config: &Config,
    origin: &Origin<'_, H>,
    title: &TitleId,
    mut record: SessionRecord,
    now: Unix,
) -> Result<(), Error> {
    let current = match origin.title(title).await {
        Ok(current) => current,
        // The origin's absence ends nobody's session before its lease ends.
        Err(Error::Origin(_) | Error::OriginTimeout) => return Ok(()),
        Err(error) => return Err(error),
    };
    let country = record.country.clone();
    current.rights.authorize(&Facts { now, country: country.as_deref(), tier: &record.tier })?;
    record.renew(now, config.lease_seconds);
    match slots::hold(host, &record, now).await {
        Ok(Holding::Lost(_)) => return Err(Error::SessionEnded),
        Ok(Holding::Held) | Err(Error::StoreUnavailable) => {}
        Err(error) => return Err(error),
    }
    match put_record(host, &record, now).await {
        // A store that asks to write less often keeps the old record: the session goes on by it.
        Ok(()) | Err(Error::StoreUnavailable) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Writes a session's record; it may go when the session is over in any case.
pub(crate) async fn put_record<H: Host>(host: &H, record: &SessionRecord, now: Unix) -> Result<(), Error> {
    let value = serde_json::to_vec(record).map_err(|error| Error::Internal(error.to_string()))?;
    let seconds = record.ends.saturating_sub(now).max(60);
    host.kv_put(&session::session_key(&record.session), &value, seconds).await.map_err(|error: StoreError| error.into())
}

/// The rights of a title as it is now, for a viewer whose session was minted under earlier ones.
pub(crate) fn authorize(title: &Title, now: Unix, client: &Client) -> Result<(), Error> {
    let country = client.country.as_ref().and_then(|code| core::str::from_utf8(code).ok());
    title.rights.available(now, country)?;
    Ok(())
}

/// `Set-Cookie` for a lease: for this title's routes only, and for pages of other sites, each with a jar of its own.
pub(crate) fn cookie(title: &TitleId, token: &str, lease: &Lease, now: Unix) -> String {
    let age = lease.expires.saturating_sub(now);
    format!("{COOKIE}={token}; Path=/v1/{title}; Max-Age={age}; Secure; HttpOnly; SameSite=None; Partitioned")
}
