//! EZDRM: no token. Its licence server asks the operator's authorization URL, and passes it what the licence request's URL carries as custom data. That is what
//! `POST /v1/entitlements` is to be asked, in base64.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

use super::{
    Carried, Entitlement, VendorConfig,
    json::{self, object},
    template,
};

/// What the custom data says of itself, and so no template may.
pub(super) const OWN: &[&str] = &["kids", "session", "system", "title"];

pub(super) fn custom_data(config: &VendorConfig, entitlement: &Entitlement<'_>) -> Vec<Carried> {
    let kids: Vec<Value> =
        entitlement.keys.iter().map(|key| format!("{:032x}", u128::from_be_bytes(key.kid)).into()).collect();
    let asks = object(vec![
        ("session", entitlement.session.into()),
        ("title", entitlement.title.into()),
        ("system", entitlement.system.as_str().into()),
        ("kids", kids.into()),
    ]);
    let value = STANDARD.encode(json::text(&template::under(&config.template, asks, entitlement)));
    vec![Carried::Query { name: config.parameter.clone(), value }]
}
