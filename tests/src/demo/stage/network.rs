use std::{
    net::SocketAddr,
    sync::{Mutex, PoisonError},
};

use anyhow::Result;
use http::{HeaderName, HeaderValue};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{faulty::FaultyProxy, fixture::Secrets};

const SECRET_HEADER: HeaderName = HeaderName::from_static("x-network-secret");
const COUNTRY_HEADER: HeaderName = HeaderName::from_static("x-viewer-country");

/// A country that the viewer can be in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Country {
    /// ISO 3166-1 alpha-2.
    pub(super) code: &'static str,
    name: &'static str,
}

/// Home first.
pub(super) const COUNTRIES: [Country; 2] =
    [Country { code: "DE", name: "Germany" }, Country { code: "BR", name: "Brazil" }];

/// The network between viewers and the edge: a proxy that the edge trusts to tell where they are.
pub(super) struct Network {
    proxy: FaultyProxy,
    country: Mutex<Country>,
}

impl Network {
    /// Starts at home.
    pub(super) async fn start(edge: SocketAddr, secret: &str) -> Result<Self> {
        let [home, _] = COUNTRIES;
        let network = Self { proxy: FaultyProxy::start(edge).await?, country: Mutex::new(home) };
        network.proxy.set_header(SECRET_HEADER, HeaderValue::from_str(secret)?);
        network.move_to(home);
        Ok(network)
    }

    /// `http://localhost:PORT`, by which players reach the edge.
    pub(super) fn url(&self) -> String {
        format!("http://localhost:{}", self.proxy.addr().port())
    }

    /// Where the viewer is.
    pub(super) fn country(&self) -> Country {
        *self.country.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the viewer there.
    pub(super) fn move_to(&self, country: Country) {
        *self.country.lock().unwrap_or_else(PoisonError::into_inner) = country;
        self.proxy.set_header(COUNTRY_HEADER, HeaderValue::from_static(country.code));
    }
}

/// The edge's configuration of it, member `proxy`.
pub(super) fn trusted_by_edge() -> Value {
    json!({
        "secret": Secrets::PROXY_SECRET_NAME,
        "secret_header": SECRET_HEADER.as_str(),
        "country_header": COUNTRY_HEADER.as_str(),
    })
}
