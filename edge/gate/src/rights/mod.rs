//! What a title's rights holder allows: the `rights` object of `descriptor.json` (schema in `edge/app/descriptor.schema.json`).
//!
//! Everything fails closed: an absent state is unpublished, a field or value that this build does not
//! know makes the whole object unreadable, and a fact about the viewer that is not known is refused wherever it matters.
//!
//! Who may not for several reasons is told the first of these, so that nothing is learnt of a title that is not there:
//! 1. not published, withdrawn, or still under embargo: unknown;
//! 2. the country or the region;
//! 3. a network that hides where the viewer is;
//! 4. outside of every window;
//! 5. the class of device;
//! 6. the tier.

mod country;
mod device;
mod license;
mod listed;
mod place;
mod region;
mod tier;
mod window;

use serde::{Serialize, de};
use sluice_document::{members, words};

pub use country::{Country, CountryError};
pub use device::Devices;
pub use license::{LicenseTerms, Restriction};
pub use listed::Listed;
pub use region::{Region, RegionError};
pub use tier::Tier;
pub use window::Window;

use crate::{ClientFacts, Deny, Unix};

/// A title's rights.
///
/// ```json
/// {"state":"published",
///  "embargo":1764547200,
///  "windows":[{"from":1764547200,"until":1796083200}],
///  "countries":{"allow":["AT","CH","DE","US"]},
///  "regions":{"deny":["US-UT"]},
///  "anonymizers":"refuse",
///  "devices":{"allow":["tv","mobile"]},
///  "tiers":[{"name":"basic","max_height":720},{"name":"premium"}],
///  "stream_limit":2,"store_down":"refuse",
///  "license":{"seconds":86400,"restrictions":[{"above_height":1080,"hdcp":"2.2"}]}}
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Rights {
    /// Whether the title is offered at all.
    pub state: State,
    /// Before that time nobody learns that the title exists; `None` for no embargo.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embargo: Option<Unix>,
    /// When it is offered; empty for always.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub windows: Vec<Window>,
    /// Where it is offered; `None` for everywhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub countries: Option<Listed<Country>>,
    /// Where within countries it is offered. A list restricts the countries of which it names regions: of those, `allow` admits the named ones alone, `deny`
    /// all others, and neither admits an unknown one. With `allow`, countries of which it names none are open only if `countries` allows them by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub regions: Option<Listed<Region>>,
    /// Whether it is offered through networks that hide where the viewer is.
    #[serde(skip_serializing_if = "Anonymizers::is_allow")]
    pub anonymizers: Anonymizers,
    /// On which classes of device it is offered; `None` for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub devices: Option<Devices>,
    /// To whom it is offered; empty for every tier, without a cap.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tiers: Vec<Tier>,
    /// How many sessions of the title an account may have at a time; `None` for no limit by the title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream_limit: Option<u32>,
    /// Whether the viewer's token has to stand in the URL of the manifest, of every segment and of the licence, as DASH-IF's Enhanced Clear Key Content
    /// Protection (ECCP) wants it: a cookie or a header then opens none of them.
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    pub url_tokens_only: bool,
    /// What becomes of a new session while the store cannot be asked.
    #[serde(skip_serializing_if = "StoreDown::is_default")]
    pub store_down: StoreDown,
    /// What its licences are bound to.
    #[serde(skip_serializing_if = "LicenseTerms::is_default")]
    pub license: LicenseTerms,
    /// How the title came to be approved, for people and for audits; not interpreted here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval: Option<serde_json::Map<String, serde_json::Value>>,
}

members!(deny Rights then consistent {
    state = State::default(),
    embargo = None,
    windows = Vec::new(),
    countries = None,
    regions = None,
    anonymizers = Anonymizers::Allow,
    devices = None,
    tiers = Vec::new(),
    stream_limit = None,
    url_tokens_only = false,
    store_down = StoreDown::Refuse,
    license = LicenseTerms::default(),
    approval = None,
});

/// Whether a title is offered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// Offered, within the other rights.
    Published,
    /// Not offered (yet, or for now).
    #[default]
    Unpublished,
    /// Withdrawn for good.
    Tombstoned,
}

words!(State { Published => "published", Unpublished => "unpublished", Tombstoned => "tombstoned" });

