//! What a viewer's token grants: one file per kind of token, behind [`Kind`].

mod admin;
pub mod cat;
mod claims;
pub mod cloudfront;
mod compact;
mod config;
pub mod edgeauth;
mod glob;
pub mod jwks;
pub mod jwt;
mod keys_error;
mod mapping;
mod minted;
mod presented;
mod provider;
mod public_key;
mod rsa_pss;
mod spki;
mod strict;
#[cfg(test)]
mod testing;
mod url;
mod viewer_keys;

pub use admin::AdminConfig;
pub use config::{Algorithm, IssuersConfig, JwksConfig, ViewerConfig, ViewerKeyConfig};
pub use mapping::{Claim, ClaimsConfig, Required};
pub use presented::{GrantError, Kind, Lookup, Presented};

use crate::{ClientFacts, Net, Unix};

/// What the operator's account system says of a viewer, taken from a verified token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Whose it is.
    pub account: Account,
    /// The tier of subscription; empty where the token names none.
    pub tier: String,
    /// The titles that it covers; `None` for all that the tier does.
    pub titles: Option<Vec<String>>,
    /// When it ends, not included. No session outlives it.
    pub ends: Unix,
    /// The device that it was given to, where it was given to one.
    pub device: Option<String>,
    /// The class of that device (`tv`, `mobile`, …), in the account system's words; `None` where the token does not say. Never taken from `User-Agent`,
    /// which anybody can set.
    pub device_class: Option<String>,
    /// The network that it is bound to; leases and handles are bound to the same. `None` where it is not bound.
    pub net: Option<Net>,
    /// How many sessions the account may have at a time; `None` where the title's limit alone counts.
    pub stream_limit: Option<u32>,
    /// Whether licences may be stored on the viewer's device, where the title allows it.
    pub persistent: bool,
    /// When it was issued, where it says so.
    pub issued: Option<Unix>,
    /// The places that it may be used in: ISO 3166-1 alpha-2 countries (`DE`) and ISO 3166-2 subdivisions (`US-CA`); `None` for any.
    pub places: Option<Vec<String>>,
    /// What keeps it from being shown twice.
    pub replay: Option<Replay>,
    /// The same grant for longer, to be handed to the viewer.
    pub renewal: Option<Renewal>,
    /// The key that it was signed with, by its name: the `kid` of a JWT, CloudFront's Key-Pair-Id, and as the configuration writes them the `kid` of a
    /// Common Access Token and the secret of an EdgeAuth token. What the edge's denylist goes by.
    pub signed_by: String,
}

/// Whose a grant is. It goes no further than [`crate::AccountId::derive`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Account {
    /// An account of the operator's, by its name.
    Named(String),
    /// Nobody in particular: whoever holds the token, of which this is the SHA-256. Its streams can be counted, those of
    /// its viewer cannot, who may have many tokens; so it opens no title that has a stream limit.
    Token([u8; 32]),
}

/// A grant that counts once, or that is to be noticed when it comes again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay {
    /// SHA-256 of what names it.
    pub id: [u8; 32],
    /// Until when it must be remembered: its own end.
    pub until: Unix,
    /// Whether coming again refuses it; otherwise it is only written to the log.
    pub refuse: bool,
}

/// A grant's successor, and how the viewer gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renewal {
    /// The token.
    pub token: String,
    /// `None`: a response header of the name; else a cookie of the name, with these attributes (`Path=/; Secure; …`).
    pub cookie: Option<String>,
    /// The header's or the cookie's name.
    pub name: String,
}

impl Grant {
    /// A grant to an account until then, signed with that key, which says no more.
    pub(crate) fn plain(account: Account, ends: Unix, signed_by: &str) -> Self {
        Self {
            account,
            tier: String::new(),
            titles: None,
            ends,
            device: None,
            device_class: None,
            stream_limit: None,
            persistent: false,
            issued: None,
            net: None,
            places: None,
            replay: None,
            renewal: None,
            signed_by: signed_by.to_owned(),
        }
    }

    /// Whether it covers that title.
    pub fn allows(&self, title: &str) -> bool {
        self.titles.as_ref().is_none_or(|titles| titles.iter().any(|covered| covered == title))
    }

    /// Whether it may be used where the client is. A fact that is needed and not known is not met.
    pub fn admits(&self, client: &ClientFacts) -> bool {
        let country = client.country.as_ref().map(|code| code.as_slice());
        let region = client.region.map(|region| region.to_string());
        let here = |place: &String| Some(place.as_bytes()) == country || Some(place) == region.as_ref();
        self.net.is_none_or(|net| net.holds(client))
            && self.places.as_ref().is_none_or(|places| places.iter().any(here))
    }
}
