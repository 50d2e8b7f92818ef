use serde::de;
use serde_json::{Map, Value};
use sluice_document::{members, words};

use super::{Carried, Entitlement, EntitlementError, Hdcp, SecurityLevel, axinom, drmtoday, ezdrm, pallycon, template};

/// Whose licence server is told what it may give, and how: a `vendor` object of the edge's configuration.
///
/// ```json
/// {"vendor":"axinom","key_id":"cc36e85d-2fdf-462c-b395-030907447afc","key":"axinom_communication_key",
///  "policy":{"playready":{"play_enablers":["786627D8-C2A6-44BE-8F88-08AE255B01A7"]}}}
/// {"vendor":"drmtoday","tenant":"00112233-4455-6677-8899-aabbccddeeff","key_id":"…","key":"drmtoday_secret","template":{"ref":[":uhd"]},
///  "ensures":{"hdcp":"2.2","security_level":"hardware_decode"}}
/// {"vendor":"pallycon","tenant":"ABCD","key":"pallycon_site_key","access_key":"pallycon_access_key"}
/// {"vendor":"ezdrm","callback":true}
/// ```
///
/// In `content`, `user`, `template` and `policy`, `{title}`, `{session}` and `{account}` are replaced.
#[derive(Clone, Debug, PartialEq)]
pub struct VendorConfig {
    /// The vendor.
    pub vendor: Vendor,
    /// The name of the secret that tokens are made with. Axinom: the communication key, base64. DRMtoday: a shared secret, hex digits. PallyCon: the site key, 32 characters.
    pub key: Option<String>,
    /// How the vendor calls that key. Axinom: the communication key's id. DRMtoday: the shared secret's.
    pub key_id: Option<String>,
    /// PallyCon: the name of the secret that is the site's access key.
    pub access_key: Option<String>,
    /// The operator's name at the vendor. DRMtoday: the merchant (organization). PallyCon: the site id.
    pub tenant: Option<String>,
    /// DRMtoday, PallyCon: the title's name at the vendor.
    pub content: String,
    /// DRMtoday, PallyCon: the viewer's name at the vendor.
    pub user: String,
    /// Members of the vendor's message that are always the same. What it says of licences' life, persistence and keys it may not say here.
    pub template: Map<String, Value>,
    /// Axinom, PallyCon: members of each key's policy that are always the same.
    pub policy: Map<String, Value>,
    /// What the vendor's licences are restricted to without being told: by `template`, by the account, or by all devices of the key system.
    pub ensures: Ensures,
    /// DRMtoday, EZDRM: the vendor asks the operator before it gives a licence, and is answered with what `POST /v1/entitlements` says. It is told nothing else.
    pub callback: bool,
    /// EZDRM: the parameter of the licence URL that is passed on to the operator's authorization URL.
    pub parameter: String,
    /// PallyCon: whether the title's keys rotate.
    pub key_rotation: bool,
}

members!(deny VendorConfig then check {
    vendor,
    key = None,
    key_id = None,
    access_key = None,
    tenant = None,
    content = "{title}".to_owned(),
    user = "{account}".to_owned(),
    template = Map::new(),
    policy = Map::new(),
    ensures = Ensures::default(),
    callback = false,
    parameter = "CustomData".to_owned(),
    key_rotation = false,
});

/// What holds for all of a vendor's licences.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ensures {
    /// The least protection of outputs.
    pub hdcp: Option<Hdcp>,
    /// The least protection on the device.
    pub security_level: Option<SecurityLevel>,
}

members!(deny Ensures { hdcp = None, security_level = None });

/// A vendor of licences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vendor {
    /// Axinom DRM.
    Axinom,
    /// EZDRM.
    Ezdrm,
    /// castLabs DRMtoday.
    Drmtoday,
    /// BuyDRM's KeyOS: refused, since its authentication XML is signed with RSA, and no implementation of that here takes the same time whatever the key.
    Keyos,
    /// DoveRunner's multi-DRM, PallyCon before.
    Pallycon,
}

words!(Vendor {
    Axinom => "axinom",
    Ezdrm => "ezdrm",
    Drmtoday => "drmtoday",
    Keyos => "keyos",
    Pallycon => "pallycon",
});

