//! The handle: a session's credential in the path (`/~{handle}/…`), for players without cookies.
//!
//! A playlist is fetched once and its URLs are used to the end, so a handle lasts as long as its
//! session may: to the end of the grant, the rights window or the session cap, whichever is first. What
//! keeps it from being shared is what it is bound to, and the session's record, which is asked once per lease life.
//!
//! 80 bytes and a 16-byte tag, as 128 characters of base64url (no `.`, no `~`). All numbers are big-endian:
//!
//! | bytes | field |
//! |---|---|
//! | 1 | format: 1 |
//! | 16, 16, 1 | account, session, slot |
//! | 16 | title tag |
//! | 4 | highest picture, `ffffffff` for no cap |
//! | 1 | deliveries |
//! | 2 | country, zeros where it is not bound |
//! | 1, 8 | network: 0 none, 1 AS number (4 bytes), 2 IPv4 /24 (3 bytes), 3 IPv6 /48 (6 bytes), 4 IPv4 address (4 bytes), 5 IPv6 /64 (8 bytes); then zeros |
//! | 8 | ends |
//! | 6 | zeros |
//!
//! It is signed with a key of its own: a lease is never taken for a handle, nor a handle for a lease.

use core::net::IpAddr;

use crate::{
    AccountId, Deny, Roots, SessionId, TitleTag, TokenError, Unix,
    roots::Label,
    wire::{self, Reader, Writer},
};

/// Characters of a handle's text.
pub const TEXT_LENGTH: usize = wire::TEXT;

const FORMAT: u8 = 1;

/// A session's right to media of one title, for the length of the session, from one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handle {
    /// Whose session.
    pub account: AccountId,
    /// Which session.
    pub session: SessionId,
    /// The account's slot that the session holds.
    pub slot: u8,
    /// The one title.
    pub title: TitleTag,
    /// The highest picture, in pixels; `None` for no cap.
    pub max_height: Option<u32>,
    /// The deliveries that it opens, a bit each; the caller gives the bits their meaning.
    pub deliveries: u8,
    /// The country from which it may be used, ISO 3166-1 alpha-2 in upper case; `None` where it was not known at minting.
    pub country: Option<[u8; 2]>,
    /// The network from which it may be used.
    pub net: Net,
    /// When it is over, not included: the first of the grant's end, the rights window's and the session cap's.
    pub ends: Unix,
}

/// A network that a handle is bound to. Both bindings break players that roam between networks, and the
/// prefix also those that change between IPv4 and IPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Net {
    /// Any network.
    None,
    /// The autonomous system of that number.
    Asn(u32),
    /// The IPv4 /24 of those first three bytes.
    V4([u8; 3]),
    /// The IPv6 /48 of those first six bytes.
    V6([u8; 6]),
    /// That one IPv4 address.
    V4Host([u8; 4]),
    /// The IPv6 /64 of those first eight bytes: as much of an address as one customer's link has.
    V6Host([u8; 8]),
}

/// What the platform tells of the client that shows a handle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClientFacts {
    /// ISO 3166-1 alpha-2, upper case.
    pub country: Option<[u8; 2]>,
    /// The client's address.
    pub address: Option<IpAddr>,
    /// Its network's autonomous system number.
    pub asn: Option<u32>,
}

