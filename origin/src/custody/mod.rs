//! The chain of custody: what became of content keys in this origin, a line for each, none with a key.
//!
//! The lines are those of the decision log ([`sluice_gate::log`]), under the same audit key, and `sluice audit` names what is missing, forged or out of
//! order among them. All lines of an origin are one chain, whose id stands in `session`. A chain goes on where a file's last line left it; on standard
//! output each start begins another.
//!
//! | `decision` | |
//! |---|---|
//! | `begin`, `end` | the origin began, and was stopped |
//! | `key_exchange`, `key_exchange_failed` | an exchange with the provider: `title`, `delivery`, `kids`, `provider`, `ms`; `detail` says why it failed |
//! | `key_changed` | the provider gave something else for `kids` that are held; it was not taken |
//! | `wrap` | `kids` of a title were wrapped for `edge`, under the key-encryption keys with the numbers `keks` |
//! | `key_refused` | `edge` asked for `kids` and got nothing; `detail` says why |
//! | `kek` | another key-encryption key is the newest: `keks` |
//!
//! A line that cannot be written is lost and counted, and the chain shows the gap: keys are served all the same.

mod entry;
mod journal;
mod key;

pub use journal::Journal;
pub(crate) use key::{AuditKeys, Key, read_key};
