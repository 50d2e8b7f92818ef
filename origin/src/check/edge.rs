//! The documents that an edge reads, by the edge's own readers.

use serde_json::Value;
use sluice_gate::rights::{Rights, State};
use sluice_packager::title::{KeyPolicy, KeySystem};

use super::{Checked, Facts as Found, document::Kind};

/// The members of an edge configuration that say whose grants are taken.
const GRANTS: [&str; 4] = ["viewer", "cloudfront", "edgeauth", "cat"];

/// The systems whose licences a vendor's server makes.
const VENDORS: [KeySystem; 3] = [KeySystem::Widevine, KeySystem::Playready, KeySystem::Fairplay];

/// What an edge that relies on its proxy's headers can tell of a viewer, and where it has licences from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) country: bool,
    pub(super) region: bool,
    /// Or takes for told.
    pub(super) anonymizer: bool,
    /// The systems that have no licence server.
    pub(super) unserved: Vec<KeySystem>,
    /// Whether licence servers may ask for themselves.
    pub(super) answers: bool,
}

/// What of a title an edge is held against.
#[derive(Debug)]
pub(super) struct Title {
    pub(super) rights: Rights,
    pub(super) systems: Vec<KeySystem>,
}

pub(super) fn check(text: &str, json: &Value) -> Result<Checked, String> {
    if !GRANTS.iter().any(|grant| json.get(grant).is_some()) {
        return Err(format!("no kind of grant is configured, so nobody can watch; add {}", GRANTS.join(" or ")));
    }
    sluice_app::check_config(text)?;
    let mut warnings = Vec::new();
    secrets(json, "", &mut warnings)?;
    let said = |pointer: &str| json.pointer(pointer).is_some_and(|value| !value.is_null());
    let text_of = |pointer: &str| json.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let public_url = text_of("/public_url");
    if public_url.starts_with("http://") && !on_this_machine(public_url) {
        warnings.push("/public_url: without https everybody on the way sees leases and handles, and browsers keep no cookie of the edge's".to_owned());
    }
    let told = |header: &str| said(&format!("/proxy/{header}"));
    let headers = ["country_header", "region_header", "anonymizer_header", "address_header", "asn_header"];
    if said("/proxy") && !headers.into_iter().any(told) {
        warnings.push(
            "/proxy: none of its headers is named, so it tells nothing; name country_header or another".to_owned(),
        );
    }
    if told("region_header") && !told("country_header") {
        warnings.push("/proxy/region_header: a region counts only beside its country, which on Spin nobody tells; name country_header too".to_owned());
    }
    for binding in ["lease_binding", "handle_binding"] {
        if text_of(&format!("/{binding}")) == "asn" && !told("asn_header") {
            warnings.push(format!(
                "/{binding}: on Spin only a proxy's asn_header tells a network's number, and none is named: there every session is refused"
            ));
        }
    }
    let unknown = text_of("/anonymizers_unknown") == "allow";
    if unknown && told("anonymizer_header") {
        warnings.push("/anonymizers_unknown: the proxy's anonymizer_header can tell, so what it does not tell is refused in any case".to_owned());
    }
    let servers = json["licenses"].as_array().map_or(&[][..], Vec::as_slice);
    let mut unserved = VENDORS.to_vec();
    for (at, servers) in servers.iter().enumerate() {
        unserved.retain(|system| servers.get(system.as_str()).is_none_or(Value::is_null));
        for path in ["/widevine/url", "/playready/url", "/fairplay/url", "/fairplay/certificate/url"] {
            let url = servers.pointer(path).and_then(Value::as_str).unwrap_or_default();
            if url.starts_with("http://") && !on_this_machine(url) {
                warnings.push(format!("/licenses/{at}{path}: without https everybody on the way sees the token that opens the title, and its licences"));
            }
        }
        if servers.get("fairplay").is_some_and(|fairplay| fairplay.get("certificate").is_none()) {
            warnings.push(format!(
                "/licenses/{at}/fairplay: without certificate players must have the operator's from elsewhere"
            ));
        }
        if servers.pointer("/token/callback") == Some(&Value::Bool(true)) && !said("/entitlements/0") {
            warnings.push(format!("/licenses/{at}/token/callback: the vendor asks the operator, and without /entitlements nobody is answered here"));
        }
    }
    let facts = Facts {
        country: told("country_header"),
        region: told("region_header"),
        anonymizer: told("anonymizer_header") || unknown,
        unserved,
        answers: said("/entitlements/0"),
    };
    Ok(Checked { kind: Kind::Edge, warnings, facts: Found::Edge(facts) })
}

