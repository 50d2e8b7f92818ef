//! Sluice's packager as a WASM component, for hosts in any language: the world `packager` of `wit/`.
//!
//! [`bindings`] is what the WIT says, [`exports`] answers it with `sluice-packager`, [`convert`] lies between their types.

mod bindings;
mod convert;
mod exports;
