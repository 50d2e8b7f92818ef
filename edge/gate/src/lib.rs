//! Who may watch: what a viewer's token grants, what a title's rights allow, and the short-lived
//! credentials (lease, handle) and records (session, slot) that a session goes by.
//!
//! Sans I/O: time, secrets, the client's facts and stored records come in as arguments, and nothing
//! here knows media, a packager or a host.
//!
//! ```text
//! viewer JWT → grant::jwt::verify → Grant ─┐
//! descriptor → rights::Rights::authorize ──┴→ session record + slot → lease::mint, handle::mint
//! each request → lease::verify | handle::verify → at most once per lease life: the session's record
//! ```

#![forbid(unsafe_code)]

mod client;
mod compare;
mod denylist;
pub mod entitlement;
mod error;
pub mod grant;
pub mod handle;
mod ids;
pub mod lease;
pub mod log;
pub mod revocation;
pub mod rights;
mod roots;
pub mod session;
mod wire;

pub use client::{ClientFacts, Net, network_digests};
pub use compare::constant_time_eq;
pub use denylist::{Denylist, Prefix};
pub use error::{Deny, TokenError};
pub use ids::{AccountId, SessionId, TitleTag};
pub use roots::{Roots, RootsError};

/// A point in time: seconds since 1970-01-01T00:00:00Z, leap seconds not counted.
pub type Unix = u64;
