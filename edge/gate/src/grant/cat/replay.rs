//! `cti` and `catreplay`: what names a token, and whether it may come again.

use sha2::{Digest, Sha256};

use super::cbor::Value;
use crate::{
    TokenError, Unix,
    grant::{GrantError, Replay},
};

/// SHA-256 of what names a token: its `cti`, else all that it claims. Never its MAC or signature: ECDSA and the unprotected header let
/// whoever holds a token spell it in other ways.
///
/// # Errors
/// [`TokenError::Invalid`] for a `cti` that is not a byte string, or is empty.
pub(super) fn identity(cti: Option<&Value<'_>>, payload: &[u8]) -> Result<[u8; 32], TokenError> {
    let (kind, name) = match cti {
        Some(cti) => ("cti\0", cti.bytes().filter(|cti| !cti.is_empty()).ok_or(TokenError::Invalid)?),
        None => ("payload\0", payload),
    };
    Ok(Sha256::new_with_prefix(kind).chain_update(name).finalize().into())
}

/// `catreplay`: 0 permitted, 1 prohibited, 2 to be noticed.
///
/// # Errors
/// [`GrantError::Unsupported`] for any other.
pub(super) fn replay(claim: &Value<'_>, id: [u8; 32], until: Unix) -> Result<Option<Replay>, GrantError> {
    match claim.int().ok_or(TokenError::Invalid)? {
        0 => Ok(None),
        1 => Ok(Some(Replay { id, until, refuse: true })),
        2 => Ok(Some(Replay { id, until, refuse: false })),
        other => Err(GrantError::Unsupported(format!("catreplay {other}"))),
    }
}
