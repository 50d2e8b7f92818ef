//! What the KV store holds: a record per session, and a fixed number of slots per account.

mod networks;
mod record;
mod slot;

pub use networks::Seen;
pub use record::{Chain, Ended, SessionRecord};
pub use slot::{Slot, SlotChoice, choose_slot, live};

use crate::{AccountId, SessionId};

/// The store's key of a session's record: `sess/{session in hex}`.
pub fn session_key(session: &SessionId) -> String {
    format!("sess/{session}")
}

/// The store's key of an account's slot: `s/{account in hex}/{index}`.
pub fn slot_key(account: &AccountId, index: u8) -> String {
    format!("s/{account}/{index}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_as_written_down() {
        assert_eq!(session_key(&SessionId([0xab; 16])), format!("sess/{}", "ab".repeat(16)));
        assert_eq!(slot_key(&AccountId([1; 16]), 7), format!("s/{}/7", "01".repeat(16)));
    }
}
