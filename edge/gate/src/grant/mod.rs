//! What a viewer's token grants.

mod admin;
mod claims;
mod config;
pub mod jwt;
mod provider;
mod public_key;
mod spki;
mod strict;

pub use admin::AdminConfig;
pub use config::{Algorithm, ViewerConfig, ViewerKeyConfig};

use crate::Unix;

/// What the operator's account system says of a viewer, taken from a verified token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The account's name. It goes no further than [`crate::AccountId::derive`].
    pub account: String,
    /// The tier of subscription; empty where the token names none.
    pub tier: String,
    /// The titles that it covers; `None` for all that the tier does.
    pub titles: Option<Vec<String>>,
    /// When it was issued, where it says so: what a revocation of the account compares with.
    pub issued: Option<Unix>,
    /// When it ends, not included. No session outlives it.
    pub ends: Unix,
    /// The device that it was given to, where it was given to one.
    pub device: Option<String>,
    /// How many sessions the account may have at a time; `None` where the title's limit alone counts.
    pub stream_limit: Option<u32>,
}

impl Grant {
    /// Whether it covers that title.
    pub fn allows(&self, title: &str) -> bool {
        self.titles.as_ref().is_none_or(|titles| titles.iter().any(|covered| covered == title))
    }
}
