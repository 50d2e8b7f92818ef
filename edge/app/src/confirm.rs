//! Whether a session still lives and still may: asked of the KV store at most once per lease life, and then renewed.

use http::{HeaderName, header};
use sluice_gate::{
    Deny, SessionId, Unix,
    lease::{self, Lease},
    network_digests,
    rights::Facts,
    session::{self, Refused, Renewal as Renewed, SessionRecord},
};
use sluice_packager::title::TitleId;

use crate::{
    Error, Host,
    authenticate::{COOKIE, Credential},
    config::Config,
    cors::RENEWED_LEASE,
    decision::{Journal, Licensed, Subject},
    host::{Client, StoreError},
    origin::{Origin, Title},
    revocation, slots,
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
    let live_key = live_key(session, networks.first());
    let is_handle = matches!(credential, Credential::Path(_));
    if credential.slot() == session::UNRECORDED {
        // Admitted while the store was down: it has nothing but its own end.
        return Ok(None);
    }
    let vouched = match credential {
        Credential::Cookie(lease) | Credential::Bearer(lease) => !lease.due_for_renewal(now),
        Credential::Path(_) => is_kept(host, &live_key, now).await,
    };
    if vouched && depth != Depth::Second {
        return Ok(None);
    }
    let (mut record, generation) = match live(host, config, session, depth).await {
        Ok(Some(read)) => read,
        // A credential of ours whose record is not there was minted just now, somewhere else.
        Ok(None) | Err(Error::StoreUnavailable) if depth != Depth::Second && !is_handle => return Ok(None),
        Ok(None) => return Err(Error::StoreUnavailable),
        Err(error) => return Err(error),
    };
    let moved = record.meet(&networks, now, config.lease_seconds);
    if moved && record.networks.len() > config.handle_networks.into() {
        // The request is refused even where the store does not take the end.
        end(journal, config, record, "end", "networks").await?;
        return Err(Error::SessionEnded);
    }
    let mut written = false;
    if record.due_for_renewal(now) {
        match extend(journal, config, origin, title, credential, &mut record, generation).await {
            // Neither the origin's absence nor the store's ends a right that was given.
            Err(Error::Origin(_) | Error::OriginTimeout | Error::StoreUnavailable)
                if !is_handle || now < record.expires => {}
            extended => written = extended?,
        }
    }
    if moved && !written {
        keep(host, &record, generation, now).await?;
    }
    match credential {
        Credential::Path(_) => {
            if now >= record.expires {
                return Err(Error::StoreUnavailable);
            }
            // Kept for a part of the lease life, so that an ended session stops within one, and never past the record's right.
            let seconds = config.lease_seconds / 2;
            if seconds > 0 {
                host.cache_put(&live_key, record.expires.to_string().as_bytes(), seconds).await;
            }
            Ok(None)
        }
        Credential::Cookie(lease) | Credential::Bearer(lease) if lease.due_for_renewal(now) => {
            let ends = lease.ends.min(record.ends);
            let renewed = Lease { ends, ..*lease }.renewed(now, config.lease_seconds, record.expires);
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

/// What a point of presence keeps of a session's confirmation for handles from one network.
fn live_key(session: &SessionId, network: Option<&String>) -> String {
    format!("live/{session}/{}", network.map_or("", String::as_str))
}

async fn is_kept<H: Host>(host: &H, live_key: &str, now: Unix) -> bool {
    let kept = host.cache_get(live_key).await;
    let expires = kept.and_then(|kept| core::str::from_utf8(&kept).ok()?.parse::<Unix>().ok());
    expires.is_some_and(|expires| now < expires)
}

/// The session's record, if it lives and was not revoked, and its generation.
pub(crate) async fn read<H: Host>(
    host: &H,
    config: &Config,
    session: &SessionId,
) -> Result<(SessionRecord, Option<u64>), Error> {
    live(host, config, session, Depth::Second).await?.ok_or(Error::SessionEnded)
}

/// The same; `None` where the store does not know the session (yet).
///
/// The account's revocation is read with it, but by media and manifests only once a third of a lease is spent since it was last read, which every renewal
/// does: one that is overlooked until then stops the session within one lease all the same, and a segment costs one read.
async fn live<H: Host>(
    host: &H,
    config: &Config,
    session: &SessionId,
    depth: Depth,
) -> Result<Option<(SessionRecord, Option<u64>)>, Error> {
    let now = host.now();
    let Some((record, generation)) = slots::load(host, session).await? else { return Ok(None) };
    if !record.is_live(now) {
        return Err(Error::SessionEnded);
    }
    revocation::listed_signer(config, &record)?;
    if depth == Depth::Second || !record.is_recent(now, config.lease_seconds) {
        revocation::session(host, &record).await?;
    }
    Ok(Some((record, generation)))
}

/// The session's record as it is stored, and the generation that it was read at.
pub(crate) async fn stored<H: Host>(host: &H, session: &SessionId) -> Result<(SessionRecord, Option<u64>), Error> {
    slots::load(host, session).await?.ok_or(Error::SessionEnded)
}

/// Ends a session and gives its slots back; the line of its chain that says why is written once its record is.
pub(crate) async fn end<H: Host>(
    journal: &Journal<'_, H>,
    config: &Config,
    mut record: SessionRecord,
    decision: &str,
    reason: &str,
) -> Result<(), Error> {
    let line = journal.next(decision, Some(reason), &mut record);
    slots::end(journal.host, config, &mut record, reason).await?;
    journal.write(&line);
    Ok(())
}

/// Puts a line into a session's chain for keys that it is given, which changes nothing else of its record.
///
/// The record is read again: between two requests of one player, for audio and for video, the one that sees the other's line follows it. Where the store does
/// not order writers both may follow the same line, and an audit calls that a fork. Where the store takes no writes the line stands alone.
///
/// # Errors
/// [`Error::SessionEnded`] where the session was ended meanwhile: then the thing is not granted.
pub(crate) async fn licensed<H: Host>(
    journal: &Journal<'_, H>,
    subject: Subject,
    decision: &str,
    licensed: &Licensed<'_>,
) -> Result<(), Error> {
    chain(journal, subject, decision, None, Some(licensed), |record, now| record.is_live(now)).await
}

/// Whether the session's grant lets licences be stored. Not where there is no record to say so.
pub(crate) async fn may_store<H: Host>(host: &H, credential: &Credential) -> Result<bool, Error> {
    let stored = slots::load(host, credential.session()).await?;
    Ok(stored.is_some_and(|(record, _)| record.persistent))
}

/// A session that holds its slot, by its record alone: what a server is told that asks about a viewer who is elsewhere. A third of its life after it was last
/// seen it is extended, if the title's rights still allow it where `journal` says that the viewer is.
///
/// # Errors
/// As [`confirm`].
pub(crate) async fn holding<H: Host>(
    journal: &Journal<'_, H>,
    config: &Config,
    title: &Title,
    (mut record, generation): (SessionRecord, Option<u64>),
) -> Result<SessionRecord, Error> {
    let now = journal.host.now();
    if record.due_for_renewal(now) {
        authorize_renewal(title, &mut record, now, journal.client)?;
        match renew(journal, config, title, &mut record, generation).await {
            Ok(_) => {}
            Err(Refused::Full(_)) => return Err(Error::SessionEnded),
            Err(Refused::Store(_)) if now < record.expires => {}
            Err(refused) => return Err(refused.into()),
        }
    }
    if now < record.expires { Ok(record) } else { Err(Error::StoreUnavailable) }
}

/// Puts the last line into the chain of a session that another one has displaced.
pub(crate) async fn displaced<H: Host>(journal: &Journal<'_, H>, subject: Subject) {
    // One that could not be ended is told of by the line that it goes on with.
    let _ = chain(journal, subject, "end", Some("displaced"), None, |record, _| record.ended.is_some()).await;
}

/// Puts a line into a session's chain, if its record is as it should be.
async fn chain<H: Host>(
    journal: &Journal<'_, H>,
    subject: Subject,
    decision: &str,
    detail: Option<&str>,
    licensed: Option<&Licensed<'_>>,
    is_so: fn(&SessionRecord, Unix) -> bool,
) -> Result<(), Error> {
    let host = journal.host;
    let now = host.now();
    for _ in 0..TRIES {
        let (mut record, generation) = match slots::load(host, &subject.session).await {
            Ok(Some((record, _))) if !is_so(&record, now) => return Err(Error::SessionEnded),
            Ok(Some(read)) => read,
            // Admitted while the store was down, or not seen here yet.
            Ok(None) | Err(Error::StoreUnavailable) => break,
            Err(error) => return Err(error),
        };
        let line = journal.next_of(decision, detail, licensed, &mut record);
        match put_record_at(host, &record, generation, now).await {
            Ok(()) => {
                journal.write(&line);
                return Ok(());
            }
            Err(StoreError::Conflict) => {}
            Err(_) => break,
        }
    }
    journal.alone_of(decision, detail, licensed, subject);
    Ok(())
}

/// Extends a session's record, if the title's rights still allow it; whether it was written.
async fn extend<H: Host>(
    journal: &Journal<'_, H>,
    config: &Config,
    origin: &Origin<'_, H>,
    title: &TitleId,
    credential: &Credential,
    record: &mut SessionRecord,
    generation: Option<u64>,
) -> Result<bool, Error> {
    let Journal { host, client, .. } = *journal;
    let current = origin.title(title).await?;
    carried(&current, credential)?;
    authorize_renewal(&current, record, host.now(), client)?;
    match renew(journal, config, &current, record, generation).await {
        Err(Refused::Full(_)) => Err(Error::SessionEnded),
        renewed => Ok(renewed?),
    }
}

/// Renews a session's slots and its record, and says so in its chain; whether the record was written.
pub(crate) async fn renew<H: Host>(
    journal: &Journal<'_, H>,
    config: &Config,
    title: &Title,
    record: &mut SessionRecord,
    generation: Option<u64>,
) -> Result<bool, Refused> {
    let chain = record.chain.clone();
    let line = journal.next(RENEW, None, record);
    let followed = record.chain.clone();
    let renewed = slots::renew(journal.host, config, title.rights.stream_limit, record, generation).await;
    if let Ok(Renewed::Extended) = renewed {
        journal.write(&line);
    } else if record.chain == followed {
        // Not written: whoever writes the record next follows the line before.
        record.chain = chain;
    }
    renewed.map(|renewed| renewed == Renewed::Extended)
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

/// Key, value and how long the store keeps it.
fn stored_form(record: &SessionRecord, now: Unix) -> Result<(String, Vec<u8>, u64), Error> {
    let value = serde_json::to_vec(record).map_err(|error| Error::Internal(error.to_string()))?;
    Ok((session::session_key(&record.session), value, record.ends.saturating_sub(now).max(60)))
}

/// The rights of a title as it is now, for a viewer whose session was minted under earlier ones: when its window closes.
pub(crate) fn authorize(
    title: &Title,
    credential: &Credential,
    now: Unix,
    client: &Client,
) -> Result<Option<Unix>, Error> {
    let closes = title.rights.available(now, client)?;
    carried(title, credential)?;
    Ok(closes)
}

/// Refuses what does not stand in the URL, where the title wants it there.
fn carried(title: &Title, credential: &Credential) -> Result<(), Error> {
    match credential {
        Credential::Cookie(_) | Credential::Bearer(_) if title.rights.url_tokens_only => Err(Deny::NotEntitled.into()),
        Credential::Cookie(_) | Credential::Bearer(_) | Credential::Path(_) => Ok(()),
    }
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
