use http::StatusCode;
use serde::Serialize;

use crate::{Host, Response, config::Config, response::NO_STORE};

#[derive(Serialize)]
struct Health<'a> {
    status: &'static str,
    build: &'static str,
    config: &'a str,
    config_format: u32,
    /// Whether configured rates are kept; absent where none are configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    rates: Option<&'static str>,
}

/// Build and configuration. It asks nobody else: a load balancer calls it often.
pub(super) fn health<H: Host>(host: &H, config: &Config) -> Response<H::Body> {
    let counted = if host.counts_events() { "counted" } else { "unsupported" };
    let health = Health {
        status: "ok",
        build: env!("CARGO_PKG_VERSION"),
        config: &config.name,
        config_format: config.v,
        rates: config.rates.are_set().then_some(counted),
    };
    let body = serde_json::to_vec(&health).unwrap_or_default();
    Response::full(StatusCode::OK, "application/json", body).cached(NO_STORE)
}
