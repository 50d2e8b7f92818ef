use core::net::IpAddr;

use serde::Deserialize;
use sluice_app::host::{Client, Region};

use crate::abi;

/// What the platform tells of an address.
#[derive(Deserialize)]
struct Geo {
    country_code: String,
    /// ISO 3166-2 after the hyphen, the most specific subdivision where they lie within each other; `?` and `NO REGION` where there is none.
    #[serde(default)]
    region: String,
    as_number: u32,
    #[serde(default)]
    proxy_type: String,
    #[serde(default)]
    proxy_description: String,
}

/// What the platform tells of the client: never what a header claims.
pub(crate) fn client(address: Option<IpAddr>) -> Client {
    let geo = address.and_then(abi::geo).and_then(|json| serde_json::from_slice::<Geo>(&json).ok());
    let Some(geo) = geo else { return Client { address, ..Client::default() } };
    let country = country(&geo.country_code);
    Client {
        address,
        country,
        region: country.and_then(|country| Region::told(country, &geo.region)),
        asn: Some(geo.as_number).filter(|number| *number != 0),
        anonymizer: anonymizer(&geo.proxy_type, &geo.proxy_description),
    }
}

/// Two letters. Of addresses that it does not know the platform says `**`, of some kinds of proxies `XX`-like codes.
fn country(code: &str) -> Option<[u8; 2]> {
    let code: [u8; 2] = code.as_bytes().try_into().ok()?;
    let known = code.iter().all(u8::is_ascii_alphabetic) && !code.eq_ignore_ascii_case(b"XX");
    known.then(|| code.map(|letter| letter.to_ascii_uppercase()))
}

/// Whether a network hides its users, by the platform's two words for it. `?` is no proxy that it knows; proxies that are known to be
/// somebody's own are no hiding places. All others are, those too that the platform may learn to tell later.
fn anonymizer(kind: &str, description: &str) -> Option<bool> {
    const OPEN_KINDS: [&str; 6] = ["?", "aol", "blackberry", "corporate", "edu", "transparent"];
    const OPEN_DESCRIPTIONS: [&str; 3] = ["?", "cloud-security", "web-browser"];
    if kind.is_empty() || description.is_empty() {
        return None;
    }
    Some(!OPEN_KINDS.contains(&kind) || !OPEN_DESCRIPTIONS.contains(&description))
}
