use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value};

use super::{Algorithm, GrantError, strict::UniqueNames};
use crate::TokenError;

/// The longest token, bytes.
pub const MAX_TOKEN: usize = 8 * 1024;

/// A token in the compact form (RFC 7515, 7.1), taken apart. Nothing of it is verified.
pub(super) struct Compact<'a> {
    /// What is signed: header and payload as they were sent.
    pub(super) message: &'a str,
    /// Base64url, not decoded.
    pub(super) signature: &'a str,
    payload: &'a str,
    pub(super) header: Map<String, Value>,
}

impl<'a> Compact<'a> {
    pub(super) fn read(token: &'a str) -> Result<Self, TokenError> {
        if token.is_empty() {
            return Err(TokenError::Missing);
        }
        if token.len() > MAX_TOKEN {
            return Err(TokenError::Invalid);
        }
        // header.payload.signature, and no dot more.
        let (message, signature) = token.rsplit_once('.').ok_or(TokenError::Invalid)?;
        let (header, payload) =
            message.split_once('.').filter(|(_, payload)| !payload.contains('.')).ok_or(TokenError::Invalid)?;
        Ok(Self { message, signature, payload, header: object(header)? })
    }

    /// The `kid`: which key to look for.
    pub(super) fn kid(&self) -> Option<&str> {
        self.header.get("kid").and_then(Value::as_str)
    }

    /// The algorithm that the header names: to be compared with the key's, and to refuse others by their names.
    pub(super) fn algorithm(&self) -> Result<Algorithm, GrantError> {
        let name = self.header.get("alg").and_then(Value::as_str).ok_or(TokenError::Invalid)?;
        Algorithm::parse(name).ok_or_else(|| {
            // Anybody can write one: only what looks like an algorithm's name goes to the log.
            let plain = (1..=16).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
            if plain { GrantError::Unsupported(format!("alg {name}")) } else { TokenError::Invalid.into() }
        })
    }

    /// The claims.
    pub(super) fn payload(&self) -> Result<Map<String, Value>, TokenError> {
        object(self.payload)
    }
}

/// A part of a token: a JSON object in which no member is named twice, as base64url without padding.
fn object(part: &str) -> Result<Map<String, Value>, TokenError> {
    let json = URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenError::Invalid)?;
    match serde_json::from_slice(&json) {
        Ok(UniqueNames(Value::Object(members))) => Ok(members),
        Ok(_) | Err(_) => Err(TokenError::Invalid),
    }
}
