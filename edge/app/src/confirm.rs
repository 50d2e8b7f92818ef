//! Whether a session still lives and still may: asked of the KV store at most once per lease life, and then renewed.

use http::{HeaderName, header};
use sluice_gate::{
    Roots, SessionId, Unix,
    lease::{self, Lease},
    rights::Facts,
    session::{self, Refused, SessionRecord},
};
use sluice_packager::title::TitleId;

use crate::{
    Error, Host,
    authenticate::{COOKIE, Credential},
    config::Config,
    cors::RENEWED_LEASE,
    host::Client,
    origin::{Origin, Title},
    slots,
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
    if credential.slot() == session::UNRECORDED {
        // Admitted while the store was down: it has nothing but its own end.
        return Ok(None);
    }
    let is_handle = matches!(credential, Credential::Path(_));
    let vouched = match credential {
        Credential::Cookie(lease) | Credential::Bearer(lease) => !lease.due_for_renewal(now),
        Credential::Path(_) => is_kept(host, credential.session(), now).await,
    };
    if vouched && depth != Depth::Second {
        return Ok(None);
    }
    let (mut record, generation) = match slots::load(host, credential.session()).await {
        Ok(Some(loaded)) => loaded,
        // A credential of ours whose record is not there was minted just now, somewhere else.
        Ok(None) | Err(Error::StoreUnavailable) if depth != Depth::Second && !is_handle => return Ok(None),
        Ok(None) => return Err(Error::StoreUnavailable),
        Err(error) => return Err(error),
    };
    if !record.is_live(now) {
        return Err(Error::SessionEnded);
    }
    if record.due_for_renewal(now) {
        match extend(host, config, origin, title, &mut record, generation, now).await {
            // Neither the origin's absence nor the store's ends a right that was given.
            Err(Error::Origin(_) | Error::OriginTimeout | Error::StoreUnavailable)
                if !is_handle || now < record.expires => {}
            extended => extended?,
        }
    }
    match credential {
        Credential::Path(_) => {
            if now >= record.expires {
                return Err(Error::StoreUnavailable);
            }
            keep(host, config, &record).await;
            Ok(None)
        }
        Credential::Cookie(lease) | Credential::Bearer(lease) if lease.due_for_renewal(now) => {
            let renewed = lease.renewed(now, config.lease_seconds, record.expires);
            if renewed == *lease {
                return Ok(None);
            }
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

/// The session's record, if it lives, and its generation.
pub(crate) async fn read<H: Host>(host: &H, session: &SessionId) -> Result<(SessionRecord, Option<u64>), Error> {
    let loaded = slots::load(host, session).await?;
    loaded.filter(|(record, _)| record.is_live(host.now())).ok_or(Error::SessionEnded)
}

/// Extends a session's record, if the title's rights still allow it.
async fn extend<H: Host>(
    host: &H,
    config: &Config,
    origin: &Origin<'_, H>,
    title: &TitleId,
    record: &mut SessionRecord,
    generation: Option<u64>,
    now: Unix,
) -> Result<(), Error> {
    let current = origin.title(title).await?;
    current.rights.authorize(&Facts { now, country: record.country.as_deref(), tier: &record.tier })?;
    match slots::renew(host, config, current.rights.stream_limit, record, generation).await {
        Ok(_) => Ok(()),
        Err(Refused::Full(_)) => Err(Error::SessionEnded),
        Err(refused) => Err(refused.into()),
    }
}

/// Keeps at this point of presence what a session's record says: its handles need not ask again for half a lease life, so that an ended session stops within one,
/// and never past the record's right.
pub(crate) async fn keep<H: Host>(host: &H, config: &Config, record: &SessionRecord) {
    let seconds = config.lease_seconds / 2;
    if seconds > 0 {
        host.cache_put(&live_key(&record.session), record.expires.to_string().as_bytes(), seconds).await;
    }
}

async fn is_kept<H: Host>(host: &H, session: &SessionId, now: Unix) -> bool {
    let kept = host.cache_get(&live_key(session)).await;
    let expires = kept.and_then(|kept| core::str::from_utf8(&kept).ok()?.parse::<Unix>().ok());
    expires.is_some_and(|expires| now < expires)
}

fn live_key(session: &SessionId) -> String {
    format!("live/{session}")
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
