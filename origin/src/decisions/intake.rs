use std::{
    collections::HashMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use sluice_gate::{
    Unix,
    log::{Digest, Line, open_under},
};
use sluice_packager::title::TitleId;

use super::{
    Spike,
    spikes::{Spikes, WINDOW},
};
use crate::{
    audit::within,
    config::SecretError,
    custody::AuditKeys,
    metrics::{Family, Kind},
};

/// Longest line that is read, bytes.
const LONGEST: usize = 64 * 1024;
/// Most lines that are known again.
const MOST_SEEN: usize = 100_000;
/// By how much an edge's clock may be ahead, seconds.
const SKEW: u64 = 60;

/// Takes edges' lines.
pub struct Intake {
    keys: AuditKeys,
    threshold: u64,
    state: Mutex<State>,
    counts: Counts,
}

#[derive(Default)]
struct State {
    spikes: Spikes,
    seen: HashMap<Digest, Unix>,
}

#[derive(Default)]
struct Counts {
    verified: AtomicU64,
    unverified: AtomicU64,
    repeated: AtomicU64,
    stale: AtomicU64,
    refusals: AtomicU64,
    spikes: AtomicU64,
}

impl Intake {
    /// `threshold`: how many refusals of a title in a minute are not told of.
    pub(crate) fn new(keys: AuditKeys, threshold: u64) -> Self {
        Self { keys, threshold, state: Mutex::default(), counts: Counts::default() }
    }

    /// Takes a body's lines, and gives what is more than may be. `now`: unix seconds.
    ///
    /// # Errors
    /// [`SecretError`] where the audit key cannot be had.
    pub fn take(&self, body: &[u8], now: Unix) -> Result<Vec<Spike>, SecretError> {
        let keys = self.keys.all()?;
        let mut spikes = Vec::new();
        for line in body.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()) {
            let text = if line.len() <= LONGEST { str::from_utf8(line).ok().and_then(within) } else { None };
            let line = text.and_then(|text| open_under(keys.iter().map(|key| &**key), text).ok());
            let (counter, spike) = match line {
                Some(line) => self.verified(&line, now),
                None => (&self.counts.unverified, None),
            };
            counter.fetch_add(1, Ordering::Relaxed);
            spikes.extend(spike);
        }
        self.counts.spikes.fetch_add(spikes.len() as u64, Ordering::Relaxed);
        Ok(spikes)
    }

    /// Its metrics.
    pub(crate) fn expose(&self, out: &mut String) {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let Counts { verified, unverified, repeated, stale, refusals, spikes } = &self.counts;
        Family::new("decision_lines_total", Kind::Counter, "Lines of edges' decision logs, by what became of them.")
            .write(
                out,
                &[
                    ("outcome=\"verified\"", of(verified)),
                    ("outcome=\"unverified\"", of(unverified)),
                    ("outcome=\"repeated\"", of(repeated)),
                    ("outcome=\"stale\"", of(stale)),
                ],
            );
        Family::new("licence_refusals_total", Kind::Counter, "Refusals at licence and key routes among edges' lines.")
            .write(out, &[("", of(refusals))]);
        Family::new(
            "licence_refusal_spikes_total",
            Kind::Counter,
            "Times that a title had more of them in a minute than may be.",
        )
        .write(out, &[("", of(spikes))]);
    }

    fn verified(&self, line: &Line, now: Unix) -> (&AtomicU64, Option<Spike>) {
        if line.t.saturating_add(WINDOW) <= now || line.t > now.saturating_add(SKEW) {
            return (&self.counts.stale, None);
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.seen.len() >= MOST_SEEN {
            // What is older is stale by itself.
            state.seen.retain(|_, t| t.saturating_add(WINDOW) > now);
        }
        // With too many in a minute to know all again, what is not known is counted, twice where a shipper sends it twice.
        if state.seen.len() < MOST_SEEN && state.seen.insert(line.mac, line.t).is_some() {
            return (&self.counts.repeated, None);
        }
        let Some(title) = refused(line) else { return (&self.counts.verified, None) };
        self.counts.refusals.fetch_add(1, Ordering::Relaxed);
        let spike = state.spikes.take(title.as_str(), &line.decision, line.t.min(now), now, self.threshold);
        (&self.counts.verified, spike)
    }
}

/// The title whose licence or key a session of ours was refused.
fn refused(line: &Line) -> Option<TitleId> {
    if line.session.is_none() || line.status? < 400 {
        return None;
    }
    let (title, rest) = line.path.as_deref()?.strip_prefix("/v1/")?.split_once('/')?;
    let of_keys = rest.starts_with("license/") || rest.starts_with("key/");
    of_keys.then(|| TitleId::parse(title).ok())?
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sluice_gate::{
        AccountId, Roots, SessionId,
        log::{Entry, single},
    };

    use super::*;
    use crate::config::{AuditConfig, SecretRef};

    const NOW: Unix = 1_900_000_000;

    fn intake(threshold: u64) -> Intake {
        let roots = Roots::new(&[1; 32], None).expect("roots");
        let key = crate::hex::encode(roots.audit_key());
        let config = AuditConfig { key: SecretRef::value(key), previous_key: None, log: None };
        Intake::new(AuditKeys::new(&config), threshold)
    }

    fn line(root: u8, nonce: u64, change: impl FnOnce(&mut Entry<'_>)) -> String {
        let mut entry = Entry {
            t: NOW,
            decision: "geo_blocked",
            session: Some(SessionId([7; 16])),
            account: Some(AccountId([8; 16])),
            method: Some("POST"),
            path: Some("/v1/film/license/widevine"),
            status: Some(403),
            ..Entry::default()
        };
        change(&mut entry);
        single(&Roots::new(&[root; 32], None).expect("roots"), nonce.to_be_bytes(), &entry)
    }

    fn counted(intake: &Intake, what: &str) -> u64 {
        let mut text = String::new();
        intake.expose(&mut text);
        let line = text.lines().find(|line| !line.starts_with('#') && line.contains(what)).expect("a metric");
        line.rsplit(' ').next().expect("a value").parse().expect("a number")
    }

    #[test]
    fn many_refusals_are_told_of_once() {
        let intake = intake(10);
        let body = |from: u64| (from..from + 11).map(|at| line(1, at, |_| {}) + "\n").collect::<String>();
        let spikes = intake.take(body(0).as_bytes(), NOW).expect("a key");
        assert_eq!(spikes, [Spike { title: "film".to_owned(), count: 11, reason: "geo_blocked".to_owned() }]);
        assert!(intake.take(body(100).as_bytes(), NOW).expect("a key").is_empty());
        assert_eq!((counted(&intake, "licence_refusals_total"), counted(&intake, "spikes_total")), (22, 1));
    }

    #[test]
    fn only_what_an_edge_wrote_counts_and_once() {
        let intake = intake(2);
        let one = line(1, 1, |_| {});
        let bodies = [
            // The same line again, with what a platform prints around it.
            format!("{one}\n2033 edge-1 | {one} [info]\n\n{one}"),
            // Another edge's root; a changed line; anything; no text; too long.
            format!("{}\n{}\nx\n", line(2, 2, |_| {}), one.replace("film", "filn")),
            format!("{}{one}", "x".repeat(70_000)),
            // Old, and from the future.
            line(1, 3, |entry| entry.t = NOW - 60) + "\n" + &line(1, 4, |entry| entry.t = NOW + 61),
            // No refusal, no session, not at a licence's route, no title.
            line(1, 5, |entry| entry.status = None),
            line(1, 6, |entry| entry.session = None),
            line(1, 7, |entry| entry.path = Some("/v1/film/cbcs/manifest.mpd")),
            line(1, 8, |entry| entry.path = Some("/v1/%2e/license/widevine")),
        ];
        for body in bodies {
            assert!(intake.take(body.as_bytes(), NOW).expect("a key").is_empty());
        }
        assert!(intake.take(&[0xff, b'\n', 0xfe], NOW).expect("a key").is_empty());
        let outcomes =
            ["verified", "unverified", "repeated", "stale"].map(|of| counted(&intake, &format!("outcome=\"{of}\"")));
        assert_eq!(outcomes, [5, 6, 2, 2]);
        assert_eq!(counted(&intake, "licence_refusals_total"), 1);
    }

    proptest! {
        #[test]
        fn any_body_is_taken(body in prop::collection::vec(any::<u8>(), 0..400)) {
            prop_assert!(intake(1).take(&body, NOW).expect("a key").is_empty());
        }
    }
}
