use std::collections::HashMap;

use super::{Allowed, Cause};
use crate::log::read::Digest;

/// A line of a session's chain.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link {
    /// Where it stands, from 1.
    pub(super) number: u64,
    pub(super) n: u64,
    pub(super) prev: Option<Digest>,
    pub(super) mac: Digest,
    /// Whether it ends the session.
    pub(super) ends: bool,
}

/// How a chain stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Complete,
    Open,
    Forked,
    Broken,
}

/// Judges the lines of one session, in the order in which they stand: all that is wrong, each with its line.
pub(super) fn judge(links: &[Link], allowed: Allowed) -> (Standing, Vec<(u64, Cause)>) {
    let by_mac: HashMap<Digest, &Link> = links.iter().map(|link| (link.mac, link)).collect();
    let lowest = links.iter().map(|link| link.n).min().unwrap_or(0);
    let mut followers: HashMap<Option<Digest>, u64> = HashMap::with_capacity(links.len());
    let mut found = Vec::new();
    for link in links {
        let before = link.prev.map(|prev| by_mac.get(&prev).copied());
        // Two beginnings fork as two followers of a line do; of lines that follow nothing that is there, it is known by the line that is missing.
        if let Some(other) = followers.get(&link.prev) {
            found.push((link.number, Cause::Fork { n: link.n, other: *other }));
        } else {
            followers.insert(link.prev, link.number);
        }
        match before {
            None if link.n == 1 => {}
            Some(Some(before)) if before.n.checked_add(1) == Some(link.n) => {
                if before.number > link.number && !allowed.any_order {
                    found.push((link.number, Cause::Reordered { n: link.n, follows: before.number }));
                }
            }
            Some(None) if link.n > 1 => {
                if !(allowed.partial && link.n == lowest) {
                    found.push((link.number, gap(links, link.n)));
                }
            }
            _ => found.push((link.number, Cause::Contradiction { n: link.n })),
        }
    }
    let standing = if found.iter().any(|(_, cause)| cause.is_break()) {
        Standing::Broken
    } else if !found.is_empty() {
        Standing::Forked
    } else if lowest == 1 && links.iter().max_by_key(|link| link.n).is_some_and(|last| last.ends) {
        Standing::Complete
    } else {
        Standing::Open
    };
    (standing, found)
}

/// What is missing before number `n`: all from the highest number below that is there, and if that is the one below itself, its double, which forked.
fn gap(links: &[Link], n: u64) -> Cause {
    let there = links.iter().map(|link| link.n).filter(|below| *below < n).max().unwrap_or(0);
    let to = n.saturating_sub(1);
    Cause::Gap { from: (there + 1).min(to), to }
}
