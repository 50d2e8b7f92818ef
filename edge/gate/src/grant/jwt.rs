//! Viewers' tokens: JWTs (RFC 7519) in the compact form, signed with a configured key or one that their issuer publishes.
//!
//! The rules of RFC 8725: the algorithm belongs to the key and is never taken from the token; the key
//! is named by `kid` and must be named; a header with `crit` is refused, for no extension is understood
//! here; keys in the header (`jwk`, `jku`, `x5c`, `x5u`) are never used; no JSON object may name a
//! member twice; tokens are at most 8 KiB.
//!
//! Keys and signatures are the `jsonwebtoken` crate's, by its lower-level `crypto::verify`, which is told
//! the pinned algorithm and never sees a header. Its `decode` would read header and claims a second time
//! and more loosely (repeated members), look for JWKs in the header, and compare times with the system's
//! clock; it would also add some 180 KB to the module. Claims are checked here, against the `now` that is given.

use jsonwebtoken::crypto;
use serde_json::{Map, Value};

use super::{
    Grant, GrantError, Kind, Presented,
    claims::{self as registered, Validity},
    compact::Compact,
    jwks::KeyError,
    provider,
};
use crate::{Deny, TokenError, Unix};

pub use super::{
    compact::MAX_TOKEN,
    keys_error::KeysError,
    minted::{MintError, ViewerClaims, mint_hs256},
    public_key::PublicKeyError,
    viewer_keys::{Issuers, ViewerKeys},
};

impl Kind for Issuers {
    /// A Bearer token with a dot: a lease, which may come as Bearer too, has none.
    fn is_presented(&self, request: &Presented<'_>) -> bool {
        request.bearer.is_some_and(|token| token.contains('.'))
    }

    fn verify(&self, request: &Presented<'_>) -> Result<Grant, GrantError> {
        let token = request.bearer.unwrap_or_default();
        let grant = verify(self.of(token).ok_or(TokenError::Invalid)?, token, request.now)?;
        // Where it may be used is asked where something is played. Platforms tell the country and nothing smaller.
        let country = request.client.country.as_ref().and_then(|code| core::str::from_utf8(code).ok());
        let is_there = |places: &Vec<String>| places.iter().any(|place| Some(place.as_str()) == country);
        if request.url.is_some() && !grant.places.as_ref().is_none_or(is_there) {
            return Err(Deny::GeoBlocked.into());
        }
        Ok(grant)
    }
}

/// Verifies a viewer's token and gives what it grants.
///
/// # Errors
/// [`TokenError::Missing`] for an empty text, [`TokenError::Expired`] for a token that is sound but for its `exp`,
/// [`Deny::RightsWindow`] outside of the window that its own claims give, [`GrantError::Unsupported`] where it is signed in a
/// way, or by a published key of a kind, that is not supported: which, for the log. [`TokenError::Invalid`] for everything
/// else. No more is told: an attacker would learn from it.
pub fn verify(keys: &ViewerKeys, token: &str, now: Unix) -> Result<Grant, GrantError> {
    let Checked { claims, validity, kid } = checked(keys, token, now)?;
    registered::grant(&keys.config, &claims, validity, &kid, now)
}

/// The `kid` that a token names, unverified: enough to turn a token away, never to let one in.
pub fn kid(token: &str) -> Option<String> {
    Compact::read(token).ok()?.kid().map(str::to_owned)
}

/// Verifies a token and gives all its claims, for uses other than watching. Signature, `kid`, `alg`, `crit`, `iss`, `aud`, `exp`, `nbf`,
/// `iat` and what the configuration requires are checked; other claims are not looked at.
///
/// # Errors
/// As [`verify`]; what is not supported is [`TokenError::Invalid`].
pub fn claims(keys: &ViewerKeys, token: &str, now: Unix) -> Result<Map<String, Value>, TokenError> {
    match checked(keys, token, now) {
        Ok(Checked { claims, .. }) => Ok(claims),
        Err(GrantError::Token(error)) => Err(error),
        Err(GrantError::Denied(_) | GrantError::Unsupported(_)) => Err(TokenError::Invalid),
    }
}

/// A token that is sound.
struct Checked {
    claims: Map<String, Value>,
    validity: Validity,
    kid: String,
}

fn checked(keys: &ViewerKeys, token: &str, now: Unix) -> Result<Checked, GrantError> {
    let compact = Compact::read(token)?;
    let algorithm = compact.algorithm()?;
    let kid = compact.kid().ok_or(TokenError::Invalid)?;
    if compact.header.contains_key("crit") {
        return Err(TokenError::Invalid.into());
    }
    provider::install();
    let verified = keys.with_key(kid, |key| {
        algorithm == key.algorithm
            && crypto::verify(compact.signature, compact.message.as_bytes(), &key.key, key.algorithm.into())
                .unwrap_or(false)
    });
    match verified {
        Ok(true) => {}
        Ok(false) | Err(KeyError::Unknown) => return Err(TokenError::Invalid.into()),
        Err(unsound) => return Err(GrantError::Unsupported(unsound.to_string())),
    }
    // Not looked at before its signature holds, but for the issuer's name where there are several.
    let claims = compact.payload()?;
    let validity = registered::check(&keys.config, &claims, now)?;
    Ok(Checked { claims, validity, kid: kid.to_owned() })
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors;
