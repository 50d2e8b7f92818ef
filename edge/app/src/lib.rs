//! The edge: routes and handlers, generic over the platform.
//!
//! [`handle`] is all that an adapter calls. It hands in a [`Request`] and something that implements
//! [`Host`], and writes out the [`Response`], whose body it pulls chunk by chunk.
//!
//! ```text
//! request → route::parse → authenticate → authorize → confirm (at most once per lease life)
//!         → manifest: descriptor → hls | dash
//!         → init | segment: record, plan, key, clear fragments → cenc → response
//! ```

#![forbid(unsafe_code)]

mod authenticate;
mod client;
mod conditional;
mod config;
mod confirm;
mod cors;
mod decision;
mod documents;
mod entitled;
mod error;
mod etag;
mod grants;
mod handlers;
mod headers;
pub mod host;
mod jwks;
mod licenses;
mod media;
mod origin;
mod rates;
mod replay;
mod request;
mod response;
mod revocation;
mod route;
mod secrets;
mod slots;

pub use config::check_config;
pub use error::Error;
pub use handlers::handle;
pub use headers::Headers;
pub use host::Host;
pub use media::{BodyError, MediaBody};
pub use origin::check_descriptor;
pub use request::{MAX_BODY, MAX_TARGET, Request};
pub use response::{Body, Response};
