//! The HTTP client of tests and demonstrations.

use std::time::Duration;

/// A client that follows no redirects, keeps no cookies, asks no proxy, and gives up after a minute.
///
/// # Panics
/// Where the TLS library cannot start, which does not depend on input.
pub fn http_client() -> reqwest::Client {
    // An error means that one is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(Duration::from_secs(60))
        .build()
        .expect("a client without settings of the user's")
}
