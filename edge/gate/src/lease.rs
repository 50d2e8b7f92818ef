//! The lease: what a viewer's requests carry, as a cookie or as Bearer, in place of the grant.
//!
//! 80 bytes and a 16-byte tag, as 128 characters of base64url. All numbers are big-endian:
//!
//! | bytes | field |
//! |---|---|
//! | 1 | format: 2 |
//! | 16, 16, 1 | account, session, slot |
//! | 16 | title tag |
//! | 4 | highest picture, `ffffffff` for no cap |
//! | 1, 1 | deliveries, flags |
//! | 1, 8 | network: 0 none, 1 AS number (4 bytes), 2 IPv4 /24 (3), 3 IPv6 /48 (6), 4 IPv4 address (4), 5 IPv6 /64 (8); then zeros |
//! | 5, 5, 5 | issued, expires, ends |
//!
//! The MAC is verified before anything is parsed. Times are compared strictly: a lease is good while
//! `now < expires`, and the edge that minted it may have another clock, so a deployment's points of
//! presence keep theirs within a second or so. `issued` is not compared: a lease from a fast clock is
//! still one of ours.

use crate::{
    AccountId, ClientFacts, Deny, Net, Roots, SessionId, TitleTag, TokenError, Unix,
    roots::Label,
    wire::{self, Reader, Writer},
};

/// Characters of a lease's text.
pub const TEXT_LENGTH: usize = wire::TEXT;

const FORMAT: u8 = 2;

/// A session's right to media of one title, for minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
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
    /// Reserved for the caller, a bit each.
    pub flags: u8,
    /// The network from which it may be used.
    pub net: Net,
    /// When it was minted, or the start of the window in which it was renewed.
    pub issued: Unix,
    /// When it is over, not included.
    pub expires: Unix,
    /// When the session is over whatever happens, not included: the grant's end, the rights window's or the session cap's.
    pub ends: Unix,
}

/// A lease as text: fit for a cookie, a header and a URL.
pub fn mint(roots: &Roots, lease: &Lease) -> String {
    let mut body = Writer::new();
    body.put([FORMAT])
        .put(lease.account.0)
        .put(lease.session.0)
        .put([lease.slot])
        .put(lease.title.0)
        .put(wire::cap_to_wire(lease.max_height))
        .put([lease.deliveries, lease.flags])
        .put(lease.net.to_wire())
        .put(wire::time_to_wire(lease.issued))
        .put(wire::time_to_wire(lease.expires))
        .put(wire::time_to_wire(lease.ends));
    wire::seal(roots, Label::Lease, body.body())
}

/// Verifies a lease's text under either root. Whether this client may use it, and for this title, are questions of their own:
/// [`Lease::for_client`], [`Lease::for_title`].
///
/// # Errors
/// [`TokenError::Invalid`] where it is none of ours, [`TokenError::Expired`] where `now` is not before `expires` and `ends`.
pub fn verify(roots: &Roots, text: &str, now: Unix) -> Result<Lease, TokenError> {
    let body = wire::open(roots, Label::Lease, text).ok_or(TokenError::Invalid)?;
    let lease = parse(&body).ok_or(TokenError::Invalid)?;
    if now < lease.expires && now < lease.ends { Ok(lease) } else { Err(TokenError::Expired) }
}

fn parse(body: &[u8; wire::BODY]) -> Option<Lease> {
    let mut body = Reader::new(body);
    if body.take()? != [FORMAT] {
        return None;
    }
    let lease = Lease {
        account: AccountId(body.take()?),
        session: SessionId(body.take()?),
        slot: u8::from_be_bytes(body.take()?),
        title: TitleTag(body.take()?),
        max_height: wire::cap_from_wire(body.take()?),
        deliveries: u8::from_be_bytes(body.take()?),
        flags: u8::from_be_bytes(body.take()?),
        net: Net::from_wire(body.take()?)?,
        issued: wire::time_from_wire(body.take()?),
        expires: wire::time_from_wire(body.take()?),
        ends: wire::time_from_wire(body.take()?),
    };
    body.at_end().then_some(lease)
}

impl Lease {
    /// Whether a third of its life is spent. Never for a lease that already reaches to the session's end: it cannot be renewed further.
    pub fn due_for_renewal(&self, now: Unix) -> bool {
        let life = self.expires.saturating_sub(self.issued);
        self.expires < self.ends && now.saturating_sub(self.issued) > life / 3
    }

    /// The lease renewed at `now` for `life` seconds, never past the session's end and never shorter than it was.
    ///
    /// Renewals within one window of `life / 6` are the same to the byte, so that the parallel segment
    /// requests of a player bring it one lease and not several: the renewed lease counts from the window's start.
    #[must_use]
    pub fn renewed(&self, now: Unix, life: u64) -> Self {
        let window = (life / 6).max(1);
        let issued = now - now % window;
        let expires = issued.saturating_add(life).min(self.ends);
        if expires <= self.expires { *self } else { Self { issued, expires, ..*self } }
    }

    /// Refuses a client in another network than the lease is bound to.
    ///
    /// # Errors
    /// [`Deny::AddressMismatch`], also where the fact that it is bound to is not known.
    pub fn for_client(&self, client: &ClientFacts) -> Result<(), Deny> {
        if self.net.holds(client) { Ok(()) } else { Err(Deny::AddressMismatch) }
    }

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
