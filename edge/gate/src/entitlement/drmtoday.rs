//! castLabs DRMtoday: a Customer Rights Token in a JWS (its "License Delivery Authorization": Token Authorization, with HS256 as recommended there), or
//! the custom data by which its Callback Authorization knows the session.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use super::{
    BACKDATED, Carried, Entitlement, EntitlementError, Hdcp, System, TOKEN_SECONDS, VendorConfig, class::Class, jws,
    template, uuid,
};
use crate::ids::hex;

/// What the token says of itself, and so no template may.
pub(super) const OWN: &[&str] = &["assetId", "profile", "storeLicense"];

pub(super) fn token(
    config: &VendorConfig,
    key: &[u8],
    entitlement: &Entitlement<'_>,
    random: [u8; 16],
) -> Result<Vec<Carried>, EntitlementError> {
    config.within_height(entitlement)?;
    let (pairs, rest) = key.trim_ascii().as_chunks::<2>();
    let key: Option<Vec<u8>> =
        pairs.iter().map(|pair| hex::byte(&pair.map(|digit| digit.to_ascii_lowercase()))).collect();
    let key = key.filter(|key| rest.is_empty() && key.len() >= 32).map(Zeroizing::new);
    let key = key.ok_or_else(|| config.malformed("a shared secret: hex digits of at least 32 bytes"))?;
    let Entitlement { now, restrictions, .. } = *entitlement;

    let life = format!("PT{}S", restrictions.seconds);
    let mut crt = json!({
        "assetId": template::fill(&config.content, entitlement),
        "profile": {"type": "rental", "relativeExpiration": life, "playDuration": life},
        "storeLicense": restrictions.persistent,
    });
    if let Some(classes) = output_protection(config, entitlement)? {
        crt["op"] = json!({"config": classes});
    }
    let crt = template::under(&config.template, crt, entitlement);
    let who = json!({"merchant": config.tenant, "userId": template::fill(&config.user, entitlement)});
    let issued = now.saturating_sub(BACKDATED);
    let claims = json!({
        "jti": uuid::random(random),
        "iat": issued,
        "exp": now.saturating_add(TOKEN_SECONDS),
        // Both are texts of JSON.
        "optData": who.to_string(),
        "crt": crt.to_string(),
    });
    let value = jws::hs256(&json!({"alg": "HS256", "kid": config.key_id, "typ": "JWT"}), &claims, &key);
    Ok(vec![Carried::Header { name: "x-dt-auth-token", value }])
}

/// Enhanced output protection by class of track. Of its members only Widevine's HDCP 1 and its refusal of a class were seen documented.
fn output_protection(
    config: &VendorConfig,
    entitlement: &Entitlement<'_>,
) -> Result<Option<Map<String, Value>>, EntitlementError> {
    let need = config.strictest(entitlement, entitlement.keys.iter());
    if need.security_level.is_some() {
        return Err(config.cannot("a security level outside a template of its own"));
    }
    let hdcp = match (need.hdcp, entitlement.system) {
        (None, _) => None,
        (Some(Hdcp::V1), System::Widevine) => Some("HDCP_V1"),
        (Some(_), _) => return Err(config.cannot("that version of HDCP outside a template of its own")),
    };
    if hdcp.is_none() && entitlement.others.is_empty() {
        return Ok(None);
    }
    let named = |class: Class| if class == Class::Uhd2 { Class::Uhd1 } else { class };
    let has = |keys: &[super::Key], class: Class| keys.iter().any(|key| named(Class::of(key)) == class);
    let mut classes = Map::new();
    for class in [Class::Audio, Class::Sd, Class::Hd, Class::Uhd1] {
        let mut rules = Map::new();
        if has(entitlement.others, class) {
            if entitlement.system != System::Widevine || has(entitlement.keys, class) {
                return Err(config.cannot("some of a title's keys"));
            }
            rules.insert("deny".to_owned(), true.into());
        } else if let Some(hdcp) = hdcp {
            rules.insert("requireHDCP".to_owned(), hdcp.into());
        }
        if !rules.is_empty() {
            let name = if class == Class::Uhd1 { "UHD" } else { class.as_str() };
            classes.insert(name.to_owned(), json!({"WidevineM": rules}));
        }
    }
    Ok(Some(classes))
}

/// Names the session to the operator's callback.
pub(super) fn custom_data(config: &VendorConfig, entitlement: &Entitlement<'_>) -> Vec<Carried> {
    let who = json!({
        "merchant": config.tenant,
        "sessionId": entitlement.session,
        "userId": template::fill(&config.user, entitlement),
    });
    vec![Carried::Header { name: "x-dt-custom-data", value: STANDARD.encode(who.to_string()) }]
}
