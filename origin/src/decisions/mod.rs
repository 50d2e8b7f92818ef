//! Edges' decision lines, handed to the origin: many refusals of licences in a short time are told of.
//!
//! `POST /decisions`, lines of the decision log as they come ([`sluice_gate::log`]), one after the other; what a platform prints around a line does not
//! matter. What no audit key that is known made is counted and otherwise ignored, and so are lines that came before and lines that are too old.
//!
//! Counted are refusals at a title's licence and key routes, of sessions that the edge knows: whoever has no session of ours raises no alarm.

mod intake;
mod spikes;

pub use intake::Intake;
pub use spikes::Spike;