/// Why a handle is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandleError {
    /// It is none of ours, or over.
    #[error("handle: {0}")]
    Token(#[from] TokenError),
    /// It is ours, but not for this client.
    #[error("handle: {0}")]
    Denied(#[from] Deny),
}

/// A handle as text: one path segment after its `~`.
pub fn mint(roots: &Roots, handle: &Handle) -> String {
    let mut body = Writer::new();
    body.put([FORMAT])
        .put(handle.account.0)
        .put(handle.session.0)
        .put([handle.slot])
        .put(handle.title.0)
        .put(wire::cap_to_wire(handle.max_height))
        .put([handle.deliveries])
        .put(handle.country.unwrap_or_default())
        .put(handle.net.to_wire())
        .put(handle.ends.to_be_bytes());
    wire::seal(roots, Label::Handle, body.body())
}

/// Verifies a handle's text under either root, and that this client may use it. A fact that it is bound to and that is not known is not met.
///
/// # Errors
/// [`HandleError::Token`] with [`TokenError::Invalid`] where it is none of ours, with [`TokenError::Expired`] where `now` is not before `ends`;
/// [`HandleError::Denied`] with [`Deny::GeoBlocked`] from another country, with [`Deny::AddressMismatch`] from another network.
pub fn verify(roots: &Roots, text: &str, now: Unix, client: &ClientFacts) -> Result<Handle, HandleError> {
    let body = wire::open(roots, Label::Handle, text).ok_or(TokenError::Invalid)?;
    let handle = parse(&body).ok_or(TokenError::Invalid)?;
    if now >= handle.ends {
        return Err(TokenError::Expired.into());
    }
    if handle.country.is_some() && handle.country != client.country {
        return Err(Deny::GeoBlocked.into());
    }
    if !handle.net.holds(client) {
        return Err(Deny::AddressMismatch.into());
    }
    Ok(handle)
}

fn parse(body: &[u8; wire::BODY]) -> Option<Handle> {
    let mut body = Reader::new(body);
    if body.take()? != [FORMAT] {
        return None;
    }
    let handle = Handle {
        account: AccountId(body.take()?),
        session: SessionId(body.take()?),
        slot: u8::from_be_bytes(body.take()?),
        title: TitleTag(body.take()?),
        max_height: wire::cap_from_wire(body.take()?),
        deliveries: u8::from_be_bytes(body.take()?),
        country: Some(body.take()?).filter(|code| *code != [0, 0]),
        net: Net::from_wire(body.take()?)?,
        ends: Unix::from_be_bytes(body.take()?),
    };
    body.at_end().then_some(handle)
}

impl Handle {
    /// Refuses a request for another title.
    ///
    /// # Errors
    /// [`Deny::TitleMismatch`].
    pub fn for_title(&self, title: &str) -> Result<(), Deny> {
        if self.title == TitleTag::of(title) { Ok(()) } else { Err(Deny::TitleMismatch) }
    }
}

impl Net {
    /// The /24 or /48 around an address. An IPv4 address in IPv6 form (`::ffff:a.b.c.d`) is taken for the IPv4 address that it is.
    pub fn prefix(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => {
                let [a, b, c, _] = address.octets();
                Self::V4([a, b, c])
            }
            IpAddr::V6(address) => {
                let [a, b, c, d, e, f, ..] = address.octets();
                Self::V6([a, b, c, d, e, f])
            }
        }
    }

    /// That IPv4 address alone, or the /64 around that IPv6 address.
    pub fn host(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4Host(address.octets()),
            IpAddr::V6(address) => {
                let [a, b, c, d, e, f, g, h, ..] = address.octets();
                Self::V6Host([a, b, c, d, e, f, g, h])
            }
        }
    }

    /// Whether the client is in this network.
    fn holds(&self, client: &ClientFacts) -> bool {
        match self {
            Self::None => true,
            Self::Asn(asn) => client.asn == Some(*asn),
            Self::V4(_) | Self::V6(_) => client.address.map(Self::prefix) == Some(*self),
            Self::V4Host(_) | Self::V6Host(_) => client.address.map(Self::host) == Some(*self),
        }
    }

    fn to_wire(self) -> [u8; 9] {
        let mut wire = [0; 9];
        match self {
            Self::None => {}
            Self::Asn(asn) => {
                wire[0] = 1;
                wire[1..5].copy_from_slice(&asn.to_be_bytes());
            }
            Self::V4(prefix) => {
                wire[0] = 2;
                wire[1..4].copy_from_slice(&prefix);
            }
            Self::V6(prefix) => {
                wire[0] = 3;
                wire[1..7].copy_from_slice(&prefix);
            }
            Self::V4Host(address) => {
                wire[0] = 4;
                wire[1..5].copy_from_slice(&address);
            }
            Self::V6Host(prefix) => {
                wire[0] = 5;
                wire[1..9].copy_from_slice(&prefix);
            }
        }
        wire
    }

    fn from_wire([kind, a, b, c, d, e, f, g, h]: [u8; 9]) -> Option<Self> {
        match (kind, [a, b, c, d, e, f, g, h]) {
            (0, [0, 0, 0, 0, 0, 0, 0, 0]) => Some(Self::None),
            (1, [.., 0, 0, 0, 0]) => Some(Self::Asn(u32::from_be_bytes([a, b, c, d]))),
            (2, [.., 0, 0, 0, 0, 0]) => Some(Self::V4([a, b, c])),
            (3, [.., 0, 0]) => Some(Self::V6([a, b, c, d, e, f])),
            (4, [.., 0, 0, 0, 0]) => Some(Self::V4Host([a, b, c, d])),
            (5, prefix) => Some(Self::V6Host(prefix)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
