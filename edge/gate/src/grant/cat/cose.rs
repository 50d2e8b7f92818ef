//! The COSE envelopes of a token (RFC 9052): COSE_Mac0 and COSE_Sign1, alone or in the CWT tag (RFC 8392, 6).

use super::cbor::{self, Value};
use crate::{TokenError, grant::GrantError};

/// CWT (RFC 8392, 6).
const CWT: u64 = 61;

/// Header parameters (RFC 9052, 3.1).
const ALG: i64 = 1;
const CRIT: i64 = 2;
const KID: i64 = 4;

/// Which envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Structure {
    /// COSE_Mac0, tag 17.
    Mac0,
    /// COSE_Sign1, tag 18.
    Sign1,
}

impl Structure {
    /// Its CBOR tag.
    pub fn tag(self) -> u64 {
        match self {
            Self::Mac0 => 17,
            Self::Sign1 => 18,
        }
    }

    /// Its context string (RFC 9052, 4.4 and 6.3).
    fn context(self) -> &'static str {
        match self {
            Self::Mac0 => "MAC0",
            Self::Sign1 => "Signature1",
        }
    }
}

/// An envelope, read and not verified.
#[derive(Clone, Debug)]
pub struct Message<'b> {
    /// Which it is.
    pub structure: Structure,
    /// The protected header as it came.
    pub protected: &'b [u8],
    /// The protected header, a map.
    pub protected_header: Value<'b>,
    /// The unprotected header, a map. Whoever passes the token on can change it.
    pub unprotected_header: Value<'b>,
    /// The payload as it came.
    pub payload: &'b [u8],
    /// The tag of a MAC, or the signature.
    pub tag: &'b [u8],
}

/// By what a message says that it is authenticated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Authentication<'b> {
    /// The algorithm, from the protected header.
    pub algorithm: i64,
    /// The key's id, which only chooses among keys.
    pub kid: &'b [u8],
}

/// Reads an envelope.
///
/// # Errors
/// [`GrantError::Unsupported`] with the tag of another one, [`TokenError::Invalid`] for anything else.
pub fn parse(bytes: &[u8]) -> Result<Message<'_>, GrantError> {
    let invalid = GrantError::Token(TokenError::Invalid);
    let mut item = cbor::parse(bytes).ok_or(invalid.clone())?;
    if let Value::Tag(CWT, inner) = item {
        item = *inner;
    }
    let Value::Tag(tag, body) = item else { return Err(invalid) };
    let structure = match tag {
        17 => Structure::Mac0,
        18 => Structure::Sign1,
        _ => return Err(GrantError::Unsupported(format!("CBOR tag {tag}"))),
    };
    let Value::Array(parts) = *body else { return Err(invalid) };
    let Ok([protected, unprotected_header, payload, tag]) = <[Value<'_>; 4]>::try_from(parts) else {
        return Err(invalid);
    };
    let (Some(protected), Some(payload), Some(tag)) = (protected.bytes(), payload.bytes(), tag.bytes()) else {
        return Err(invalid);
    };
    let protected_header =
        if protected.is_empty() { Value::Map(Vec::new()) } else { cbor::parse(protected).ok_or(invalid.clone())? };
    if protected_header.entries().is_none() || unprotected_header.entries().is_none() {
        return Err(invalid);
    }
    Ok(Message { structure, protected, protected_header, unprotected_header, payload, tag })
}

impl<'b> Message<'b> {
    /// The algorithm and the key's id.
    ///
    /// # Errors
    /// [`GrantError::Unsupported`] for `crit`, no extension being understood here. [`TokenError::Invalid`] where the algorithm is not in the protected header,
    /// there is no key id, or a parameter is in both headers (RFC 9052, 3).
    pub fn authentication(&self) -> Result<Authentication<'b>, GrantError> {
        let invalid = GrantError::Token(TokenError::Invalid);
        let (protected, unprotected) = (&self.protected_header, &self.unprotected_header);
        if protected.find(CRIT).is_some() || unprotected.find(CRIT).is_some() {
            return Err(GrantError::Unsupported("crit".to_owned()));
        }
        let keys = |header: &Value<'b>| header.entries().unwrap_or_default().to_vec();
        if keys(protected).iter().any(|(key, _)| keys(unprotected).iter().any(|(other, _)| other == key)) {
            return Err(invalid);
        }
        let kid = protected.find(KID).or_else(|| unprotected.find(KID));
        // A byte string; some issuers write text.
        let kid = kid.and_then(|kid| kid.bytes().or_else(|| kid.text().map(str::as_bytes)));
        match (protected.find(ALG).and_then(Value::int), kid) {
            (Some(algorithm), Some(kid)) => Ok(Authentication { algorithm, kid }),
            _ => Err(invalid),
        }
    }

    /// What the MAC or the signature is made over.
    pub fn to_be_authenticated(&self) -> Vec<u8> {
        to_be_authenticated(self.structure, self.protected, self.payload)
    }

    /// The same envelope around another payload. Of the unprotected header only the key's id stays.
    pub fn rewrapped(&self, payload: &[u8], tag: &[u8]) -> Vec<u8> {
        let kid = self.unprotected_header.find(KID).map(|kid| (Value::Int(KID), kid.clone()));
        wrap(self.structure, self.protected, kid.into_iter().collect(), payload, tag)
    }
}

/// A protected header that names an algorithm and a key.
pub fn protected(algorithm: i64, kid: &[u8]) -> Vec<u8> {
    Value::Map(vec![(Value::Int(ALG), Value::Int(algorithm)), (Value::Int(KID), Value::Bytes(kid))]).to_vec()
}

/// The Sig_structure or MAC_structure (RFC 9052, 4.4 and 6.3), without external data.
pub fn to_be_authenticated(structure: Structure, protected: &[u8], payload: &[u8]) -> Vec<u8> {
    let parts = [Value::Bytes(protected), Value::Bytes(&[]), Value::Bytes(payload)];
    Value::Array([Value::Text(structure.context())].into_iter().chain(parts).collect()).to_vec()
}

/// A token: the CWT tag around an envelope.
pub fn wrap(
    structure: Structure,
    protected: &[u8],
    unprotected: Vec<(Value<'_>, Value<'_>)>,
    payload: &[u8],
    tag: &[u8],
) -> Vec<u8> {
    let parts = vec![Value::Bytes(protected), Value::Map(unprotected), Value::Bytes(payload), Value::Bytes(tag)];
    Value::Tag(CWT, Box::new(Value::Tag(structure.tag(), Box::new(Value::Array(parts))))).to_vec()
}

/// The name of an algorithm in the COSE registry, where it is one that issuers use.
pub fn algorithm_name(algorithm: i64) -> Option<&'static str> {
    Some(match algorithm {
        4 => "HMAC 256/64",
        5 => "HMAC 256/256",
        6 => "HMAC 384/384",
        7 => "HMAC 512/512",
        -7 => "ES256",
        -8 => "EdDSA",
        -9 => "ESP256",
        -19 => "Ed25519",
        -35 => "ES384",
        -36 => "ES512",
        -37 => "PS256",
        -38 => "PS384",
        -39 => "PS512",
        -47 => "ES256K",
        -257 => "RS256",
        -258 => "RS384",
        -259 => "RS512",
        _ => return None,
    })
}