/// Whether a title is offered through VPNs, proxies, Tor and hosting, as the platform tells them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Anonymizers {
    /// It is.
    #[default]
    Allow,
    /// It is not, nor where the platform does not tell.
    Refuse,
}

words!(Anonymizers { Allow => "allow", Refuse => "refuse" });

impl Anonymizers {
    fn is_allow(&self) -> bool {
        *self == Self::Allow
    }
}

/// What becomes of a new session while the store cannot be asked whether the account has room for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StoreDown {
    /// It is refused.
    #[default]
    Refuse,
    /// It is admitted for one lease life, uncounted and without renewal.
    Admit,
}

words!(StoreDown { Refuse => "refuse", Admit => "admit" });

impl StoreDown {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
    fn is_default(&self) -> bool {
        *self == Self::Refuse
    }
}

/// What the rights are held against.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The time.
    pub now: Unix,
    /// What is known of the client.
    pub client: &'a ClientFacts,
    /// The tier of the viewer's grant.
    pub tier: &'a str,
    /// The class of device that the viewer's grant was given to; `None` where it does not say.
    pub device_class: Option<&'a str>,
}

/// What the rights allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permit {
    /// When the rights window closes, not included; `None` for never.
    pub ends: Option<Unix>,
    /// The highest picture for the viewer's tier, in pixels; `None` for no cap.
    pub max_height: Option<u32>,
}

impl Rights {
    /// Whether a viewer may watch now.
    ///
    /// # Errors
    /// As [`Rights::available`], then [`Deny::DeviceClass`] where the device's class is not listed or not known, and [`Deny::NotEntitled`] where the viewer's
    /// tier is not listed.
    pub fn authorize(&self, facts: &Facts<'_>) -> Result<Permit, Deny> {
        let ends = self.available(facts.now, facts.client)?;
        if self.devices.as_ref().is_some_and(|devices| !devices.admit(facts.device_class)) {
            return Err(Deny::DeviceClass);
        }
        let max_height = match self.tiers.as_slice() {
            [] => None,
            tiers => tiers.iter().find(|tier| tier.name == facts.tier).ok_or(Deny::NotEntitled)?.max_height,
        };
        Ok(Permit { ends, max_height })
    }

    /// Whether the title is offered now and there, to whomever; and when the window closes.
    ///
    /// # Errors
    /// In this order: [`Deny::UnknownTitle`] where it is not published or under embargo, [`Deny::GeoBlocked`] where it is
    /// restricted by country or region and that is refused or unknown, [`Deny::Anonymizer`] where it refuses networks that hide their users and the
    /// client's is one or may be, [`Deny::RightsWindow`] outside of every window.
    pub fn available(&self, now: Unix, client: &ClientFacts) -> Result<Option<Unix>, Deny> {
        if self.state != State::Published || self.embargo.is_some_and(|embargo| now < embargo) {
            return Err(Deny::UnknownTitle);
        }
        place::admit(self.countries.as_ref(), self.regions.as_ref(), client)?;
        if self.anonymizers == Anonymizers::Refuse && client.anonymizer != Some(false) {
            return Err(Deny::Anonymizer);
        }
        if self.windows.is_empty() { Ok(None) } else { window::end(&self.windows, now).ok_or(Deny::RightsWindow) }
    }

    /// The client's region, where the title's regions decide: a handle is bound to it then, as it is to the country.
    pub fn deciding_region(&self, client: &ClientFacts) -> Option<Region> {
        let regions = self.regions.as_ref()?;
        client.region.filter(|region| place::names(regions, region.country()))
    }

    /// Whether who may watch depends on the viewer's country.
    pub fn needs_country(&self) -> bool {
        self.countries.is_some() || self.regions.is_some()
    }
}

/// What the members alone do not tell.
fn consistent<E: de::Error>(rights: &Rights) -> Result<(), E> {
    tier::check(&rights.tiers)?;
    if rights.stream_limit == Some(0) {
        return Err(E::custom("a stream_limit is at least 1; to offer the title to nobody, unpublish it"));
    }
    match place::contradiction(rights.countries.as_ref(), rights.regions.as_ref()) {
        Some(region) => Err(E::custom(format_args!(
            "regions allows {region}, and countries does not admit {}: allow both, or leave the region out",
            region.country()
        ))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