pub(super) fn check_descriptor(text: &str) -> Result<Checked, String> {
    sluice_app::check_descriptor(text.as_bytes())?;
    let json: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let rights: Rights = serde_json::from_value(json["rights"].clone()).map_err(|error| format!("/rights: {error}"))?;
    let policy: Option<KeyPolicy> =
        serde_json::from_value(json["key_policy"].clone()).map_err(|error| format!("/key_policy: {error}"))?;
    let systems = policy.map(|policy| policy.systems).unwrap_or_default();
    let mut warnings = Vec::new();
    if rights.state != State::Published {
        warnings.push("/rights/state: the title is not published: nobody can watch it".to_owned());
    }
    if let Some(regions) = &rights.regions {
        // Countries within the United Kingdom: those that platforms tell are the council areas and districts.
        let nations = ["GB-ENG", "GB-NIR", "GB-SCT", "GB-WLS"];
        let of_nations = |region: &&sluice_gate::rights::Region| nations.contains(&region.to_string().as_str());
        if let Some(nation) = regions.list().iter().find(of_nations) {
            warnings.push(format!(
                "/rights/regions: {nation} matches only where the platform tells nations; Fastly tells the most specific subdivision, such as GB-EDH"
            ));
        }
    }
    if rights.license != sluice_gate::rights::LicenseTerms::default()
        && !VENDORS.iter().any(|system| systems.contains(system))
    {
        warnings.push("/rights/license: no system of the key policy has licences to which it could apply: ClearKey and raw keys restrict nothing".to_owned());
    }
    Ok(Checked { kind: Kind::Descriptor, warnings, facts: Found::Title(Box::new(Title { rights, systems })) })
}

/// Whether a member is the name of a secret.
fn is_secret(name: &str, pointer: &str) -> bool {
    let of_vendor = pointer.starts_with("/licenses/") && pointer.rsplit('/').nth(1) == Some("token");
    name == "secret" || of_vendor && ["key", "access_key"].contains(&name)
}

/// Every `secret` in the document is a name in the platform's secret store.
fn secrets(json: &Value, pointer: &str, warnings: &mut Vec<String>) -> Result<(), String> {
    match json {
        Value::Object(members) => members.iter().try_for_each(|(name, value)| {
            let pointer = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
            match value {
                Value::String(secret) if is_secret(name, &pointer) => named(secret, &pointer, warnings),
                value => secrets(value, &pointer, warnings),
            }
        }),
        Value::Array(items) => items.iter().enumerate().try_for_each(|(at, item)| match item {
            Value::String(secret) if pointer == "/entitlements" => named(secret, &format!("{pointer}/{at}"), warnings),
            item => secrets(item, &format!("{pointer}/{at}"), warnings),
        }),
        _ => Ok(()),
    }
}

fn named(secret: &str, pointer: &str, warnings: &mut Vec<String>) -> Result<(), String> {
    let fit = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    if !(1..=255).contains(&secret.len()) || !secret.bytes().all(fit) {
        // Not repeated: it may be the secret itself.
        return Err(format!(
            "{pointer} is no name of a secret: give the name under which it lies in the platform's secret store, letters, digits, '_', '.' and '-'"
        ));
    }
    let word =
        |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    if !secret.starts_with(|first: char| first.is_ascii_lowercase()) || !secret.split('_').all(word) {
        warnings.push(format!(
            "{pointer}: no Spin variable can be called so: there names are words of small letters and digits, joined by single '_'"
        ));
    }
    Ok(())
}

fn on_this_machine(url: &str) -> bool {
    let authority = url.trim_start_matches("http://");
    ["localhost", "127.", "[::1]"].iter().any(|local| authority.starts_with(local))
}
