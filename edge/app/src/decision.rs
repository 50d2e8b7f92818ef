//! The decision log: who was allowed what, and who was refused ([`sluice_gate::log`] has its form).
//!
//! | | |
//! |---|---|
//! | `mint`, `renew`, `license`, `key`, `entitlement`, `end`, `revoke` | in the session's chain, written once its record is |
//! | the same where the store does not take the record, but the session goes on | a line that stands alone |
//! | `segment` | alone, sampled as the configuration says |
//! | a refusal, by its code | alone, always; with the session where its token is ours, even if it is over |

use sluice_gate::{
    AccountId, Roots, SessionId,
    entitlement::Key,
    handle, lease,
    log::{self, Entry, License, Media, Sampling},
    session::SessionRecord,
};
use sluice_packager::{
    keys::Kid,
    title::{Delivery, KeySystem, Segment, TitleId, TrackRecord},
};

use crate::{Error, Host, Request, authenticate::COOKIE, client::client, config::Config, host::Client, route, secrets};

/// The longest path in a line, characters.
const MAX_PATH: usize = 200;
/// A line lists so many key ids.
const MAX_KIDS: usize = 64;
/// More cookies than any browser has reason to send are not looked at.
const MAX_COOKIES: usize = 4;

/// The log, for the length of one request.
pub(crate) struct Journal<'a, H> {
    pub(crate) host: &'a H,
    pub(crate) roots: &'a Roots,
    request: &'a Request,
    pub(crate) client: &'a Client,
}

// Derived, they would ask the same of the host.
impl<H> Clone for Journal<'_, H> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<H> Copy for Journal<'_, H> {}

/// Whom a line is about.
#[derive(Clone, Copy)]
pub(crate) struct Subject {
    pub(crate) session: SessionId,
    pub(crate) account: AccountId,
}

impl Subject {
    pub(crate) fn of(record: &SessionRecord) -> Self {
        Self { session: record.session, account: record.account }
    }
}

impl<'a, H: Host> Journal<'a, H> {
    pub(crate) fn new(host: &'a H, roots: &'a Roots, request: &'a Request, client: &'a Client) -> Self {
        Self { host, roots, request, client }
    }

    /// The next line of a record's chain, which moves on. To be written once the record is.
    pub(crate) fn next(&self, decision: &str, detail: Option<&str>, record: &mut SessionRecord) -> String {
        self.next_of(decision, detail, None, record)
    }

    /// The same of what was licensed.
    pub(crate) fn next_of(
        &self,
        decision: &str,
        detail: Option<&str>,
        licensed: Option<&Licensed<'_>>,
        record: &mut SessionRecord,
    ) -> String {
        let network = self.network(&record.session);
        let entry = self.entry(decision, detail, Some(Subject::of(record)), network.as_deref());
        let entry = Entry { license: licensed.map(Licensed::said), ..entry };
        log::chained(self.roots, self.nonce(), &entry, &mut record.chain)
    }

    /// A line of [`Self::next`].
    pub(crate) fn write(&self, line: &str) {
        self.host.log(line);
    }

    /// Writes a line that stands alone.
    pub(crate) fn alone(&self, decision: &str, detail: Option<&str>, subject: Subject) {
        self.alone_of(decision, detail, None, subject);
    }

    /// The same of what was licensed.
    pub(crate) fn alone_of(
        &self,
        decision: &str,
        detail: Option<&str>,
        licensed: Option<&Licensed<'_>>,
        subject: Subject,
    ) {
        let network = self.network(&subject.session);
        let entry = self.entry(decision, detail, Some(subject), network.as_deref());
        self.single(&Entry { license: licensed.map(Licensed::said), ..entry });
    }

    /// Writes what a licence server was told in answer to its question about a session, if it named one that may be one of ours.
    pub(crate) fn denied(&self, code: &str, detail: &str, session: Option<SessionId>) {
        self.single(&Entry { session, ..self.entry(code, Some(detail), None, None) });
    }

    /// Writes that everything of an account up to a time was revoked.
    pub(crate) fn revoked(&self, account: AccountId, detail: &str) {
        self.single(&Entry { account: Some(account), ..self.entry("revoke", Some(detail), None, None) });
    }

    /// Writes that a segment was allowed, if it is among those that are logged.
    pub(crate) fn segment(&self, sampling: Sampling, subject: Subject, allowed: &Allowed<'_>) {
        if !sampling.takes(&subject.session, allowed.segment.number) {
            return;
        }
        let record = allowed.record;
        let timescale = u128::from(record.timescale.max(1));
        let milliseconds = |ticks: u64| (u128::from(ticks) * 1000 / timescale).min(u64::MAX.into()) as u64;
        let track = record.track.as_str();
        // As a track of its own, which manifests name so: who winds through a title takes it faster than it plays.
        let alone = allowed.iframes.then(|| format!("{track}-iframes"));
        let media = Media {
            title: allowed.title.as_str(),
            delivery: allowed.delivery.as_str(),
            track: alone.as_deref().unwrap_or(track),
            kind: if allowed.iframes { log::IFRAMES } else { record.kind.as_str() },
            segment: allowed.segment.number,
            start: milliseconds(allowed.segment.time),
            duration: milliseconds(allowed.duration()),
            ppm: sampling.ppm(),
        };
        let network = self.network(&subject.session);
        self.single(&Entry {
            t: self.host.now(),
            decision: "segment",
            session: Some(subject.session),
            account: Some(subject.account),
            network: network.as_deref(),
            media: Some(media),
            ..Entry::default()
        });
    }

