//! DoveRunner's multi-DRM, PallyCon before: its license token with a policy of version 2 ("License Token Guide").

use aes::Aes256;
use base64::{Engine, engine::general_purpose::STANDARD};
use cbc::cipher::{BlockModeEncrypt, KeyIvInit, block_padding::NoPadding};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{
    BACKDATED, Carried, Entitlement, EntitlementError, Hdcp, System, VendorConfig,
    class::Class,
    clock,
    json::{self, object},
    need::{Need, Output},
    template,
};

/// What the policy says of itself, and so no template may.
pub(super) const OWN: &[&str] = &[
    "allowed_track_types",
    "digital_video_protection_level",
    "expire_date",
    "external_key",
    "hdcp_enforcement",
    "license_duration",
    "persistent",
    "playback_duration",
    "policy_version",
    "rental_duration",
    "require_hdcp_type_1",
    "required_hdcp_version",
    "security_level",
    "security_policy",
    "track_type",
];

/// The guide's, the same for all: a policy needs not be kept from who reads two.
const IV: &[u8; 16] = b"0123456789abcdef";
/// The longest content id, bytes.
const MAX_CONTENT: usize = 200;

pub(super) fn token(
    config: &VendorConfig,
    site_key: &[u8],
    access_key: &[u8],
    entitlement: &Entitlement<'_>,
) -> Result<Vec<Carried>, EntitlementError> {
    let site_key: &[u8; 32] =
        site_key.trim_ascii().try_into().map_err(|_| config.malformed("a site key of 32 characters"))?;
    let Entitlement { now, restrictions, .. } = *entitlement;

    let playback = object(vec![
        ("persistent", restrictions.persistent.into()),
        ("license_duration", restrictions.seconds.into()),
        ("allowed_track_types", allowed(config, entitlement)?.into()),
    ]);
    let policy = object(vec![
        ("policy_version", 2.into()),
        ("playback_policy", playback),
        ("security_policy", security(config, entitlement)?),
    ]);
    let policy = seal(site_key, &json::text(&template::under(&config.template, policy, entitlement)));

    let system = match entitlement.system {
        System::Widevine => "Widevine",
        System::Playready => "PlayReady",
        System::Fairplay => "FairPlay",
    };
    let site = config.tenant.as_deref().unwrap_or_default();
    let (user, content) = (template::fill(&config.user, entitlement), template::fill(&config.content, entitlement));
    if content.len() > MAX_CONTENT {
        return Err(config.cannot("a content id of more than 200 bytes"));
    }
    let timestamp = clock::utc(now.saturating_sub(BACKDATED));
    let hash = digest(access_key.trim_ascii(), [system, site, &user, &content, &policy, &timestamp]);
    let token = object(vec![
        ("drm_type", system.into()),
        ("site_id", site.into()),
        ("user_id", user.into()),
        ("cid", content.into()),
        ("policy", policy.into()),
        ("timestamp", timestamp.into()),
        ("hash", hash.into()),
        ("response_format", "original".into()),
        ("key_rotation", config.key_rotation.into()),
    ]);
    Ok(vec![Carried::Header { name: "pallycon-customdata-v2", value: STANDARD.encode(json::text(&token)) }])
}

/// AES-256-CBC with PKCS #7 padding (RFC 5652, 6.3), base64.
pub(super) fn seal(key: &[u8; 32], policy: &str) -> String {
    let mut padded = policy.as_bytes().to_vec();
    let padding = 16 - padded.len() % 16;
    padded.resize(padded.len() + padding, padding as u8);
    let length = padded.len();
    let encryptor = cbc::Encryptor::<Aes256>::new(key.into(), IV.into());
    encryptor.encrypt_padded::<NoPadding>(&mut padded, length).expect("whole blocks need no padding");
    STANDARD.encode(padded)
}

/// SHA-256 over the access key and what the token says, base64.
pub(super) fn digest(access_key: &[u8], said: [&str; 6]) -> String {
    let start = Sha256::new().chain_update(access_key);
    STANDARD.encode(said.iter().fold(start, |digest, part| digest.chain_update(part)).finalize())
}

