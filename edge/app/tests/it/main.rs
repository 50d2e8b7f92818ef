//! The app over a host in memory.

mod iframes;
mod log;
mod refusals;
mod revocations;
mod sessions;
mod support;
mod text;
mod thumbnails;
