//! Who calls: what the platform says, or a trusted proxy where the platform does not say.

use sluice_gate::constant_time_eq;

use crate::{
    Error, Host, Request,
    config::{Config, Proxy},
    host::Client,
    secrets,
};

/// The platform's own facts; where a configured proxy proves itself by its secret, what its headers tell.
pub(crate) async fn client<H: Host>(host: &H, config: &Config, request: &Request) -> Result<Client, Error> {
    let own = host.client();
    let Some(proxy) = &config.proxy else { return Ok(own) };
    let Some(shown) = text(request, &proxy.secret_header) else { return Ok(own) };
    let secret = secrets::required(host, &proxy.secret).await?;
    if constant_time_eq(shown.as_bytes(), secret.as_bytes()) { Ok(told_by(proxy, request, own)) } else { Ok(own) }
}

fn told_by(proxy: &Proxy, request: &Request, own: Client) -> Client {
    let header = |name: &Option<String>| name.as_ref().and_then(|name| text(request, name));
    Client {
        address: header(&proxy.address_header).and_then(|text| text.parse().ok()).or(own.address),
        country: header(&proxy.country_header).and_then(country).or(own.country),
        asn: header(&proxy.asn_header).and_then(|text| text.parse().ok()).or(own.asn),
    }
}

fn text<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.named(name).map(str::trim)
}

/// ISO 3166-1 alpha-2; `XX` and `T1` and the like, by which some proxies say that they do not know, are unknown.
fn country(text: &str) -> Option<[u8; 2]> {
    let code: [u8; 2] = text.as_bytes().try_into().ok()?;
    let known = code.iter().all(u8::is_ascii_alphabetic) && !text.eq_ignore_ascii_case("XX");
    known.then(|| code.map(|letter| letter.to_ascii_uppercase()))
}
