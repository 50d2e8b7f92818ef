use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::StatusCode;

use crate::metrics::{Family, Kind};

const ROUTES: [&str; 10] =
    ["descriptor", "media", "segment", "keys", "signalling", "jwks", "decisions", "health", "none", "refused"];
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
        let values = ROUTES.iter().zip(&self.requests).flat_map(|(route, counts)| {
            let labels = move |class| format!("route=\"{route}\",status=\"{class}\"");
            CLASSES.iter().zip(counts).map(move |(class, count)| (labels(class), count.load(Ordering::Relaxed)))
        });
        let mut out = String::new();
        Family::new("requests_total", Kind::Counter, "Requests by route and status class.")
            .write(&mut out, &values.collect::<Vec<_>>());
        out
    }
}
