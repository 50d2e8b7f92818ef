//! The app over a host in memory.

mod answer;
mod cat;
mod cdn_tokens;
mod eccp;
mod entitlements;
mod iframes;
mod jwks;
mod license;
mod log;
mod policy;
mod redirect;
mod refusals;
mod revocations;
mod sessions;
mod signalling;
mod slots;
mod support;
mod text;
mod thumbnails;
mod together;
