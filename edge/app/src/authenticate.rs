//! Who a request comes from: the handle in the path, else a lease as Bearer, else one in a cookie.

use sluice_gate::{
    AccountId, Roots, SessionId, TitleTag, TokenError, Unix,
    handle::{self, Handle},
    lease::{self, Lease},
};
use sluice_packager::title::{Delivery, TitleId};

use crate::{Error, Request, host::Client};

/// The name of the lease's cookie.
pub(crate) const COOKIE: &str = "sluice-lease";
/// More cookies of that name than any browser has reason to send are not looked at.
const MAX_COOKIES: usize = 4;

/// What tokens are verified by.
#[derive(Clone, Copy)]
pub(crate) struct Facts<'a> {
    pub(crate) roots: &'a Roots,
    pub(crate) client: &'a Client,
    pub(crate) now: Unix,
}

/// A verified credential for playback, and how it came.
pub(crate) enum Credential {
    Cookie(Lease),
    Bearer(Lease),
    Path(Handle),
}

/// The viewer of a title's resource. If a handle and another token both come, the handle wins.
pub(crate) fn viewer(
    request: &Request,
    handle: Option<&str>,
    facts: Facts<'_>,
    title: &TitleId,
) -> Result<Credential, Error> {
    if let Some(handle) = handle {
        return from_path(handle, facts);
    }
    if let Some(token) = request.bearer() {
        return Ok(Credential::Bearer(lease::verify(facts.roots, token, facts.now)?));
    }
    let tag = TitleTag::of(title.as_str());
    let mut outcome = Err(Error::Token(TokenError::Missing));
    for token in request.cookies(COOKIE).take(MAX_COOKIES) {
        match lease::verify(facts.roots, token, facts.now) {
            Ok(lease) if lease.title == tag => return Ok(Credential::Cookie(lease)),
            // A valid lease of another title tells more than a broken cookie beside it.
            Ok(lease) => outcome = Ok(Credential::Cookie(lease)),
            Err(error) if outcome.is_err() => outcome = Err(error.into()),
            Err(_) => {}
        }
    }
    outcome
}

/// A credential for a route that changes state: never a cookie, which a foreign page could make a browser send.
pub(crate) fn explicit(request: &Request, handle: Option<&str>, facts: Facts<'_>) -> Result<Credential, Error> {
    match (handle, request.bearer()) {
        (Some(handle), _) => from_path(handle, facts),
        (None, Some(token)) => Ok(Credential::Bearer(lease::verify(facts.roots, token, facts.now)?)),
        (None, None) => Err(TokenError::Missing.into()),
    }
}

fn from_path(text: &str, facts: Facts<'_>) -> Result<Credential, Error> {
    let client =
        handle::ClientFacts { country: facts.client.country, address: facts.client.address, asn: facts.client.asn };
    Ok(Credential::Path(handle::verify(facts.roots, text, facts.now, &client)?))
}

impl Credential {
    pub(crate) fn session(&self) -> &SessionId {
        match self {
            Self::Cookie(lease) | Self::Bearer(lease) => &lease.session,
            Self::Path(handle) => &handle.session,
        }
    }

    pub(crate) fn account(&self) -> &AccountId {
        match self {
            Self::Cookie(lease) | Self::Bearer(lease) => &lease.account,
            Self::Path(handle) => &handle.account,
        }
    }

    /// The slot that it names.
    pub(crate) fn slot(&self) -> u8 {
        match self {
            Self::Cookie(lease) | Self::Bearer(lease) => lease.slot,
            Self::Path(handle) => handle.slot,
        }
    }

    pub(crate) fn is_for(&self, title: &TitleId) -> bool {
        let tag = match self {
            Self::Cookie(lease) | Self::Bearer(lease) => &lease.title,
            Self::Path(handle) => &handle.title,
        };
        *tag == TitleTag::of(title.as_str())
    }

    /// The tier's cap on the picture's height.
    pub(crate) fn max_height(&self) -> Option<u32> {
        match self {
            Self::Cookie(lease) | Self::Bearer(lease) => lease.max_height,
            Self::Path(handle) => handle.max_height,
        }
    }

    pub(crate) fn may(&self, delivery: Delivery) -> bool {
        let set = match self {
            Self::Cookie(lease) | Self::Bearer(lease) => lease.deliveries,
            Self::Path(handle) => handle.deliveries,
        };
        set & delivery_bit(delivery) != 0
    }
}

/// The bit of a delivery in a lease's set.
pub(crate) fn delivery_bit(delivery: Delivery) -> u8 {
    match delivery {
        Delivery::Cenc => 1,
        Delivery::Cbcs => 2,
        Delivery::Aes128 => 4,
        Delivery::Clear => 8,
    }
}

impl From<handle::HandleError> for Error {
    fn from(error: handle::HandleError) -> Self {
        match error {
            handle::HandleError::Token(error) => Self::Token(error),
            handle::HandleError::Denied(deny) => Self::Deny(deny),
        }
    }
}
