//! Sluice on Spin: a WASI 0.2 HTTP component over `sluice-app`.
//!
//! The app is handed the request, and its response's body is pulled and written as it comes. Needs in
//! `spin.toml`: the variables `sluice_config`, `lease_root`, `origin_secret`, `kek` (see infra/spin), the key-value store
//! `default`, and the origin among the allowed outbound hosts.
//!
//! With the feature `wasi-keyvalue` the store is asked by `wasi:keyvalue`, whose compare-and-swap lets no two sessions take one slot. A
//! component that imports it runs only where the host has it, so that it is a build of its own.

#[cfg(feature = "wasi-keyvalue")]
mod atomic_store;
mod entry;
mod fetch;
mod host;
mod outgoing;
mod poll;
mod request;
#[cfg(not(feature = "wasi-keyvalue"))]
mod store;

#[cfg(feature = "wasi-keyvalue")]
use atomic_store::KeyValue;
#[cfg(not(feature = "wasi-keyvalue"))]
use store::KeyValue;

/// Whether a store's own words ask its user to write less often.
fn asks_for_less(text: &str) -> bool {
    text.to_ascii_lowercase().contains("too many")
}
