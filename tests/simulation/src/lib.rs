//! Simulates the limit on concurrent streams: the code of `sluice_gate::session`, as the edge runs it, over a store, clocks and a network that a seed schedules.
//!
//! Every operation on the store is a step of its own, so that requests of several points of presence interleave in every way; reads are stale, writes are lost, slow, refused, or made
//! without an answer; points of presence are cut off; requests are repeated and die half-way. After every step the inequality of the mode is checked. The same seed
//! gives the same schedule.

#![forbid(unsafe_code)]

mod check;
mod mutants;
mod observe;
mod random;
mod requests;
mod scenario;
mod store;
mod task;
mod world;

pub use check::Violation;
pub use mutants::{Mutant, Mutation, mutants};
pub use scenario::Scenario;
pub use world::{Report, Trace, run};

/// The finest step of time: a tenth of a second. Clocks count whole seconds.
pub(crate) type Tick = u64;
/// Ticks in a second.
pub(crate) const SECOND: Tick = 10;
/// Points of presence.
pub(crate) const POPS: usize = 3;
