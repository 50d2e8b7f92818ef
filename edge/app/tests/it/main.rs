//! The app over a host in memory.

mod cat;
mod iframes;
mod policy;
mod redirect;
mod refusals;
mod sessions;
mod support;
mod text;
mod thumbnails;
