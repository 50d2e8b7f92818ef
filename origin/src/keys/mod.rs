//! Content keys on their way from the DRM provider to edges: asked for once, held in memory only, wrapped anew for every answer.
//!
//! | a title version's delivery | what a request gets |
//! |---|---|
//! | held, younger than `refresh_seconds` | what is held. Well before that age the provider is asked again, in the background |
//! | held, younger than `refresh_seconds` + `hold_seconds` | what is held; the provider is asked again in the background, less and less often while it fails |
//! | held without some of the keys: the title has gone on to another key period | a new exchange; where that fails, those that are held |
//! | not held | a new exchange, one at a time whoever waits; where that fails, nothing, and for `backoff_seconds` nothing at once |
//!
//! A key that is held is never exchanged for another within a version: players and caches would have media under both. A provider that gives another
//! one is told of, loudly, and not followed until the keys leave the memory. The same goes for a key's signalling.

mod counts;
mod event;
mod held;
mod kek;
mod provider;
mod service;
mod state;
mod store;
#[cfg(test)]
mod tests;
mod traces;
mod wanted;

pub use event::{Event, Observer, Unobserved};
pub use kek::parse_kek;
pub use provider::Provider;
pub use service::{KeyError, KeyService, WrappedKey};
