use serde::de;
use serde_json::{Map, Value};
use sluice_document::{members, words};

use super::{Carried, Entitlement, EntitlementError};

/// Whose licence server is told, and how: a key system's `vendor` member of the edge's configuration.
///
/// ```json
/// {"vendor":"axinom","key_id":"cc36e85d-2fdf-462c-b395-030907447afc","key":"axinom_communication_key"}
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct VendorConfig {
    /// The vendor.
    pub vendor: Vendor,
    /// The name of the secret that tokens are signed with.
    pub key: Option<String>,
    /// How the vendor calls that key.
    pub key_id: Option<String>,
    /// The name of a second secret, where the vendor has two.
    pub access_key: Option<String>,
    /// The operator's name at the vendor: DRMtoday's merchant, PallyCon's site id.
    pub tenant: Option<String>,
    /// The title's name at the vendor. `{title}`, `{session}` and `{account}` in it are replaced.
    pub content: String,
    /// The viewer's name at the vendor; the same placeholders.
    pub user: String,
    /// Members of the vendor's message that are always the same; what a licence is restricted to goes before them. The same placeholders in its texts.
    pub template: Map<String, Value>,
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
});

/// A vendor of licences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vendor {
    /// Axinom DRM.
    Axinom,
    /// EZDRM.
    Ezdrm,
    /// castLabs DRMtoday.
    Drmtoday,
    /// BuyDRM's KeyOS.
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

fn check<E: de::Error>(_config: &VendorConfig) -> Result<(), E> {
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
        let _ = (secret, random);
        if entitlement.keys.is_empty() || entitlement.restrictions.seconds == 0 {
            return Err(EntitlementError::Nothing);
        }
        Err(EntitlementError::CannotExpress { vendor: self.vendor.as_str(), what: "anything yet" })
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
