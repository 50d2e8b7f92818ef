//! What a title's rights holder allows: the `rights` object of `descriptor.json`.
//!
//! Everything fails closed: an absent state is unpublished, a field or value that this build does not
//! know makes the whole object unreadable, and an unknown country is refused wherever countries matter.

mod country;
mod tier;
mod window;

use serde::{Deserialize, Deserializer, Serialize, de};
use sluice_document::words;

pub use country::{Countries, Country, CountryError, CountrySet};
pub use tier::Tier;
pub use window::Window;

use crate::{Deny, Unix};

/// A title's rights.
///
/// ```json
/// {"state":"published",
///  "windows":[{"from":1764547200,"until":1796083200}],
///  "countries":{"allow":["AT","CH","DE"]},
///  "tiers":[{"name":"basic","max_height":720},{"name":"premium"}],
///  "stream_limit":2,"store_down":"refuse"}
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rights {
    /// Whether the title is offered at all.
    #[serde(default)]
    pub state: State,
    /// When it is offered; empty for always.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub windows: Vec<Window>,
    /// Where it is offered; `None` for everywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub countries: Option<Countries>,
    /// To whom it is offered; empty for every tier, without a cap.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "tier::unique")]
    pub tiers: Vec<Tier>,
    /// How many sessions of the title an account may have at a time; `None` for no limit by the title.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "at_least_one")]
    pub stream_limit: Option<u32>,
    /// What becomes of a new session while the store cannot be asked.
    #[serde(default, skip_serializing_if = "StoreDown::is_default")]
    pub store_down: StoreDown,
    /// How the title came to be approved, for people and for audits; not interpreted here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<serde_json::Map<String, serde_json::Value>>,
}

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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts<'a> {
    /// The time.
    pub now: Unix,
    /// The client's country, ISO 3166-1 alpha-2; `None` where it is not known.
    pub country: Option<&'a str>,
    /// The tier of the viewer's grant.
    pub tier: &'a str,
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
    /// As [`Rights::available`], and [`Deny::NotEntitled`] where the viewer's tier is not listed.
    pub fn authorize(&self, facts: &Facts<'_>) -> Result<Permit, Deny> {
        let ends = self.available(facts.now, facts.country)?;
        let max_height = match self.tiers.as_slice() {
            [] => None,
            tiers => tiers.iter().find(|tier| tier.name == facts.tier).ok_or(Deny::NotEntitled)?.max_height,
        };
        Ok(Permit { ends, max_height })
    }

    /// Whether the title is offered now and there, to whomever; and when the window closes.
    ///
    /// # Errors
    /// In this order: [`Deny::UnknownTitle`] where it is not published, [`Deny::GeoBlocked`] where it is
    /// restricted by country and the country is refused or unknown, [`Deny::RightsWindow`] outside of every window.
    pub fn available(&self, now: Unix, country: Option<&str>) -> Result<Option<Unix>, Deny> {
        if self.state != State::Published {
            return Err(Deny::UnknownTitle);
        }
        if let Some(countries) = &self.countries {
            // A code that is no country is as good as none.
            let country = country.and_then(|code| Country::parse(code).ok());
            if !country.is_some_and(|country| countries.admit(country)) {
                return Err(Deny::GeoBlocked);
            }
        }
        if self.windows.is_empty() { Ok(None) } else { window::end(&self.windows, now).ok_or(Deny::RightsWindow) }
    }
}

fn at_least_one<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    match Option::deserialize(deserializer)? {
        Some(0) => Err(de::Error::custom("a stream_limit is at least 1; to offer the title to nobody, unpublish it")),
        limit => Ok(limit),
    }
}

#[cfg(test)]
mod tests;
