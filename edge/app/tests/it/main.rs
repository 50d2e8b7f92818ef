//! The app over a host in memory.

mod cdn_tokens;
mod iframes;
mod refusals;
mod sessions;
mod support;
mod text;
mod thumbnails;
