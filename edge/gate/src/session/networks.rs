//! How many networks a session's handle is used from. A handle is a link, and links are passed on: one that is confirmed from
//! more networks than a household has, within a lease life, has been.

use serde::Serialize;
use sluice_document::members;

use super::SessionRecord;
use crate::Unix;

/// A network that a handle was confirmed from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Seen {
    /// Its digest ([`crate::network_digests`], keyed by the session): no address is stored.
    pub network: String,
    /// When it was last written down.
    pub at: Unix,
}

members!(Seen { network, at });

impl SessionRecord {
    /// Notes the network that a handle is confirmed from, by the digests that it has under the roots that are valid, and forgets those that were
    /// not noted for a lease's `life` in seconds. Whether the record is worth a write for it: a network that is known is noted only with the next renewal.
    ///
    /// So a network costs one write in a lease's life at most, and no session has more entries than networks that it may be used from, and one.
    pub fn meet(&mut self, digests: &[String], now: Unix, life: u64) -> bool {
        let Some(current) = digests.first() else { return false };
        self.networks.retain(|seen| now < seen.at.saturating_add(life));
        match self.networks.iter_mut().find(|seen| digests.contains(&seen.network)) {
            Some(seen) => {
                seen.at = seen.at.max(now);
                false
            }
            None => {
                self.networks.push(Seen { network: current.clone(), at: now });
                true
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{AccountId, SessionId};

    use super::*;

    fn record() -> SessionRecord {
        let document = serde_json::json!({
            "v": 1, "session": SessionId([1; 16]), "account": AccountId([2; 16]), "title": "final", "device": "tv", "tier": "",
            "slot": 0, "started": 0, "seen": 0, "expires": 300, "ends": 9000, "deliveries": 1
        });
        serde_json::from_value(document).expect("record")
    }

    fn meet(record: &mut SessionRecord, network: &str, now: Unix) -> (bool, usize) {
        (record.meet(&[network.to_owned()], now, 300), record.networks.len())
    }

    #[test]
    fn networks_of_one_lease_life_add_up_and_older_ones_are_forgotten() {
        let mut record = record();
        assert_eq!(meet(&mut record, "a", 0), (true, 1));
        assert_eq!(meet(&mut record, "a", 10), (false, 1));
        assert_eq!(meet(&mut record, "b", 20), (true, 2));
        assert_eq!(meet(&mut record, "c", 319), (true, 2));
        assert_eq!(meet(&mut record, "c", 618), (false, 1));
        assert_eq!(record.meet(&[], 9999, 300), false);
        assert_eq!(record.networks.len(), 1);
    }

    #[test]
    fn a_rotation_of_roots_is_no_move() {
        let mut record = record();
        meet(&mut record, "old", 0);
        assert!(!record.meet(&["new".to_owned(), "old".to_owned()], 10, 300));
        assert_eq!(record.networks.len(), 1);
    }
}
