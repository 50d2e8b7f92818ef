//! Axinom DRM: an Entitlement Message, version 2, in a License Service Message, a JWS with HMAC-SHA256 (docs.axinom.com: "Entitlement Message",
//! "License Configuration", "Content Key Usage Policies", "Axinom DRM License Service Message").

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;
use zeroize::Zeroizing;

use super::{
    Carried, Entitlement, EntitlementError, Hdcp, SecurityLevel, System, TOKEN_SECONDS, VendorConfig, clock,
    json::object,
    jws,
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
    let key = STANDARD.decode(key.trim_ascii()).ok().filter(|key| key.len() >= 32).map(Zeroizing::new);
    let key = key.ok_or_else(|| config.malformed("a communication key: base64 of at least 32 bytes"))?;
    let system = entitlement.system.as_str();
    let Entitlement { now, restrictions, .. } = *entitlement;

    let mut needs: Vec<Need> = Vec::new();
    let mut inline: Vec<Value> = Vec::new();
    for key in entitlement.keys {
        let need = config.need(entitlement, key);
        let at = needs.iter().position(|known| *known == need).unwrap_or_else(|| {
            needs.push(need);
            needs.len() - 1
        });
        inline.push(object(vec![("id", uuid::text(key.kid).into()), ("usage_policy", at.to_string().into())]));
    }
    let mut policies: Vec<Value> = Vec::new();
    for (at, need) in needs.into_iter().enumerate() {
        let policy = policy(config, entitlement.system, need)?;
        let made = object(vec![("name", at.to_string().into()), (system, policy)]);
        policies.push(template::under(&config.policy, made, entitlement));
    }
    // Without these, a device ends a licence only once it stops playing.
    let real_time = match entitlement.system {
        System::Widevine => "real_time_duration_expiration",
        System::Playready | System::Fairplay => "real_time_expiration",
    };
    let license = object(vec![
        ("expiration_datetime", clock::utc(now.saturating_add(restrictions.seconds)).into()),
        ("duration", restrictions.seconds.into()),
        ("allow_persistence", restrictions.persistent.into()),
        (system, object(vec![(real_time, true.into())])),
    ]);
    let message = object(vec![
        ("type", "entitlement_message".into()),
        ("version", 2.into()),
        ("license", license),
        ("content_keys_source", object(vec![("inline", inline.into())])),
        ("content_key_usage_policies", policies.into()),
    ]);
    let envelope = object(vec![
        ("version", 1.into()),
        ("id", uuid::random(random).into()),
        ("com_key_id", config.key_id.as_deref().into()),
        ("expiration_date", clock::utc(now.saturating_add(TOKEN_SECONDS)).into()),
        ("message", template::under(&config.template, message, entitlement)),
    ]);
    let header = object(vec![("alg", "HS256".into()), ("typ", "JWT".into())]);
    let value = jws::hs256(&header, &envelope, &key);
    Ok(vec![Carried::Header { name: "X-AxDRM-Message", value }])
}

fn policy(config: &VendorConfig, system: System, need: Need) -> Result<Value, EntitlementError> {
    let mut policy: Vec<(&'static str, Value)> = Vec::new();
    if let Some(level) = need.security_level {
        policy.push(match system {
            System::Widevine => ("device_security_level", widevine(level).into()),
            System::Playready => ("min_device_security_level", level.playready().into()),
            System::Fairplay => return Err(config.cannot("a security level for FairPlay")),
        });
    }
    let Some(hdcp) = need.hdcp else { return Ok(object(policy)) };
    let no_version = || config.cannot("HDCP 2.3");
    match system {
        System::Widevine => {
            let version = match hdcp {
                Hdcp::V1 => "1.0",
                Hdcp::V2_0 => "2.0",
                // No document was seen to name 2.1; the next is stricter.
                Hdcp::V2_1 | Hdcp::V2_2 => "2.2",
                Hdcp::V2_3 => return Err(no_version()),
            };
            policy.push(("hdcp", version.into()));
        }
        System::Playready => {
            policy.push(("uncompressed_digital_video_opl", 300.into()));
            if Output::of(hdcp).ok_or_else(no_version)? == Output::Type1 {
                let protection = object(vec![("id", TYPE_RESTRICTION.into()), ("config_data", TYPE_1.into())]);
                policy.push(("digital_video_output_protections", vec![protection].into()));
            }
        }
        System::Fairplay => {
            let output = match Output::of(hdcp).ok_or_else(no_version)? {
                Output::Type0 => "TYPE0",
                Output::Type1 => "TYPE1_STRICT",
            };
            policy.push(("hdcp", output.into()));
        }
    }
    Ok(object(policy))
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
