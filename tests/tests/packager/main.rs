//! The packager held against other implementations: its WASM against its native bytes, and every codec in every layout against the
//! decryptors of others.

mod constant_time;
mod corpus;
mod holes;
mod judge;
mod kernels;
#[path = "../../layouts/mod.rs"]
mod layouts;
mod matrix;
mod perf;
#[path = "../../../origin/tests/oracles/process.rs"]
mod process;
mod runtime;
