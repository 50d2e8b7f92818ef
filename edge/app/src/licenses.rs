//! Licence servers: the `licenses` member of the configuration.

use serde::de;
use sluice_document::members;
use sluice_gate::entitlement::{System, VendorConfig};
use sluice_packager::title::KeySystem;

use crate::host::Timeouts;

/// A vendor's licence servers, to which the edge forwards what devices ask.
#[derive(Clone, Debug)]
pub(crate) struct LicenseServers {
    /// What the decision log calls them; without it, the vendor's name.
    pub(crate) name: Option<String>,
    /// Whose they are, and what they are told of a viewer.
    pub(crate) token: VendorConfig,
    pub(crate) widevine: Option<Endpoint>,
    pub(crate) playready: Option<Endpoint>,
    pub(crate) fairplay: Option<Endpoint>,
    /// The longest life of a licence where the title does not say; without it, the session's.
    pub(crate) seconds: Option<u64>,
    connect_ms: u64,
    first_byte_ms: u64,
    between_bytes_ms: u64,
}

members!(deny LicenseServers then sensible {
    name = None,
    token,
    widevine = None,
    playready = None,
    fairplay = None,
    seconds = None,
    connect_ms = 2_000,
    first_byte_ms = 8_000,
    between_bytes_ms = 8_000,
});

/// The licence server of one key system.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    /// Absolute, with whatever path and query the vendor gives.
    pub(crate) url: String,
    /// The platform's name of the backend, where it has such names.
    pub(crate) backend: String,
    /// FairPlay only: where the operator's certificate is.
    pub(crate) certificate: Option<Box<Endpoint>>,
}

members!(deny Endpoint then reachable { url, backend = "license".to_owned(), certificate = None });

impl LicenseServers {
    pub(crate) fn name(&self) -> &str {
        self.name.as_deref().unwrap_or(self.token.vendor.as_str())
    }

    pub(crate) fn endpoint(&self, system: System) -> Option<&Endpoint> {
        match system {
            System::Widevine => self.widevine.as_ref(),
            System::Playready => self.playready.as_ref(),
            System::Fairplay => self.fairplay.as_ref(),
        }
    }

    pub(crate) fn timeouts(&self) -> Timeouts {
        Timeouts { connect: self.connect_ms, first_byte: self.first_byte_ms, between_bytes: self.between_bytes_ms }
    }
}

/// Those that have a server for the system, and that server.
pub(crate) fn serving(servers: &[LicenseServers], system: System) -> Option<(&LicenseServers, &Endpoint)> {
    servers.iter().find_map(|servers| Some((servers, servers.endpoint(system)?)))
}

/// Which servers are there twice, so that it is not told which of them is asked.
pub(crate) fn ambiguous(servers: &[LicenseServers]) -> Option<System> {
    let several = |system: &System| servers.iter().filter(|servers| servers.endpoint(*system).is_some()).count() > 1;
    [System::Widevine, System::Playready, System::Fairplay].into_iter().find(several)
}

/// The system as titles' policies name it.
pub(crate) fn listed_as(system: System) -> KeySystem {
    match system {
        System::Widevine => KeySystem::Widevine,
        System::Playready => KeySystem::Playready,
        System::Fairplay => KeySystem::Fairplay,
    }
}

fn sensible<E: de::Error>(servers: &LicenseServers) -> Result<(), E> {
    if [&servers.widevine, &servers.playready, &servers.fairplay].iter().all(|endpoint| endpoint.is_none()) {
        return Err(E::custom("an entry of licenses has no server: add widevine, playready or fairplay"));
    }
    let certificate = |endpoint: &Option<Endpoint>| endpoint.as_ref().is_some_and(|found| found.certificate.is_some());
    if certificate(&servers.widevine) || certificate(&servers.playready) {
        return Err(E::custom("licenses: a certificate is FairPlay's alone"));
    }
    if [servers.connect_ms, servers.first_byte_ms, servers.between_bytes_ms].contains(&0) || servers.seconds == Some(0)
    {
        return Err(E::custom("licenses: seconds, connect_ms, first_byte_ms and between_bytes_ms must be at least 1"));
    }
    Ok(())
}

/// An absolute URL, without a fragment, nothing in it to be escaped.
fn reachable<E: de::Error>(endpoint: &Endpoint) -> Result<(), E> {
    let Endpoint { url, certificate, .. } = endpoint;
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let sound = |rest: &str| {
        !rest.is_empty()
            && !rest.starts_with(['/', '?'])
            && rest.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#')
    };
    if !rest.is_some_and(sound) {
        return Err(E::custom("licenses: url must be http(s)://host[:port][/path][?query]"));
    }
    if certificate.as_ref().is_some_and(|certificate| certificate.certificate.is_some()) {
        return Err(E::custom("licenses: a certificate has no certificate"));
    }
    Ok(())
}
