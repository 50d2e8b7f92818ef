//! Sessions that take more than a viewer would. Evidence, not proof: acted on by `sluice revoke`, by a person or a program of the operator's.
//!
//! - **Ahead**: media come faster than any player needs them. Each segment pours its duration into a bucket, which empties at `speed` times real time; a player
//!   fills no more than its buffer; I-frames alone, by which it winds, do not count. What was paused or idle between gives no credit, so that a leech cannot thin itself out.
//! - **Networks**: a session is used from more networks than a viewer roams through: its handle or lease was passed on.
//! - **Renditions**: several of a title's pictures come at once. A player changes between them; it does not take the same segment of each.
//!
//! Where segments are sampled each line stands for as many as its `ppm` says, and a margin of lines is allowed for chance.

use core::fmt;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Serialize;
use sluice_gate::{
    AccountId, SessionId,
    log::{IFRAMES, Line, MediaLine},
};

/// What is too much.
#[derive(Clone, Debug, clap::Args)]
pub struct Limits {
    /// How many times real time a player may take media for long
    #[arg(long, default_value_t = 2.0, value_parser = positive, requires = "abuse")]
    pub speed: f64,
    /// Seconds that a player may be ahead
    #[arg(long, default_value_t = 120.0, value_parser = positive, requires = "abuse")]
    pub buffer: f64,
    /// Sampled lines that chance may give beside
    #[arg(long, default_value_t = 10.0, value_parser = positive, requires = "abuse")]
    pub margin: f64,
    /// Networks that a session may be used from
    #[arg(long, default_value_t = 3, requires = "abuse")]
    pub networks: usize,
    /// The share of segments of which more than one picture rendition may be taken
    #[arg(long, default_value_t = 0.3, value_parser = positive, requires = "abuse")]
    pub renditions: f64,
}

fn positive(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|number: &f64| number.is_finite() && *number > 0.0)
        .ok_or_else(|| "a number above 0".to_owned())
}

/// Segments of which renditions were taken, below which their share says nothing.
const FEWEST_SEGMENTS: usize = 5;

/// A session that takes too much.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Score {
    /// The session.
    pub session: SessionId,
    /// Whose it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountId>,
    /// How often it passed its limits, the reasons' together.
    pub score: f64,
    /// Why.
    pub reasons: Vec<Reason>,
    /// What ends it.
    pub command: String,
}

/// Why a session takes too much.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Reason {
    /// It took more media than time passed.
    Ahead {
        /// What it took: `video`, `audio`, …
        kind: String,
        /// How far it was ahead at most, estimated, seconds.
        seconds: f64,
        /// How far it may be, seconds.
        allowed: f64,
    },
    /// It was used from many networks.
    Networks {
        /// So many.
        count: usize,
        /// So many may be.
        allowed: usize,
    },
    /// It took several renditions of the same segments.
    Renditions {
        /// The share of segments.
        share: f64,
        /// What may be.
        allowed: f64,
    },
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ahead { kind, seconds, allowed } => {
                write!(f, "{kind} {seconds:.0} s ahead where {allowed:.0} may be")
            }
            Self::Networks { count, allowed } => write!(f, "{count} networks where {allowed} may be"),
            Self::Renditions { share, allowed } => {
                write!(
                    f,
                    "several pictures of {:.0} % of segments where {:.0} % may be",
                    share * 100.0,
                    allowed * 100.0
                )
            }
        }
    }
}

impl Reason {
    /// How often it passed its limit.
    fn ratio(&self) -> f64 {
        match self {
            Self::Ahead { seconds, allowed, .. } => seconds / allowed,
            Self::Networks { count, allowed } => *count as f64 / (*allowed).max(1) as f64,
            Self::Renditions { share, allowed } => share / allowed,
        }
    }
}

/// Takes a log's lines, in any order, and scores sessions at the end.
#[derive(Debug, Default)]
pub struct Scores(HashMap<SessionId, Seen>);

#[derive(Debug, Default)]
struct Seen {
    account: Option<AccountId>,
    networks: BTreeSet<String>,
    /// By kind.
    taken: BTreeMap<String, Vec<Taken>>,
    /// Picture renditions by delivered title and segment.
    pictures: BTreeMap<(String, u32), BTreeSet<String>>,
}

/// A segment that was taken.
#[derive(Clone, Copy, Debug)]
struct Taken {
    t: u64,
    /// Seconds of its line, and as many as it stands for.
    seconds: f64,
    stands_for: f64,
}

impl Scores {
    /// A line of the log.
    pub fn take(&mut self, line: &Line) {
        let Some(session) = line.session else { return };
        let seen = self.0.entry(session).or_default();
        seen.account = seen.account.or(line.account);
        // One that was refused for where it comes from is evidence too.
        if let Some(network) = &line.network
            && !seen.networks.contains(network)
        {
            seen.networks.insert(network.clone());
        }
        let counts = |media: &&MediaLine| media.ppm > 0 && media.kind != IFRAMES;
        let Some(media) = line.media.as_ref().filter(counts) else { return };
        let seconds = media.duration as f64 / 1000.0;
        let taken = Taken { t: line.t, seconds, stands_for: seconds * 1e6 / f64::from(media.ppm) };
        seen.taken.entry(media.kind.clone()).or_default().push(taken);
        if media.kind == "video" {
            seen.pictures.entry((media.title.clone(), media.segment)).or_default().insert(media.track.clone());
        }
    }

    /// The sessions that pass a limit, the worst first.
    pub fn finish(self, limits: &Limits) -> Vec<Score> {
        let mut scores: Vec<Score> =
            self.0.into_iter().filter_map(|(session, seen)| seen.score(session, limits)).collect();
        scores.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.session.cmp(&b.session)));
        scores
    }
}

impl Seen {
    fn score(self, session: SessionId, limits: &Limits) -> Option<Score> {
        let ahead = self.taken.into_iter().filter_map(|(kind, taken)| ahead(kind, taken, limits));
        let mut reasons: Vec<Reason> = ahead.collect();
        if self.networks.len() > limits.networks {
            reasons.push(Reason::Networks { count: self.networks.len(), allowed: limits.networks });
        }
        let several = self.pictures.values().filter(|renditions| renditions.len() > 1).count();
        let share = several as f64 / self.pictures.len().max(1) as f64;
        if several >= FEWEST_SEGMENTS && share > limits.renditions {
            reasons.push(Reason::Renditions { share, allowed: limits.renditions });
        }
        if reasons.is_empty() {
            return None;
        }
        let score = reasons.iter().map(Reason::ratio).sum();
        let command = format!("sluice revoke --session {session} --url EDGE --token-file FILE");
        Some(Score { session, account: self.account, score, reasons, command })
    }
}

/// How far media of one kind were ahead at most.
fn ahead(kind: String, mut taken: Vec<Taken>, limits: &Limits) -> Option<Reason> {
    taken.sort_by_key(|taken| taken.t);
    let (mut level, mut most, mut margin) = (0.0f64, 0.0f64, 0.0f64);
    let mut last = taken.first()?.t;
    for Taken { t, seconds, stands_for } in taken {
        level = (level - (t - last) as f64 * limits.speed).max(0.0) + stands_for;
        last = t;
        most = most.max(level);
        // Where every segment has its line nothing is left to chance.
        margin = margin.max(limits.margin * (stands_for - seconds));
    }
    let allowed = limits.buffer + margin;
    (most > allowed).then_some(Reason::Ahead { kind, seconds: most, allowed })
}
