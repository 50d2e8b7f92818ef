//! Common Access Tokens (CTA-5007): CBOR Web Tokens (RFC 8392) in COSE_Mac0 with HMAC 256/256, or in COSE_Sign1 with ES256 or PS256.
//!
//! A token comes as base64url without padding in the header `CTA-Common-Access-Token`, in a query parameter or in a cookie; several are
//! refused, for two readers might take different ones. The algorithm belongs to the key and must be the one that the *protected* header names; the key is
//! chosen by `kid`, from either header. Every claim is enforced, or the token is refused by the claim's name; so is a claim that is not known, which may restrict.
//! `exp` is required: a session needs an end.

pub mod cbor;
mod claims;
mod config;
pub mod cose;
mod geo;
mod header;
mod keys;
mod matching;
mod method;
mod network;
mod renewal;
mod replay;
mod uri;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

pub use claims::{label_of as claim_label, name as claim_name};
pub use config::{CatAlgorithm, CatConfig, CatKeyConfig};
pub use keys::{CatKeysError, binary};

use super::{Grant, GrantError, Kind, Presented};
use crate::TokenError;

/// The header that carries a token, and by default the cookie.
pub const HEADER: &str = "CTA-Common-Access-Token";
/// The longest token, bytes of its text.
pub const MAX_TOKEN: usize = 8 * 1024;

/// How a token came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Carrier {
    Header,
    Query,
    Cookie,
}

/// The keys by which Common Access Tokens are verified, and what the tokens must say.
///
/// Holds secrets: zeroized when dropped, and deliberately without `Debug`.
pub struct CatKeys {
    config: CatConfig,
    keys: Vec<keys::Pinned>,
}

impl CatKeys {
    /// Builds the keys; `secret` gives the value of an HS256 secret by its name in the configuration.
    ///
    /// # Errors
    /// [`CatKeysError`], which names the key and what is wrong with it.
    pub fn new<'a>(config: &CatConfig, secret: impl Fn(&str) -> Option<&'a [u8]>) -> Result<Self, CatKeysError> {
        Ok(Self { keys: keys::pinned(config, secret)?, config: config.clone() })
    }

    /// Hands over every token of the request.
    fn each(&self, request: &Presented<'_>, take: &mut dyn FnMut(Carrier, &str)) {
        request.headers.each(HEADER, &mut |token| take(Carrier::Header, token));
        let query = request.url.and_then(|url| url.split_once('?')).map_or("", |(_, query)| query);
        let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        pairs.filter(|(name, _)| *name == self.config.parameter).for_each(|(_, token)| take(Carrier::Query, token));
        request.cookies.each(&self.config.cookie, &mut |token| take(Carrier::Cookie, token));
    }

    /// Verifies the text of a token, however it came.
    fn judge(&self, text: &str, carrier: Carrier, request: &Presented<'_>) -> Result<Grant, GrantError> {
        let invalid = GrantError::Token(TokenError::Invalid);
        if text.len() > MAX_TOKEN {
            return Err(invalid);
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| TokenError::Invalid)?;
        let message = cose::parse(&bytes)?;
        let cose::Authentication { algorithm, kid } = message.authentication()?;
        let known = [CatAlgorithm::Hs256, CatAlgorithm::Es256, CatAlgorithm::Ps256];
        let Some(algorithm) = known.into_iter().find(|known| known.cose() == algorithm) else {
            let name = cose::algorithm_name(algorithm).map_or_else(|| algorithm.to_string(), str::to_owned);
            return Err(GrantError::Unsupported(format!("alg {name}")));
        };
        let key = self.keys.iter().find(|key| key.kid == kid).ok_or(invalid.clone())?;
        let pinned = key.algorithm == algorithm && message.structure == algorithm.structure();
        if !pinned || !key.holds(&message.to_be_authenticated(), message.tag) {
            return Err(invalid);
        }
        claims::grant(&self.config, &message, key, carrier, request)
    }
}

impl Kind for CatKeys {
    fn is_presented(&self, request: &Presented<'_>) -> bool {
        let mut presented = false;
        self.each(request, &mut |_, _| presented = true);
        presented
    }

    fn verify(&self, request: &Presented<'_>) -> Result<Grant, GrantError> {
        let (mut first, mut count) = (None, 0);
        self.each(request, &mut |carrier, token| {
            count += 1;
            if count == 1 {
                first = Some((carrier, token.to_owned()));
            }
        });
        let (carrier, token) = first.ok_or(TokenError::Missing)?;
        if count > 1 { Err(TokenError::Invalid.into()) } else { self.judge(&token, carrier, request) }
    }
}

/// A token cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MintError {
    /// The claims are no map in CBOR, or not within the bounds of what the edge reads.
    #[error("the claims are no map of at most 64 entries in CBOR")]
    Claims,
    /// The edge would refuse it.
    #[error("the token has {0} bytes where at most 8192 are accepted")]
    TooLong(usize),
    /// The key did not sign.
    #[error("the key does not sign")]
    Unsigned,
}

/// Mints a token, for tools and tests. `claims` is a map in CBOR; `sign` makes the MAC (see [`hs256`]) or the signature over what it is handed, as COSE has it.
///
/// # Errors
/// [`MintError`].
pub fn mint(
    algorithm: CatAlgorithm,
    kid: &[u8],
    claims: &cbor::Value<'_>,
    sign: impl FnOnce(&[u8]) -> Option<Vec<u8>>,
) -> Result<String, MintError> {
    let payload = claims.to_vec();
    cbor::parse(&payload).filter(|claims| claims.entries().is_some()).ok_or(MintError::Claims)?;
    let (structure, protected) = (algorithm.structure(), cose::protected(algorithm.cose(), kid));
    let tag = sign(&cose::to_be_authenticated(structure, &protected, &payload)).ok_or(MintError::Unsigned)?;
    let token = URL_SAFE_NO_PAD.encode(cose::wrap(structure, &protected, Vec::new(), &payload, &tag));
    if token.len() > MAX_TOKEN { Err(MintError::TooLong(token.len())) } else { Ok(token) }
}

/// The tag of HMAC 256/256.
pub fn hs256(secret: &[u8], message: &[u8]) -> Vec<u8> {
    keys::mac(secret, message).to_vec()
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors;