    fn single(&self, entry: &Entry<'_>) {
        self.host.log(&log::single(self.roots, self.nonce(), entry));
    }

    fn entry<'e>(
        &'e self,
        decision: &'e str,
        detail: Option<&'e str>,
        subject: Option<Subject>,
        network: Option<&'e str>,
    ) -> Entry<'e> {
        Entry {
            t: self.host.now(),
            decision,
            session: subject.map(|subject| subject.session),
            account: subject.map(|subject| subject.account),
            method: Some(self.request.method.as_str()),
            path: Some(path(self.request)),
            detail,
            network,
            ..Entry::default()
        }
    }

    fn network(&self, session: &SessionId) -> Option<String> {
        self.client.address.map(|address| log::network(self.roots, session, address))
    }

    fn nonce(&self) -> [u8; 8] {
        let mut nonce = [0; 8];
        self.host.random(&mut nonce);
        nonce
    }
}

/// Keys that were given, or that a licence server was told to give.
pub(crate) struct Licensed<'a> {
    pub(crate) system: KeySystem,
    /// Their ids, as lines have them.
    pub(crate) kids: &'a [String],
    /// Whose licence server, where there is one.
    pub(crate) vendor: Option<&'a str>,
    /// How long it took, milliseconds.
    pub(crate) ms: Option<u64>,
}

impl Licensed<'_> {
    /// Key ids as lines have them.
    pub(crate) fn kids(keys: &[Key]) -> Vec<String> {
        keys.iter().map(|key| Kid(key.kid).to_string()).collect()
    }

    fn said(&self) -> License<'_> {
        let listed = self.kids.len().min(MAX_KIDS);
        License {
            system: self.system.as_str(),
            kids: &self.kids[..listed],
            more: self.kids.len() - listed,
            vendor: self.vendor,
            ms: self.ms,
        }
    }
}

/// A segment that was allowed.
pub(crate) struct Allowed<'a> {
    pub(crate) title: &'a TitleId,
    pub(crate) delivery: Delivery,
    pub(crate) record: &'a TrackRecord,
    pub(crate) segment: &'a Segment,
    /// Whether its I-frames alone.
    pub(crate) iframes: bool,
    /// Bytes of it that were asked for, and that it has.
    pub(crate) bytes: (u64, u64),
}

impl Allowed<'_> {
    /// How much of the segment's time was asked for, by its bytes: who takes a segment in pieces takes it once.
    fn duration(&self) -> u64 {
        let (asked, all) = self.bytes;
        (u128::from(self.segment.duration) * u128::from(asked.min(all)) / u128::from(all.max(1))) as u64
    }
}

/// Writes that a request was refused. Where no root is deployed the line has no MAC.
pub(crate) async fn refused<H: Host>(host: &H, config: Option<&Config>, request: &Request, error: &Error) {
    let (status, code) = error.status_and_code();
    let detail = error.to_string();
    let Ok(roots) = secrets::roots(host).await else {
        let entry = Entry {
            t: host.now(),
            decision: code,
            path: Some(path(request)),
            status: Some(status.as_u16()),
            detail: Some(&detail),
            ..Entry::default()
        };
        return host.log(&log::unsigned(&entry));
    };
    let client = match config {
        Some(config) => client(host, config, request).await.unwrap_or_default(),
        None => Client::default(),
    };
    let journal = Journal::new(host, &roots, request, &client);
    let subject = subject(&roots, request);
    let network = subject.and_then(|subject| journal.network(&subject.session));
    let entry = journal.entry(code, Some(&detail), subject, network.as_deref());
    journal.single(&Entry { status: Some(status.as_u16()), ..entry });
}

/// Whose token a request carries, if it is ours, whether or not it is over or may be used so.
fn subject(roots: &Roots, request: &Request) -> Option<Subject> {
    let (session, account) = if let Some(parsed) = route::parse(request.path())
        && let Some(handle) = parsed.handle
    {
        handle::subject(roots, handle)
    } else if let Some(token) = request.bearer() {
        lease::subject(roots, token)
    } else {
        request.cookies(COOKIE).take(MAX_COOKIES).find_map(|token| lease::subject(roots, token))
    }?;
    Some(Subject { session, account })
}

/// The path as far as it is logged. A handle is a bearer token: it stays out.
fn path(request: &Request) -> &str {
    let path = match request.path().strip_prefix("/~") {
        Some(rest) => rest.find('/').map_or("", |slash| &rest[slash..]),
        None => request.path(),
    };
    path.char_indices().nth(MAX_PATH).map_or(path, |(end, _)| &path[..end])
}