/// What each vendor needs and knows: which members, and which names its messages keep to themselves.
fn check<E: de::Error>(config: &VendorConfig) -> Result<(), E> {
    let VendorConfig { vendor, callback, .. } = *config;
    let (needs, own): (&[&str], &[&str]) = match vendor {
        Vendor::Axinom => (&["key", "key_id"], axinom::OWN),
        Vendor::Drmtoday if callback => (&["tenant"], drmtoday::OWN),
        Vendor::Drmtoday => (&["tenant", "key", "key_id"], drmtoday::OWN),
        Vendor::Pallycon => (&["tenant", "key", "access_key"], pallycon::OWN),
        Vendor::Ezdrm => (&[], ezdrm::OWN),
        Vendor::Keyos => {
            return Err(E::custom(
                "keyos is not served: its authentication XML is signed with RSA, and the private operation cannot be made in constant time at the edge",
            ));
        }
    };
    let vendor = vendor.as_str();
    let asks = matches!(config.vendor, Vendor::Drmtoday | Vendor::Ezdrm);
    if callback && !asks {
        return Err(E::custom(format_args!("{vendor} asks nobody before it gives a licence; leave callback out")));
    }
    if config.vendor == Vendor::Ezdrm && !callback {
        return Err(E::custom(
            "ezdrm is told what a licence is restricted to by an authorization URL only: answer it with what POST /v1/entitlements says, and set callback",
        ));
    }
    let given = [
        ("key", &config.key),
        ("key_id", &config.key_id),
        ("access_key", &config.access_key),
        ("tenant", &config.tenant),
    ];
    for (name, value) in given {
        match (needs.contains(&name), value.as_deref()) {
            (true, None | Some("")) => return Err(E::custom(format_args!("{vendor} needs {name}"))),
            (false, Some(_)) => return Err(E::custom(format_args!("{vendor} has no {name}"))),
            _ => {}
        }
    }
    if !config.policy.is_empty() && asks {
        return Err(E::custom(format_args!("{vendor} has no policy for each key")));
    }
    for members in [&config.template, &config.policy] {
        if let Some(name) = template::says(members, own) {
            return Err(E::custom(format_args!("{name} is not {vendor}'s template's to say")));
        }
    }
    Ok(())
}

impl VendorConfig {
    /// The names of the secrets that [`VendorConfig::token`] asks for.
    pub fn secret_names(&self) -> impl Iterator<Item = &str> {
        [&self.key, &self.access_key].into_iter().filter_map(|name| name.as_deref())
    }

    /// What the vendor's licence server is to be told. `secret` gives a secret by its name in the configuration; `random` is fresh for each call.
    ///
    /// # Errors
    /// [`EntitlementError`]: no licence is to be asked for.
    pub fn token<'s>(
        &self,
        secret: impl Fn(&str) -> Option<&'s [u8]>,
        entitlement: &Entitlement<'_>,
        random: [u8; 16],
    ) -> Result<Vec<Carried>, EntitlementError> {
        if entitlement.keys.is_empty() || entitlement.restrictions.seconds == 0 {
            return Err(EntitlementError::Nothing);
        }
        let find = |name: &Option<String>| {
            let name = name.as_deref().unwrap_or_default();
            secret(name).ok_or_else(|| EntitlementError::Secret { name: name.to_owned(), form: "deployed" })
        };
        match self.vendor {
            Vendor::Drmtoday if self.callback => return Ok(drmtoday::custom_data(self, entitlement)),
            Vendor::Ezdrm if self.callback => return Ok(ezdrm::custom_data(self, entitlement)),
            _ => self.within_height(entitlement)?,
        }
        match self.vendor {
            Vendor::Axinom => axinom::token(self, find(&self.key)?, entitlement, random),
            Vendor::Drmtoday => drmtoday::token(self, find(&self.key)?, entitlement, random),
            Vendor::Pallycon => pallycon::token(self, find(&self.key)?, find(&self.access_key)?, entitlement),
            Vendor::Ezdrm | Vendor::Keyos => Err(self.cannot("anything")),
        }
    }

    /// The secret that tokens are made with is not of its form.
    pub(super) fn malformed(&self, form: &'static str) -> EntitlementError {
        EntitlementError::Secret { name: self.key.clone().unwrap_or_default(), form }
    }
}