/// The classes of tracks whose keys are given, where the title has keys of others.
fn allowed(config: &VendorConfig, entitlement: &Entitlement<'_>) -> Result<Option<&'static str>, EntitlementError> {
    if entitlement.others.is_empty() {
        return Ok(None);
    }
    if !entitlement.is_classed() {
        return Err(config.cannot("some of a title's keys"));
    }
    let given = entitlement.keys.iter().filter_map(|key| key.class).max();
    let refused = entitlement.others.iter().filter_map(|key| key.class).min();
    let types = match given {
        Some(Class::Sd) => "SD_ONLY",
        Some(Class::Hd) => "SD_HD",
        Some(Class::Uhd1) => "SD_UHD1",
        _ => return Err(config.cannot("some of a title's keys")),
    };
    if refused > given { Ok(Some(types)) } else { Err(config.cannot("some of a title's keys")) }
}

/// A policy for each class of track where keys differ and classes tell them apart; else one for all, as strict as the strictest; null where there
/// is nothing to say.
fn security(config: &VendorConfig, entitlement: &Entitlement<'_>) -> Result<Value, EntitlementError> {
    let all = config.strictest(entitlement, entitlement.keys.iter());
    // Key periods have keys of their own for the same pictures.
    let mut kinds: Vec<(Class, Option<u32>)> = Vec::new();
    for key in entitlement.keys.iter().chain(entitlement.others) {
        let kind = (key.class.unwrap_or(Class::Uhd2), key.max_height);
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    let of = |class: Class| kinds.iter().filter(move |kind| kind.0 == class);
    let one = kinds.iter().filter(|(class, _)| *class != Class::Audio).count() == 1;
    let apart = (one || entitlement.is_classed()) && Class::ALL.into_iter().all(|class| of(class).count() <= 1);
    let mut policies: Vec<(&'static str, Need)> = Vec::new();
    if !apart || entitlement.keys.iter().all(|key| config.need(entitlement, key) == all) {
        policies.push(("ALL", all));
    } else {
        for &(class, height) in Class::ALL.into_iter().flat_map(of) {
            let mut keys = entitlement.keys.iter().filter(|key| key.max_height == height).peekable();
            // The one key for all pictures may be called by any name.
            let name = if one && class != Class::Audio { "ALL_VIDEO" } else { class.as_str() };
            if keys.peek().is_some() {
                policies.push((name, config.strictest(entitlement, keys)));
            }
        }
    }
    let mut security: Vec<Value> = Vec::new();
    for (tracks, need) in policies {
        let rules = rules(config, entitlement.system, need)?;
        if !rules.is_empty() || !config.policy.is_empty() {
            let made = object(vec![("track_type", tracks.into()), (entitlement.system.as_str(), object(rules))]);
            security.push(template::under(&config.policy, made, entitlement));
        }
    }
    Ok(if security.is_empty() { Value::Null } else { security.into() })
}

fn rules(config: &VendorConfig, system: System, need: Need) -> Result<Vec<(&'static str, Value)>, EntitlementError> {
    let mut rules = Vec::new();
    let mut say = |name: &'static str, value: Value| rules.push((name, value));
    if let Some(level) = need.security_level {
        match system {
            System::Widevine => say("security_level", (level as u8 + 1).into()),
            System::Playready => say("security_level", level.playready().into()),
            System::Fairplay => return Err(config.cannot("a security level for FairPlay")),
        };
    }
    let Some(hdcp) = need.hdcp else { return Ok(rules) };
    let output = || Output::of(hdcp).ok_or_else(|| config.cannot("HDCP 2.3"));
    match system {
        System::Widevine => {
            let version = match hdcp {
                Hdcp::V1 => "HDCP_V1",
                Hdcp::V2_0 => "HDCP_V2",
                Hdcp::V2_1 => "HDCP_V2_1",
                Hdcp::V2_2 => "HDCP_V2_2",
                Hdcp::V2_3 => "HDCP_V2_3",
            };
            say("required_hdcp_version", version.into());
        }
        System::Playready => {
            say("digital_video_protection_level", 300.into());
            say("require_hdcp_type_1", (output()? == Output::Type1).into());
        }
        System::Fairplay => {
            say("hdcp_enforcement", u8::from(output()? == Output::Type1).into());
        }
    }
    Ok(rules)
}
