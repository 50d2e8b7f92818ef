//! The app over a host in memory.

mod iframes;
mod refusals;
mod sessions;
mod support;
mod text;
mod thumbnails;
mod together;
