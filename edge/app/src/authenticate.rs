//! Who a request comes from: the handle in the path, else a lease as Bearer, else one in a cookie.

use sluice_gate::{
    AccountId, Deny, Net, Roots, SessionId, TitleTag, TokenError, Unix,
    handle::{self, Handle},
    lease::{self, Lease},
};
use sluice_packager::title::{Delivery, TitleId};

use crate::{Error, Request, config::Binding, decision::Subject, host::Client};

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
        return Ok(Credential::Bearer(from_lease(token, facts)?));
    }
    let tag = TitleTag::of(title.as_str());
    let mut outcome = Err(Error::Token(TokenError::Missing));
    for token in request.cookies(COOKIE).take(MAX_COOKIES) {
        match from_lease(token, facts) {
            Ok(lease) if lease.title == tag => return Ok(Credential::Cookie(lease)),
            // A valid lease of another title tells more than a broken cookie beside it.
            Ok(lease) => outcome = Ok(Credential::Cookie(lease)),
            Err(error) if outcome.is_err() => outcome = Err(error),
            Err(_) => {}
        }
    }
    outcome
}

/// A credential for a route that changes state: never a cookie, which a foreign page could make a browser send.
pub(crate) fn explicit(request: &Request, handle: Option<&str>, facts: Facts<'_>) -> Result<Credential, Error> {
    match (handle, request.bearer()) {
        (Some(handle), _) => from_path(handle, facts),
        (None, Some(token)) => Ok(Credential::Bearer(from_lease(token, facts)?)),
        (None, None) => Err(TokenError::Missing.into()),
    }
}

/// A lease, as a cookie or as Bearer, from where it may be used.
fn from_lease(text: &str, facts: Facts<'_>) -> Result<Lease, Error> {
    let lease = lease::verify(facts.roots, text, facts.now)?;
    lease.for_client(facts.client)?;
    Ok(lease)
}

fn from_path(text: &str, facts: Facts<'_>) -> Result<Credential, Error> {
    Ok(Credential::Path(handle::verify(facts.roots, text, facts.now, facts.client)?))
}

/// The network that a new lease or handle is bound to: the grant's, whatever is configured, else the client's by the configured binding.
///
/// # Errors
/// [`Deny::AddressMismatch`] from outside of the grant's network, and where the platform does not tell what the configuration binds to.
pub(crate) fn bind(binding: Binding, granted: Option<Net>, client: &Client) -> Result<Net, Deny> {
    let net = match (granted, binding) {
        (Some(net), _) => net,
        (None, Binding::None) => Net::None,
        (None, Binding::Asn) => Net::Asn(client.asn.ok_or(Deny::AddressMismatch)?),
        (None, Binding::Prefix) => Net::prefix(client.address.ok_or(Deny::AddressMismatch)?),
    };
    if net.holds(client) { Ok(net) } else { Err(Deny::AddressMismatch) }
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

    pub(crate) fn subject(&self) -> Subject {
        Subject { session: *self.session(), account: *self.account() }
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

    /// When the session is over whatever happens, not included.
    pub(crate) fn ends(&self) -> Unix {
        match self {
            Self::Cookie(lease) | Self::Bearer(lease) => lease.ends,
            Self::Path(handle) => handle.ends,
        }
    }

    /// The deliveries that it opens, a bit each.
    pub(crate) fn deliveries(&self) -> u8 {
        match self {
            Self::Cookie(lease) | Self::Bearer(lease) => lease.deliveries,
            Self::Path(handle) => handle.deliveries,
        }
    }

    pub(crate) fn may(&self, delivery: Delivery) -> bool {
        opens(self.deliveries(), delivery)
    }
}

/// Whether a lease's or a record's set has the delivery.
pub(crate) fn opens(set: u8, delivery: Delivery) -> bool {
    set & delivery_bit(delivery) != 0
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grants_network_goes_before_the_configured_binding() {
        let client = Client { address: Some([192, 0, 2, 7].into()), asn: Some(64500), ..Client::default() };
        let grant = Net::host([192, 0, 2, 7].into());
        for binding in [Binding::None, Binding::Asn, Binding::Prefix] {
            assert_eq!(bind(binding, Some(grant), &client), Ok(grant));
            let elsewhere = Client { address: Some([192, 0, 2, 8].into()), ..client };
            assert_eq!(bind(binding, Some(grant), &elsewhere), Err(Deny::AddressMismatch));
        }
        assert_eq!(bind(Binding::None, None, &client), Ok(Net::None));
        assert_eq!(bind(Binding::Asn, None, &client), Ok(Net::Asn(64500)));
        assert_eq!(bind(Binding::Prefix, None, &client), Ok(Net::V4([192, 0, 2])));
        for binding in [Binding::Asn, Binding::Prefix] {
            assert_eq!(bind(binding, None, &Client::default()), Err(Deny::AddressMismatch));
        }
    }
}
