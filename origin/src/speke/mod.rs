//! SPEKE v2 client: asks a DRM key provider for a title's content keys.
//!
//! AWS "Secure Packager and Encoder Key Exchange API", v2.0: POST of a CPIX 2.3 document,
//! `X-Speke-Version: 2.0` sent and echoed, never a fall-back to v1. v2.1 with CPIX 2.4 where the configuration says so.

mod auth;
mod client;
mod encryption;
mod error;
mod retry;
mod sigv4;
mod tls;

pub use auth::CredentialsError;
pub use client::SpekeClient;
pub use error::SpekeError;

pub(crate) use auth::Credentials;

/// The header that both sides carry.
pub(crate) const VERSION_HEADER: &str = "x-speke-version";
/// The header by which a provider names itself.
pub(crate) const USER_AGENT_HEADER: &str = "x-speke-user-agent";
