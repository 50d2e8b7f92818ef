//! Sluice on Spin: a WASI 0.2 HTTP component over `sluice-app`.
//!
//! The app is handed the request, and its response's body is pulled and written as it comes. Needs in
//! `spin.toml`: the variables `sluice_config`, `lease_root`, `origin_secret`, `kek` (see infra/spin), the key-value store
//! `default`, and the origin among the allowed outbound hosts.

mod entry;
mod fetch;
mod host;
mod outgoing;
mod poll;
mod request;
