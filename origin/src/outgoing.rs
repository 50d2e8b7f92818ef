//! What requests to other servers have in common.

use std::time::Duration;

use reqwest::{Client, ClientBuilder, redirect};

/// Has rustls work with one provider of ciphers; one that is installed already, by an embedding program, is as good.
pub(crate) fn prepare_tls() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// A client by which secrets go to the configured URL, or keys come from it, and nowhere else: no redirects, no proxy from the environment.
pub(crate) fn client() -> ClientBuilder {
    prepare_tls();
    Client::builder().redirect(redirect::Policy::none()).no_proxy()
}

/// The pause after try number `attempt`, from 1, where the one after the first is at most `first`: it doubles, and is between half of that and all of it, so
/// that those who failed together do not come back together. `random` says where.
pub(crate) fn pause(first: Duration, attempt: u32, random: u32) -> Duration {
    let half = first.saturating_mul(1 << attempt.saturating_sub(1).min(10)) / 2;
    half + half.mul_f64(f64::from(random) / f64::from(u32::MAX))
}

/// The innermost reason of an HTTP error, which says more than its outer layers and names no URL.
pub(crate) fn cause(error: &reqwest::Error) -> String {
    let mut source: &dyn std::error::Error = error;
    while let Some(inner) = source.source() {
        source = inner;
    }
    source.to_string()
}