impl Vendor {
    /// The word of the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Axinom => "axinom",
            Self::Ezdrm => "ezdrm",
            Self::Drmtoday => "drmtoday",
            Self::Keyos => "keyos",
            Self::Pallycon => "pallycon",
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Result<VendorConfig, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn a_configuration_has_what_its_vendor_needs_and_nothing_else() {
        for good in [
            r#"{"vendor":"axinom","key":"a","key_id":"b"}"#,
            r#"{"vendor":"drmtoday","tenant":"t","key":"a","key_id":"b","template":{"ref":[":x"],"op":{"config":{}}}}"#,
            r#"{"vendor":"drmtoday","tenant":"t","callback":true}"#,
            r#"{"vendor":"pallycon","tenant":"t","key":"a","access_key":"b","key_rotation":true}"#,
            r#"{"vendor":"ezdrm","callback":true,"parameter":"token"}"#,
        ] {
            assert!(read(good).is_ok(), "{good}");
        }
        for (bad, why) in [
            (r#"{}"#, "vendor"),
            (r#"{"vendor":"acme"}"#, "acme"),
            (r#"{"vendor":"axinom","key":"a"}"#, "axinom needs key_id"),
            (r#"{"vendor":"axinom","key":"","key_id":"b"}"#, "axinom needs key"),
            (r#"{"vendor":"axinom","key":"a","key_id":"b","tenant":"t"}"#, "axinom has no tenant"),
            (r#"{"vendor":"axinom","key":"a","key_id":"b","callback":true}"#, "axinom asks nobody"),
            (r#"{"vendor":"axinom","key":"a","key_id":"b","keys":1}"#, "keys"),
            (r#"{"vendor":"axinom","key":"a","key":"a","key_id":"b"}"#, "duplicate"),
            (r#"{"vendor":"drmtoday","key":"a","key_id":"b"}"#, "drmtoday needs tenant"),
            (r#"{"vendor":"drmtoday","tenant":"t","key":"a","key_id":"b","policy":{"x":1}}"#, "no policy for each key"),
            (r#"{"vendor":"drmtoday","tenant":"t","callback":true,"key":"a"}"#, "drmtoday has no key"),
            (r#"{"vendor":"pallycon","tenant":"t","key":"a"}"#, "pallycon needs access_key"),
            (r#"{"vendor":"ezdrm"}"#, "authorization URL"),
            (r#"{"vendor":"keyos","key":"a","key_id":"b"}"#, "RSA"),
            (r#"{"vendor":"ezdrm","callback":true,"ensures":{"hdcp":"2.4"}}"#, "2.4"),
        ] {
            let error = read(bad).expect_err(bad);
            assert!(error.contains(why), "{bad}: {error}");
        }
    }

    /// A template that said them might loosen what a session may have, or seem to tighten it.
    #[test]
    fn a_template_leaves_to_the_message_what_is_the_messages() {
        let axinom = json!({"vendor": "axinom", "key": "a", "key_id": "b"});
        let drmtoday = json!({"vendor": "drmtoday", "tenant": "t", "key": "a", "key_id": "b"});
        let pallycon = json!({"vendor": "pallycon", "tenant": "t", "key": "a", "access_key": "b"});
        for (vendor, place, template) in [
            (&axinom, "template", json!({"license": {"widevine": {"allow_persistence": true}}})),
            (&axinom, "template", json!({"license": {"fairplay": {"duration": 1}}})),
            (&axinom, "template", json!({"x": [{"content_keys_source": {}}]})),
            (&axinom, "policy", json!({"widevine": {"hdcp": "1.0"}})),
            (&drmtoday, "template", json!({"storeLicense": true})),
            (&pallycon, "template", json!({"playback_policy": {"persistent": true}})),
            (&pallycon, "policy", json!({"widevine": {"security_level": 1}})),
        ] {
            let mut config = vendor.clone();
            config[place] = template.clone();
            let error = serde_json::from_value::<VendorConfig>(config).expect_err("refused").to_string();
            assert!(error.contains("template's to say"), "{template}: {error}");
        }
    }
}
