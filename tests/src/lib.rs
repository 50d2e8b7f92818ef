//! Everything that only development and verification need: hosts that run the edge modules on one machine, a whole stack to
//! test or demonstrate against, the benchmarks, and the conductor behind `cargo verify`.
//!
//! The hosts are behind the feature `runtime` (on by default), so that `verify` itself builds in seconds.

#![forbid(unsafe_code)]

pub mod options;
pub mod toolchain;
pub mod verify;

#[cfg(feature = "runtime")]
pub mod client;
#[cfg(feature = "runtime")]
pub mod demo;
#[cfg(feature = "runtime")]
pub mod faulty;
#[cfg(feature = "runtime")]
pub mod fixture;
#[cfg(feature = "runtime")]
pub mod guest;
#[cfg(feature = "runtime")]
pub mod load;
#[cfg(feature = "runtime")]
pub mod perf;
#[cfg(feature = "runtime")]
pub mod redis_server;
#[cfg(feature = "runtime")]
pub mod runtime;
#[cfg(feature = "runtime")]
mod server;
#[cfg(feature = "runtime")]
pub mod table;
#[cfg(feature = "runtime")]
pub mod wasm_build;
