//! castLabs DRMtoday: a Customer Rights Token in a JWS (its "License Delivery Authorization": Token Authorization, with HS256 as recommended there), or
//! the custom data by which its Callback Authorization knows the session.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;
use zeroize::Zeroizing;

use super::{
    BACKDATED, Carried, Entitlement, EntitlementError, Hdcp, System, TOKEN_SECONDS, VendorConfig,
    class::Class,
    json::{self, object},
    jws, template, uuid,
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
    let (pairs, rest) = key.trim_ascii().as_chunks::<2>();
    let key: Option<Vec<u8>> =
        pairs.iter().map(|pair| hex::byte(&pair.map(|digit| digit.to_ascii_lowercase()))).collect();
    let key = key.filter(|key| rest.is_empty() && key.len() >= 32).map(Zeroizing::new);
    let key = key.ok_or_else(|| config.malformed("a shared secret: hex digits of at least 32 bytes"))?;
    let Entitlement { now, restrictions, .. } = *entitlement;

    let life = format!("PT{}S", restrictions.seconds);
    let profile = object(vec![
        ("type", "rental".into()),
        ("relativeExpiration", life.as_str().into()),
        ("playDuration", life.as_str().into()),
    ]);
    let crt = object(vec![
        ("assetId", template::fill(&config.content, entitlement).into()),
        ("profile", profile),
        ("storeLicense", restrictions.persistent.into()),
        ("op", output_protection(config, entitlement)?),
    ]);
    let crt = template::under(&config.template, crt, entitlement);
    let claims = object(vec![
        ("jti", uuid::random(random).into()),
        ("iat", now.saturating_sub(BACKDATED).into()),
        ("exp", now.saturating_add(TOKEN_SECONDS).into()),
        // Both are texts of JSON.
        ("optData", json::text(&who(config, entitlement, None)).into()),
        ("crt", json::text(&crt).into()),
    ]);
    let header = object(vec![("alg", "HS256".into()), ("kid", config.key_id.as_deref().into()), ("typ", "JWT".into())]);
    let value = jws::hs256(&header, &claims, &key);
    Ok(vec![Carried::Header { name: "x-dt-auth-token", value }])
}

/// Enhanced output protection by class of track; null where none is asked for. Of its members only Widevine's HDCP 1 and its refusal of a class were seen documented.
fn output_protection(config: &VendorConfig, entitlement: &Entitlement<'_>) -> Result<Value, EntitlementError> {
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
        return Ok(Value::Null);
    }
    if !entitlement.others.is_empty() && !entitlement.is_classed() {
        return Err(config.cannot("some of a title's keys"));
    }
    let named = |class: Class| if class == Class::Uhd2 { Class::Uhd1 } else { class };
    let has = |keys: &[super::Key], class: Class| keys.iter().any(|key| key.class.map(named) == Some(class));
    let mut classes = Vec::new();
    for class in [Class::Audio, Class::Sd, Class::Hd, Class::Uhd1] {
        let rule = if has(entitlement.others, class) {
            if entitlement.system != System::Widevine || has(entitlement.keys, class) {
                return Err(config.cannot("some of a title's keys"));
            }
            ("deny", true.into())
        } else if let Some(hdcp) = hdcp {
            ("requireHDCP", hdcp.into())
        } else {
            continue;
        };
        let name = if class == Class::Uhd1 { "UHD" } else { class.as_str() };
        classes.push((name, object(vec![("WidevineM", object(vec![rule]))])));
    }
    Ok(object(vec![("config", object(classes))]))
}

/// Names the session to the operator's callback.
pub(super) fn custom_data(config: &VendorConfig, entitlement: &Entitlement<'_>) -> Vec<Carried> {
    let who = who(config, entitlement, Some(entitlement.session));
    vec![Carried::Header { name: "x-dt-custom-data", value: STANDARD.encode(json::text(&who)) }]
}

/// Whose licence it is.
fn who(config: &VendorConfig, entitlement: &Entitlement<'_>, session: Option<&str>) -> Value {
    object(vec![
        ("merchant", config.tenant.as_deref().into()),
        ("sessionId", session.into()),
        ("userId", template::fill(&config.user, entitlement).into()),
    ])
}
