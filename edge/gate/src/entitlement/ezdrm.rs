//! EZDRM: no token. Its licence server asks the operator's authorization URL, and passes it what the licence request's URL carries as custom data. That is what
//! `POST /v1/entitlements` is to be asked, in base64.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;

use super::{Carried, Entitlement, VendorConfig, template};

/// What the custom data says of itself, and so no template may.
pub(super) const OWN: &[&str] = &["kids", "session", "system", "title"];

pub(super) fn custom_data(config: &VendorConfig, entitlement: &Entitlement<'_>) -> Vec<Carried> {
    let kids: Vec<String> =
        entitlement.keys.iter().map(|key| format!("{:032x}", u128::from_be_bytes(key.kid))).collect();
    let asks = json!({
        "session": entitlement.session,
        "title": entitlement.title,
        "system": entitlement.system.as_str(),
        "kids": kids,
    });
    let value = STANDARD.encode(template::under(&config.template, asks, entitlement).to_string());
    vec![Carried::Query { name: config.parameter.clone(), value }]
}
