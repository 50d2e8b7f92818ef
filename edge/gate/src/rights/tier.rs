use serde::{Serialize, de};
use sluice_document::members;

/// A tier of subscription to which a title is offered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tier {
    /// Its name, as the viewers' grants say it.
    pub name: String,
    /// The highest picture that it gets, in pixels; `None` for no cap.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_height: Option<u32>,
}

members!(deny Tier { name, max_height = None });

/// Tiers with names, each named once, none capped to nothing.
pub(super) fn check<E: de::Error>(tiers: &[Tier]) -> Result<(), E> {
    for (at, tier) in tiers.iter().enumerate() {
        if tier.name.is_empty() {
            return Err(E::custom("a tier has no name"));
        }
        if tier.max_height == Some(0) {
            return Err(E::custom(format_args!("tier {:?} has max_height 0; leave the tier out", tier.name)));
        }
        if tiers[..at].iter().any(|earlier| earlier.name == tier.name) {
            return Err(E::custom(format_args!("tier {:?} is listed twice", tier.name)));
        }
    }
    Ok(())
}
