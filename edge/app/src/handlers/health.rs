use http::StatusCode;
use serde::Serialize;

use crate::{Response, config::Config, response::NO_STORE};

#[derive(Serialize)]
struct Health<'a> {
    status: &'static str,
    build: &'static str,
    config: &'a str,
    config_format: u32,
}

/// Build and configuration. It asks nobody else: a load balancer calls it often.
pub(super) fn health<B>(config: &Config) -> Response<B> {
    let health =
        Health { status: "ok", build: env!("CARGO_PKG_VERSION"), config: &config.name, config_format: config.v };
    let body = serde_json::to_vec(&health).unwrap_or_default();
    Response::full(StatusCode::OK, "application/json", body).cached(NO_STORE)
}
