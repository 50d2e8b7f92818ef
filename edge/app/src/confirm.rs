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
    authenticate::{COOKIE, Credential},
    config::Config,
    cors::RENEWED_LEASE,
    decision::{Journal, Subject},
    host::{Client, StoreError},
    origin::{Origin, Title},
    revocation,
    slots::{self, Holding},
};

/// How often a line is put into a session's chain where the store orders writers.
const TRIES: usize = 3;
/// What a renewal is called in the log, whoever asked for it.
pub(crate) const RENEW: &str = "renew";

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
    journal: &Journal<'_, H>,
    config: &Config,
    origin: &Origin<'_, H>,
    title: &TitleId,
    credential: &Credential,
    depth: Depth,
) -> Result<Option<Renewal>, Error> {
    let Journal { host, roots, client, .. } = *journal;
    let now = host.now();
    let session = credential.session();
    let networks: Vec<String> = match (credential, client.address) {
        (Credential::Path(_), Some(address)) if config.handle_networks > 0 => {
            network_digests(roots, &session.0, address).collect()
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
    let (mut record, generation) = match live(host, session).await {
        Ok(read) => read,
        Err(Error::StoreUnavailable) if depth != Depth::Second && !matches!(credential, Credential::Path(_)) => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let moved = record.meet(&networks, now, config.lease_seconds);
    if moved && record.networks.len() > config.handle_networks.into() {
        // The request is refused even where the store does not take the end.
        end(journal, record, "end", "networks", now).await?;
        return Err(Error::SessionEnded);
    }
    if record.due_for_renewal(now) {
        record = extend(journal, config, origin, title, record, generation).await?;
    } else if moved {
        keep(host, &record, generation, now).await?;
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

/// The session's record, if it lives and was not revoked.
pub(crate) async fn read<H: Host>(host: &H, session: &SessionId) -> Result<SessionRecord, Error> {
    Ok(live(host, session).await?.0)
}

async fn live<H: Host>(host: &H, session: &SessionId) -> Result<(SessionRecord, Option<u64>), Error> {
    let (record, generation) = stored(host, session).await?;
    if !record.is_live(host.now()) {
        return Err(Error::SessionEnded);
    }
    revocation::session(host, &record).await?;
    Ok((record, generation))
}

/// The session's record as it is stored, and the generation that it was read at.
pub(crate) async fn stored<H: Host>(host: &H, session: &SessionId) -> Result<(SessionRecord, Option<u64>), Error> {
    let stored = host.kv_get(&session::session_key(session)).await?.ok_or(Error::SessionEnded)?;
    // What cannot be read vouches for nobody.
    let record = serde_json::from_slice(&stored.value).map_err(|_| Error::SessionEnded)?;
    Ok((record, stored.generation))
}

/// Writes a session's record and then the line of its chain that says why.
pub(crate) async fn put_logged<H: Host>(
    journal: &Journal<'_, H>,
    record: &mut SessionRecord,
    decision: &str,
    detail: Option<&str>,
    now: Unix,
) -> Result<(), Error> {
    let line = journal.next(decision, detail, record);
    put_record(journal.host, record, now).await?;
    journal.write(&line);
    Ok(())
}

/// Ends a session that lives, and frees its slot.
pub(crate) async fn end<H: Host>(
    journal: &Journal<'_, H>,
    mut record: SessionRecord,
    decision: &str,
    reason: &str,
    now: Unix,
) -> Result<(), Error> {
    record.end(now, reason);
    put_logged(journal, &mut record, decision, Some(reason), now).await?;
    slots::free(journal.host, &record, now).await
}

/// Puts a line into a session's chain for something that changes nothing else of its record.
///
/// The record is read again: between two requests of one player, for audio and for video, the one that sees the other's line follows it. Where the store does
/// not order writers both may follow the same line, and an audit calls that a fork. Where the store takes no writes the line stands alone.
///
/// # Errors
/// [`Error::SessionEnded`] where the session was ended meanwhile: then the thing is not granted.
pub(crate) async fn witness<H: Host>(journal: &Journal<'_, H>, subject: Subject, decision: &str) -> Result<(), Error> {
    let host = journal.host;
    let now = host.now();
    for _ in 0..TRIES {
        let (mut record, generation) = match stored(host, &subject.session).await {
            Ok((record, _)) if !record.is_live(now) => return Err(Error::SessionEnded),
            Ok(read) => read,
            Err(Error::StoreUnavailable) => break,
            Err(error) => return Err(error),
        };
        let line = journal.next(decision, None, &mut record);
        match put_record_at(host, &record, generation, now).await {
            Ok(()) => {
                journal.write(&line);
                return Ok(());
            }
            Err(StoreError::Conflict) => {}
            Err(_) => break,
        }
    }
    journal.alone(decision, None, subject);
    Ok(())
}

/// Extends a session's record, if the title's rights still allow it; the record as it then is.
async fn extend<H: Host>(
    journal: &Journal<'_, H>,
    config: &Config,
    origin: &Origin<'_, H>,
    title: &TitleId,
    mut record: SessionRecord,
    generation: Option<u64>,
) -> Result<SessionRecord, Error> {
    let Journal { host, client, .. } = *journal;
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
    let line = journal.next(RENEW, None, &mut record);
    match put_record_at(host, &record, generation, now).await {
        Ok(()) => journal.write(&line),
        // A parallel request has renewed it and said so, or ended it, which the next look shows.
        Err(StoreError::Conflict) => {}
        // A store that asks to write less often keeps the old record: the session goes on by it.
        Err(_) => journal.alone(RENEW, Some("the store keeps the old record"), Subject::of(&record)),
    }
    Ok(record)
}

/// Writes a record that the session can do without: one that was overtaken is written by whoever overtook it, and a store that asks to write less often keeps
/// the old one, by which the session goes on.
async fn keep<H: Host>(host: &H, record: &SessionRecord, generation: Option<u64>, now: Unix) -> Result<(), Error> {
    match put_record_at(host, record, generation, now).await {
        Ok(()) | Err(StoreError::Conflict | StoreError::Throttled | StoreError::Unavailable) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Writes a session's record, if it still is as it was read, where the store can tell.
async fn put_record_at<H: Host>(
    host: &H,
    record: &SessionRecord,
    generation: Option<u64>,
    now: Unix,
) -> Result<(), StoreError> {
    let (key, value, seconds) = stored_form(record, now).map_err(|_| StoreError::Unavailable)?;
    match host.kv_put_if(&key, &value, generation, seconds).await {
        Err(StoreError::Unsupported) => host.kv_put(&key, &value, seconds).await,
        written => written,
    }
}

/// Writes a session's record; it may go when the session is over in any case.
pub(crate) async fn put_record<H: Host>(host: &H, record: &SessionRecord, now: Unix) -> Result<(), Error> {
    let (key, value, seconds) = stored_form(record, now)?;
    Ok(host.kv_put(&key, &value, seconds).await?)
}

/// Key, value and how long the store keeps it.
fn stored_form(record: &SessionRecord, now: Unix) -> Result<(String, Vec<u8>, u64), Error> {
    let value = serde_json::to_vec(record).map_err(|error| Error::Internal(error.to_string()))?;
    Ok((session::session_key(&record.session), value, record.ends.saturating_sub(now).max(60)))
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
