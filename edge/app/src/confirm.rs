//! Whether a session still lives and still may: asked of the KV store at most once per lease life, and then renewed.

use http::{HeaderName, header};
use sluice_gate::{
    SessionId, Unix,
    lease::{self, Lease},
    network_digests,
    rights::Facts,
    session::{self, SessionRecord},
};
use sluice_packager::title::TitleId;

use crate::{
    Error, Host,
    authenticate::{self, COOKIE, Credential},
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
/// A handle is confirmed for each network that it comes from, at each point of presence: from more than the configured number of them within a lease's
/// life, it ends its session (`networks`). Where writers of a record overtake each other, that shows with a later confirmation.
///
/// # Errors
/// [`Error::SessionEnded`], a refusal by the title's rights, or [`Error::StoreUnavailable`] where nothing vouches for the session: a
/// lease does until it ends, a handle only while its last confirmation is kept.
pub(crate) async fn confirm<H: Host>(
    host: &H,
    config: &Config,
    facts: authenticate::Facts<'_>,
    origin: &Origin<'_, H>,
    title: &TitleId,
    credential: &Credential,
    depth: Depth,
) -> Result<Option<Renewal>, Error> {
    let now = host.now();
    let session = credential.session();
    let networks: Vec<String> = match (credential, facts.client.address) {
        (Credential::Path(_), Some(address)) if config.handle_networks > 0 => {
            network_digests(facts.roots, &session.0, address).collect()
        }
        _ => Vec::new(),
    };
    let live_key = format!("live/{session}/{}", networks.first().map_or("", String::as_str));
    let vouched = match credential {
        Credential::Cookie(lease) | Credential::Bearer(lease) => !lease.due_for_renewal(now),
        Credential::Path(_) => host.cache_get(&live_key).await.is_some(),
    };
    if vouched && depth != Depth::Second {
        return Ok(None);
    }
    let mut record = match read(host, session).await {
        Ok(record) => record,
        Err(Error::StoreUnavailable) if depth != Depth::Second && !matches!(credential, Credential::Path(_)) => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let moved = record.meet(&networks, now, config.lease_seconds);
    if moved && record.networks.len() > config.handle_networks.into() {
        return Err(end_shared(host, record, now).await);
    }
    if record.due_for_renewal(now) {
        record = extend(host, config, origin, title, facts.client, record).await?;
    } else if moved {
        keep(host, &record, now).await?;
    }
    match credential {
        Credential::Path(_) => {
            // Kept for a part of the lease life, so that an ended session stops within one.
            host.cache_put(&live_key, b"1", config.lease_seconds / 2).await;
            Ok(None)
        }
        Credential::Cookie(lease) | Credential::Bearer(lease) if lease.due_for_renewal(now) => {
            let ends = lease.ends.min(record.ends);
            let renewed = Lease { ends, ..*lease }.renewed(now, config.lease_seconds);
            let token = lease::mint(facts.roots, &renewed);
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

/// Extends a session's record, if the title's rights still allow it; the record as it then is.
async fn extend<H: Host>(
    host: &H,
    config: &Config,
    origin: &Origin<'_, H>,
    title: &TitleId,
    client: &Client,
    mut record: SessionRecord,
) -> Result<SessionRecord, Error> {
    let now = host.now();
    let current = match origin.title(title).await {
        Ok(current) => current,
        // The origin's absence ends nobody's session before its lease ends.
        Err(Error::Origin(_) | Error::OriginTimeout) => return Ok(record),
        Err(error) => return Err(error),
    };
    authorize_renewal(&current, &mut record, now, client)?;
    record.renew(now, config.lease_seconds);
    match slots::hold(host, &record, now).await {
        Ok(Holding::Lost(_)) => return Err(Error::SessionEnded),
        Ok(Holding::Held) | Err(Error::StoreUnavailable) => {}
        Err(error) => return Err(error),
    }
    keep(host, &record, now).await?;
    Ok(record)
}

/// Writes a record that the session can do without: a store that asks to write less often keeps the old one, and the session goes on by it.
async fn keep<H: Host>(host: &H, record: &SessionRecord, now: Unix) -> Result<(), Error> {
    match put_record(host, record, now).await {
        Ok(()) | Err(Error::StoreUnavailable) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Ends a session whose handle went from hand to hand. The request is refused even where the store does not take it.
async fn end_shared<H: Host>(host: &H, mut record: SessionRecord, now: Unix) -> Error {
    record.end(now, "networks");
    let written = async {
        put_record(host, &record, now).await?;
        slots::free(host, &record, now).await
    };
    written.await.err().unwrap_or(Error::SessionEnded)
}

/// Writes a session's record; it may go when the session is over in any case.
pub(crate) async fn put_record<H: Host>(host: &H, record: &SessionRecord, now: Unix) -> Result<(), Error> {
    let value = serde_json::to_vec(record).map_err(|error| Error::Internal(error.to_string()))?;
    let seconds = record.ends.saturating_sub(now).max(60);
    host.kv_put(&session::session_key(&record.session), &value, seconds).await.map_err(|error: StoreError| error.into())
}

/// The rights of a title as it is now, for a viewer whose session was minted under earlier ones.
pub(crate) fn authorize(title: &Title, now: Unix, client: &Client) -> Result<(), Error> {
    title.rights.available(now, client)?;
    Ok(())
}

/// The same for the renewal of a session, by where its viewer is now. A window that closes earlier than it did ends the session earlier, and so every lease
/// that is minted from here on, and its handle at the next confirmation.
pub(crate) fn authorize_renewal(
    title: &Title,
    record: &mut SessionRecord,
    now: Unix,
    client: &Client,
) -> Result<(), Error> {
    let device_class = record.device_class.as_deref();
    let permit = title.rights.authorize(&Facts { now, client, tier: &record.tier, device_class })?;
    record.ends = permit.ends.map_or(record.ends, |ends| record.ends.min(ends));
    Ok(())
}

/// `Set-Cookie` for a lease: for this title's routes only, and for pages of other sites, each with a jar of its own.
pub(crate) fn cookie(title: &TitleId, token: &str, lease: &Lease, now: Unix) -> String {
    let age = lease.expires.saturating_sub(now);
    format!("{COOKIE}={token}; Path=/v1/{title}; Max-Age={age}; Secure; HttpOnly; SameSite=None; Partitioned")
}
