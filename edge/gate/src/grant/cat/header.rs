//! `cath`: the headers that a request must carry.

use super::{cbor::Value, matching};
use crate::{
    Deny, TokenError,
    grant::{GrantError, Lookup},
};

/// Checks that each header that the claim names is there, once, and meets every match. It is checked where the token is shown: a
/// session's own requests carry no such header.
///
/// # Errors
/// [`Deny::NotEntitled`] where one is missing or does not; [`TokenError::Invalid`] where one comes twice, or the claim is not of its form.
pub(super) fn check(claim: &Value<'_>, headers: &dyn Lookup) -> Result<(), GrantError> {
    let claim = claim.entries().filter(|headers| !headers.is_empty()).ok_or(TokenError::Invalid)?;
    let mut meets = true;
    for (name, matches) in claim {
        let value = headers.one(name.text().ok_or(TokenError::Invalid)?)?;
        meets &= matching::meets(matches, value.as_deref().unwrap_or_default())? && value.is_some();
    }
    if meets { Ok(()) } else { Err(Deny::NotEntitled.into()) }
}
