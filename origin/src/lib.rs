//! The operator's side of Sluice, native: the origin that edges read from, the development key server,
//! and the commands of the `sluice` program.

#![forbid(unsafe_code)]

pub mod atomic;
pub mod audit;
pub mod check;
pub mod cli;
pub mod config;
pub mod cpix;
pub mod custody;
pub mod decisions;
pub mod index;
pub mod inspect;
pub mod jwks;
pub mod keys;
pub mod keyserver;
pub mod mint;
pub mod protect;
pub mod revoke;
pub mod serve;
pub mod speke;
pub mod text;
pub mod webhook;

mod cat;
mod hex;
mod metrics;
mod outgoing;
mod random;
mod running;
mod usage;

pub use running::{Running, StartError};
pub use usage::UsageError;
