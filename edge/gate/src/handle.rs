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
//! | 1 | format: 2 |
//! | 16, 16, 1 | account, session, slot |
//! | 16 | title tag |
//! | 4 | highest picture, `ffffffff` for no cap |
//! | 1 | deliveries |
//! | 2 | country, zeros where it is not bound |
//! | 3 | region: what follows the country in ISO 3166-2, then zeros; zeros where it is not bound |
//! | 1, 8 | network, as in a lease |
//! | 5 | ends |
//! | 6 | zeros |
//!
//! It is signed with a key of its own: a lease is never taken for a handle, nor a handle for a lease.

use crate::{
    AccountId, ClientFacts, Deny, Net, Roots, SessionId, TitleTag, TokenError, Unix,
    roots::Label,
    wire::{self, Reader, Writer},
};

/// Characters of a handle's text.
pub const TEXT_LENGTH: usize = wire::TEXT;

const FORMAT: u8 = 2;

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
    /// The region of that country from which it may be used, as ISO 3166-2 has it after the hyphen, then zeros; `None` where it does not matter.
    pub region: Option<[u8; 3]>,
    /// The network from which it may be used.
    pub net: Net,
    /// When it is over, not included: the first of the grant's end, the rights window's and the session cap's.
    pub ends: Unix,
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
        .put(handle.region.unwrap_or_default())
        .put(handle.net.to_wire())
        .put(wire::time_to_wire(handle.ends));
    wire::seal(roots, Label::Handle, body.body())
}

/// Verifies a handle's text under either root, and that this client may use it. A fact that it is bound to and that is not known is not met.
///
/// # Errors
/// [`HandleError::Token`] with [`TokenError::Invalid`] where it is none of ours, with [`TokenError::Expired`] where `now` is not before `ends`;
/// [`HandleError::Denied`] with [`Deny::GeoBlocked`] from another country or region, with [`Deny::AddressMismatch`] from another network.
pub fn verify(roots: &Roots, text: &str, now: Unix, client: &ClientFacts) -> Result<Handle, HandleError> {
    let body = wire::open(roots, Label::Handle, text).ok_or(TokenError::Invalid)?;
    let handle = parse(&body).ok_or(TokenError::Invalid)?;
    if now >= handle.ends {
        return Err(TokenError::Expired.into());
    }
    let abroad = handle.country.is_some() && handle.country != client.country;
    let region = client.region.map(|region| region.subdivision());
    if abroad || handle.region.is_some() && handle.region != region {
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
        country: Some(body.take()?).filter(|code| *code != [0; 2]),
        region: Some(body.take()?).filter(|code| *code != [0; 3]),
        net: Net::from_wire(body.take()?)?,
        ends: wire::time_from_wire(body.take()?),
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

#[cfg(test)]
mod tests;
