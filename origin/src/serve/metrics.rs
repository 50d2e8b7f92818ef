use std::{
    fmt::Write,
    sync::atomic::{AtomicU64, Ordering},
};

use axum::http::StatusCode;

const ROUTES: [&str; 8] = ["descriptor", "media", "segment", "keys", "jwks", "health", "none", "refused"];
const CLASSES: [&str; 4] = ["2xx", "3xx", "4xx", "5xx"];

/// Requests by route and class of status.
#[derive(Default)]
pub(super) struct Metrics {
    requests: [[AtomicU64; CLASSES.len()]; ROUTES.len()],
}

impl Metrics {
    pub(super) fn count(&self, route: &str, status: StatusCode) {
        let class = usize::from(status.as_u16() / 100).saturating_sub(2).min(CLASSES.len() - 1);
        if let Some(at) = ROUTES.iter().position(|known| *known == route) {
            self.requests[at][class].fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Prometheus' text format 0.0.4.
    pub(super) fn exposition(&self) -> String {
        let mut out = String::from(
            "# HELP sluice_origin_requests_total Requests by route and status class.\n\
             # TYPE sluice_origin_requests_total counter\n",
        );
        for (route, counts) in ROUTES.iter().zip(&self.requests) {
            for (class, count) in CLASSES.iter().zip(counts) {
                let count = count.load(Ordering::Relaxed);
                // Writing to a String does not fail.
                let _ = writeln!(out, "sluice_origin_requests_total{{route=\"{route}\",status=\"{class}\"}} {count}");
            }
        }
        out
    }
}
