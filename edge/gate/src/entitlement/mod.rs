//! What a licence server is told of a viewer: the vendors' entitlement tokens, made at the edge when a licence is asked for.
//!
//! A token says which keys, on what conditions, for how long. What a vendor's token has no words for is refused ([`EntitlementError::CannotExpress`]),
//! never left out.

mod axinom;
mod class;
mod clock;
mod config;
mod drmtoday;
mod ezdrm;
mod json;
mod jws;
mod need;
mod pallycon;
mod restrictions;
mod template;
mod uuid;

use core::fmt;

use sluice_document::words;

pub use class::Class;
pub use config::{Ensures, Vendor, VendorConfig};
pub use restrictions::{Hdcp, Restrictions, SecurityLevel};

use crate::Unix;

/// For how long a token is good, seconds: it is sent at once.
const TOKEN_SECONDS: u64 = 60;
/// By how much the vendor's clock may be behind the edge's, seconds: a token begins that much earlier.
const BACKDATED: u64 = 10;

/// A key system whose licences a vendor's server makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum System {
    /// Google Widevine.
    Widevine,
    /// Microsoft PlayReady.
    Playready,
    /// Apple FairPlay Streaming.
    Fairplay,
}

words!(System { Widevine => "widevine", Playready => "playready", Fairplay => "fairplay" });

impl System {
    /// The word of the routes and of the key policy.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Widevine => "widevine",
            Self::Playready => "playready",
            Self::Fairplay => "fairplay",
        }
    }
}

/// A content key that the session may have, and what it needs beyond the licence's [`Restrictions`]: the stricter counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// The key id, in the byte order of `tenc`.
    pub kid: [u8; 16],
    /// The tallest picture that it opens, in pixels; `None` where it opens none.
    pub max_height: Option<u32>,
    /// The class that it was asked for by; `None` where it was asked for by something else, so that a vendor which knows keys by their classes alone
    /// cannot tell it from others.
    pub class: Option<Class>,
    /// The least protection of outputs.
    pub hdcp: Option<Hdcp>,
    /// The least protection on the device.
    pub security_level: Option<SecurityLevel>,
}

impl Entitlement<'_> {
    /// Whether every key of the title has a class.
    fn is_classed(&self) -> bool {
        self.keys.iter().chain(self.others).all(|key| key.class.is_some())
    }
}

/// Who may have which keys.
#[derive(Clone, Copy, Debug)]
pub struct Entitlement<'a> {
    /// The title's id.
    pub title: &'a str,
    /// The session's id.
    pub session: &'a str,
    /// The account, as a hash that tells a vendor nothing of the viewer.
    pub account: &'a str,
    /// For which key system.
    pub system: System,
    /// The keys that the session may have: at least one.
    pub keys: &'a [Key],
    /// The title's other keys, for that key system, which the session must not have. A vendor that gives whatever a device asks for must be able to leave
    /// them out.
    pub others: &'a [Key],
    /// The time.
    pub now: Unix,
    /// On which conditions.
    pub restrictions: &'a Restrictions,
}

/// How a request to the licence server carries what it is told. Not for logs: its `Debug` leaves the value out.
#[derive(Clone, PartialEq, Eq)]
pub enum Carried {
    /// In a header.
    Header {
        /// The header's name.
        name: &'static str,
        /// Its value: printable ASCII.
        value: String,
    },
    /// In the URL's query.
    Query {
        /// The parameter's name.
        name: String,
        /// Its value, not yet escaped for a URL.
        value: String,
    },
}

impl fmt::Debug for Carried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header { name, .. } => write!(f, "Header {name}"),
            Self::Query { name, .. } => write!(f, "Query {name}"),
        }
    }
}

/// A token cannot be made. For the log: it names neither secrets nor viewers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntitlementError {
    /// The vendor has no words for a restriction.
    #[error("{vendor} cannot express {what}")]
    CannotExpress {
        /// The vendor.
        vendor: &'static str,
        /// The restriction.
        what: &'static str,
    },
    /// A secret is not deployed, or not of the form that the vendor gives it.
    #[error("secret {name} is not {form}")]
    Secret {
        /// Its name in the configuration.
        name: String,
        /// What it should be.
        form: &'static str,
    },
    /// No key, or a licence that lasts no time: nothing to entitle to.
    #[error("there is nothing to entitle to")]
    Nothing,
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors;
