//! SPEKE v2.0 client: asks a DRM key provider for a title's content keys.
//!
//! AWS "Secure Packager and Encoder Key Exchange API", v2.0: POST of a CPIX 2.3 document,
//! `X-Speke-Version: 2.0` sent and echoed, never a fall-back to v1.

mod auth;
mod client;

pub use client::{SpekeClient, SpekeError};

pub(crate) use auth::Credentials;

/// The header that both sides carry.
pub(crate) const VERSION_HEADER: &str = "x-speke-version";
/// The header by which a provider names itself.
pub(crate) const USER_AGENT_HEADER: &str = "x-speke-user-agent";
/// The one version spoken here.
pub(crate) const VERSION: &str = "2.0";
