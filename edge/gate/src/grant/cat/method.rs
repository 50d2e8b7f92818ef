//! `catm`: the methods that a token permits.

use super::cbor::Value;
use crate::{Deny, TokenError, grant::GrantError};

/// Checks that the methods permit playback.
///
/// A session is for media, which is fetched by `GET` whatever the method was by which the token was shown: `POST`
/// where it is exchanged for a session is not looked for. A `HEAD` for a manifest needs `HEAD` as well.
///
/// # Errors
/// [`Deny::NotEntitled`] where they do not; [`TokenError::Invalid`] where the claim is not an array of texts.
pub(super) fn check(claim: &Value<'_>, method: &str) -> Result<(), GrantError> {
    let methods = claim.items().and_then(|items| items.iter().map(Value::text).collect::<Option<Vec<_>>>());
    let methods = methods.ok_or(TokenError::Invalid)?;
    // Methods are case-sensitive (RFC 9110, 9.1).
    let permits = |method: &str| methods.contains(&method);
    if permits("GET") && (method != "HEAD" || permits("HEAD")) { Ok(()) } else { Err(Deny::NotEntitled.into()) }
}
