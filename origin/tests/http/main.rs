//! An origin and a key server in this process, over HTTP.

mod cpix;
mod faults;
mod fixture;
mod jwks;
mod keys;
mod keyserver;
mod origin;
mod rehearsal;
mod segment;
mod speke;
mod suite;
mod tls;
mod watch;
