//! The sealed form that leases and handles share: a body of fixed length, its MAC, base64url.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::{Roots, Unix, roots::Label};

/// Bytes of the body.
pub(crate) const BODY: usize = 80;
/// Bytes of the tag: HMAC-SHA256 cut to its first half, the least that RFC 2104, 5 recommends.
const TAG: usize = 16;
/// Characters of the text. 96 bytes are 128 characters without padding or spare bits: one spelling per token.
pub(crate) const TEXT: usize = (BODY + TAG) / 3 * 4;

/// The last time that a body can say.
pub(crate) const LAST_TIME: Unix = (1 << 40) - 1;

/// Signs a body with the current root's key of that label.
pub(crate) fn seal(roots: &Roots, label: Label, body: &[u8; BODY]) -> String {
    let tag = mac(roots.minting(label), body).finalize().into_bytes();
    let mut sealed = [0; BODY + TAG];
    sealed[..BODY].copy_from_slice(body);
    sealed[BODY..].copy_from_slice(&tag[..TAG]);
    URL_SAFE_NO_PAD.encode(sealed)
}

/// The body, if either root's key of that label signed it. Nothing of it is looked at before.
pub(crate) fn open(roots: &Roots, label: Label, text: &str) -> Option<[u8; BODY]> {
    if text.len() != TEXT {
        return None;
    }
    let mut sealed = [0; BODY + TAG];
    let length = URL_SAFE_NO_PAD.decode_slice(text, &mut sealed).ok()?;
    if length != sealed.len() {
        return None;
    }
    let (body, tag) = sealed.split_first_chunk::<BODY>()?;
    // `verify_truncated_left` compares in constant time.
    roots.verifying(label).any(|key| mac(key, body).verify_truncated_left(tag).is_ok()).then_some(*body)
}

fn mac(key: &[u8; 32], body: &[u8; BODY]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(body);
    mac
}

/// Fills a body from its front; what is not written stays zero.
pub(crate) struct Writer {
    body: [u8; BODY],
    at: usize,
}

impl Writer {
    pub(crate) fn new() -> Self {
        Self { body: [0; BODY], at: 0 }
    }

    /// Layouts are constants of this crate that fill a body exactly; their tests would see one that does not.
    pub(crate) fn put<const N: usize>(&mut self, bytes: [u8; N]) -> &mut Self {
        self.body[self.at..self.at + N].copy_from_slice(&bytes);
        self.at += N;
        self
    }

    pub(crate) fn body(&self) -> &[u8; BODY] {
        &self.body
    }
}

/// Takes a body apart from its front.
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn new(body: &'a [u8; BODY]) -> Self {
        Self(body)
    }

    pub(crate) fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*head)
    }

    /// Whether all that is left is zero, as the writer leaves it.
    pub(crate) fn at_end(&self) -> bool {
        self.0.iter().all(|byte| *byte == 0)
    }
}

/// A time in five bytes: to the year 36 812. Later is as good as never, and is written as the last.
pub(crate) fn time_to_wire(time: Unix) -> [u8; 5] {
    let [_, _, _, bytes @ ..] = time.min(LAST_TIME).to_be_bytes();
    bytes
}

/// The reverse of [`time_to_wire`].
pub(crate) fn time_from_wire([a, b, c, d, e]: [u8; 5]) -> Unix {
    Unix::from_be_bytes([0, 0, 0, a, b, c, d, e])
}

/// A height cap; no cap is the highest number.
pub(crate) fn cap_to_wire(max_height: Option<u32>) -> [u8; 4] {
    max_height.unwrap_or(u32::MAX).to_be_bytes()
}

/// The reverse of [`cap_to_wire`].
pub(crate) fn cap_from_wire(bytes: [u8; 4]) -> Option<u32> {
    Some(u32::from_be_bytes(bytes)).filter(|height| *height != u32::MAX)
}
