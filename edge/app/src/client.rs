//! Who calls: what the platform says, or a trusted proxy where the platform does not say.

use sluice_gate::{
    constant_time_eq,
    rights::{Anonymizers, Region},
};

use crate::{
    Error, Host, Request,
    config::{Config, Proxy},
    host::Client,
    secrets,
};

/// The platform's own facts; where a configured proxy proves itself by its secret, what its headers tell.
pub(crate) async fn client<H: Host>(host: &H, config: &Config, request: &Request) -> Result<Client, Error> {
    let mut client = host.client();
    if let Some(proxy) = &config.proxy
        && let Some(shown) = text(request, &proxy.secret_header)
    {
        let secret = secrets::required(host, &proxy.secret).await?;
        if constant_time_eq(shown.as_bytes(), secret.as_bytes()) {
            client = told_by(proxy, request, client);
        }
    }
    let (told, forwarded) = config
        .proxy
        .as_ref()
        .map_or((false, false), |proxy| (proxy.anonymizer_header.is_some(), proxy.address_header.is_some()));
    // Behind a proxy the platform knows the proxy's network, and not the client's.
    let told = told || host.tells_anonymizers() && !forwarded;
    if config.anonymizers_unknown == Anonymizers::Allow && !told {
        // The operator answers for what nobody here can tell. Where somebody could, and did not this time, it stays unknown.
        client.anonymizer = Some(false);
    }
    Ok(client)
}

fn told_by(proxy: &Proxy, request: &Request, own: Client) -> Client {
    let header = |name: &Option<String>| name.as_ref().and_then(|name| text(request, name));
    let told = header(&proxy.country_header).and_then(country);
    let country = told.or(own.country);
    // What the platform tells of a region is about the client that it sees: of another country's, and of the proxy's, it is worth nothing.
    let region = match &proxy.region_header {
        Some(_) => header(&proxy.region_header).and_then(|code| Region::told(country?, code)),
        None => own.region.filter(|_| told.is_none()),
    };
    Client {
        address: header(&proxy.address_header).and_then(|text| text.parse().ok()).or(own.address),
        country,
        region,
        asn: header(&proxy.asn_header).and_then(|text| text.parse().ok()).or(own.asn),
        anonymizer: match &proxy.anonymizer_header {
            Some(_) => header(&proxy.anonymizer_header).and_then(flag),
            None => own.anonymizer.filter(|_| proxy.address_header.is_none()),
        },
    }
}

fn flag(text: &str) -> Option<bool> {
    match text {
        "1" | "true" => Some(true),
        "0" | "false" => Some(false),
        _ => None,
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
