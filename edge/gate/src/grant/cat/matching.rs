use sha2::{Digest, Sha256, Sha512_256};

use super::cbor::Value;
use crate::{TokenError, grant::GrantError};

/// Whether a value meets every match of a map, at least one: the match type is the key, what it must meet the value.
///
/// # Errors
/// [`GrantError::Unsupported`] for regular expressions, for which there is no engine at the edge, and for types that are not known.
/// [`TokenError::Invalid`] where a match is not of its form.
pub(super) fn meets(matches: &Value<'_>, value: &str) -> Result<bool, GrantError> {
    let invalid = GrantError::Token(TokenError::Invalid);
    let matches = matches.entries().filter(|matches| !matches.is_empty()).ok_or(invalid.clone())?;
    let mut meets = true;
    for (kind, wanted) in matches {
        let kind = kind.int().ok_or(invalid.clone())?;
        let text = || wanted.text().ok_or(invalid.clone());
        let digest = || wanted.bytes().ok_or(invalid.clone());
        meets &= match kind {
            0 => value == text()?,
            1 => value.starts_with(text()?),
            2 => value.ends_with(text()?),
            3 => value.contains(text()?),
            4 => return Err(GrantError::Unsupported("a match by regular expression".to_owned())),
            -1 => Sha256::digest(value)[..] == *digest()?,
            -2 => Sha512_256::digest(value)[..] == *digest()?,
            _ => return Err(GrantError::Unsupported(format!("match type {kind}"))),
        };
    }
    Ok(meets)
}
