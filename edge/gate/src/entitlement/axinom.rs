//! Axinom DRM: an Entitlement Message, version 2, in a License Service Message, a JWS with HMAC-SHA256 (docs.axinom.com: "Entitlement Message",
//! "License Configuration", "Content Key Usage Policies", "Axinom DRM License Service Message").

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{
    Carried, Entitlement, EntitlementError, Hdcp, SecurityLevel, System, TOKEN_SECONDS, VendorConfig, clock, jws,
    need::{Need, Output},
    template, uuid,
};

/// What the message says of itself, and so no template may.
pub(super) const OWN: &[&str] = &[
    "allow_persistence",
    "content_key_usage_policies",
    "content_keys_source",
    "device_security_level",
    "duration",
    "expiration_datetime",
    "hdcp",
    "include_all_entitled_keys",
    "min_device_security_level",
    "playback_duration",
    "digital_video_output_protections",
    "uncompressed_digital_video_opl",
];

/// PlayReady's HDCP Type Restriction, as an explicit output protection for digital video: type 1.
const TYPE_RESTRICTION: &str = "ABB2C6F1-E663-4625-A945-972D17B231E7";
const TYPE_1: &str = "AAAAAQ==";

pub(super) fn token(
    config: &VendorConfig,
    key: &[u8],
    entitlement: &Entitlement<'_>,
    random: [u8; 16],
) -> Result<Vec<Carried>, EntitlementError> {
    config.within_height(entitlement)?;
    let key = STANDARD.decode(key.trim_ascii()).ok().filter(|key| key.len() >= 32).map(Zeroizing::new);
    let key = key.ok_or_else(|| config.malformed("a communication key: base64 of at least 32 bytes"))?;
    let system = entitlement.system.as_str();
    let Entitlement { now, restrictions, .. } = *entitlement;

    let mut needs: Vec<Need> = Vec::new();
    let mut inline = Vec::new();
    for key in entitlement.keys {
        let need = config.need(entitlement, key);
        let at = needs.iter().position(|known| *known == need).unwrap_or_else(|| {
            needs.push(need);
            needs.len() - 1
        });
        inline.push(json!({"id": uuid::text(key.kid), "usage_policy": at.to_string()}));
    }
    let mut policies = Vec::new();
    for (at, need) in needs.into_iter().enumerate() {
        let made = json!({"name": at.to_string(), system: policy(config, entitlement.system, need)?});
        policies.push(template::under(&config.policy, made, entitlement));
    }
    // Without these, a device ends a licence only once it stops playing.
    let real_time = match entitlement.system {
        System::Widevine => json!({"real_time_duration_expiration": true}),
        System::Playready | System::Fairplay => json!({"real_time_expiration": true}),
    };
    let message = json!({
        "type": "entitlement_message",
        "version": 2,
        "license": {
            "expiration_datetime": clock::utc(now.saturating_add(restrictions.seconds)),
            "duration": restrictions.seconds,
            "allow_persistence": restrictions.persistent,
            system: real_time,
        },
        "content_keys_source": {"inline": inline},
        "content_key_usage_policies": policies,
    });
    let envelope = json!({
        "version": 1,
        "id": uuid::random(random),
        "com_key_id": config.key_id,
        "expiration_date": clock::utc(now.saturating_add(TOKEN_SECONDS)),
        "message": template::under(&config.template, message, entitlement),
    });
    let value = jws::hs256(&json!({"alg": "HS256", "typ": "JWT"}), &envelope, &key);
    Ok(vec![Carried::Header { name: "X-AxDRM-Message", value }])
}

fn policy(config: &VendorConfig, system: System, need: Need) -> Result<Value, EntitlementError> {
    let mut policy = json!({});
    if let Some(level) = need.security_level {
        let (name, value) = match system {
            System::Widevine => ("device_security_level", widevine(level).into()),
            System::Playready => ("min_device_security_level", level.playready().into()),
            System::Fairplay => return Err(config.cannot("a security level for FairPlay")),
        };
        policy[name] = value;
    }
    let Some(hdcp) = need.hdcp else { return Ok(policy) };
    let no_version = || config.cannot("HDCP 2.3");
    match system {
        System::Widevine => {
            policy["hdcp"] = match hdcp {
                Hdcp::V1 => "1.0".into(),
                Hdcp::V2_0 => "2.0".into(),
                // No document was seen to name 2.1; the next is stricter.
                Hdcp::V2_1 | Hdcp::V2_2 => "2.2".into(),
                Hdcp::V2_3 => return Err(no_version()),
            }
        }
        System::Playready => {
            policy["uncompressed_digital_video_opl"] = 300.into();
            if Output::of(hdcp).ok_or_else(no_version)? == Output::Type1 {
                policy["digital_video_output_protections"] = json!([{"id": TYPE_RESTRICTION, "config_data": TYPE_1}]);
            }
        }
        System::Fairplay => {
            policy["hdcp"] = match Output::of(hdcp).ok_or_else(no_version)? {
                Output::Type0 => "TYPE0".into(),
                Output::Type1 => "TYPE1_STRICT".into(),
            }
        }
    }
    Ok(policy)
}

fn widevine(level: SecurityLevel) -> &'static str {
    match level {
        SecurityLevel::SoftwareCrypto => "SW_SECURE_CRYPTO",
        SecurityLevel::SoftwareDecode => "SW_SECURE_DECODE",
        SecurityLevel::HardwareCrypto => "HW_SECURE_CRYPTO",
        SecurityLevel::HardwareDecode => "HW_SECURE_DECODE",
        SecurityLevel::HardwareAll => "HW_SECURE_ALL",
    }
}
