//! The app over a host in memory.

mod refusals;
mod sessions;
mod support;
mod text;
