//! CloudFront's signed URLs and signed cookies, as its developer guide has them ("Serve private content with signed URLs and signed
//! cookies"): a title that CloudFront served before is watched through the gate with the same tokens.
//!
//! | signed URL | signed cookie | |
//! |---|---|---|
//! | `Policy` | `CloudFront-Policy` | a custom policy, JSON in base64 |
//! | `Expires` | `CloudFront-Expires` | in its place: the time of a canned policy, whose JSON is made again from it and the URL |
//! | `Signature` | `CloudFront-Signature` | over the policy's bytes, in base64 |
//! | `Key-Pair-Id` | `CloudFront-Key-Pair-Id` | which key |
//! | `Hash-Algorithm` | `CloudFront-Hash-Algorithm` | `SHA1`, which it is where absent, or `SHA256` |
//!
//! A URL with any of these parameters is a signed URL, and its cookies are not looked at. The key, and so RSA or ECDSA, is the
//! configuration's and never the token's; the signature is verified over the bytes that came before any of them is read.
//! Base64 has one spelling here: padded, without spare bits.
//!
//! **Whose it is.** A policy names nobody, so its holder is an account of its own: the SHA-256 of the key's id and the policy, without
//! the signature. The same policy signed again is the same holder, for an ECDSA signature can be altered by anybody into another that
//! holds too, and would be a new account each time. Viewers who are given the same policy to the byte (one end for all of an hour's) are one
//! account: their streams count together, and they see each other's sessions. Give them policies that differ.

mod config;
mod key;
mod policy;
mod resource;
mod signed;

use sha2::{Digest, Sha256};

pub use config::{CloudFrontConfig, CloudFrontError, CloudFrontKeyConfig};

use super::{
    Account, Grant, GrantError, Kind, Presented,
    url::{MAX_URL, Url},
};
use crate::{Deny, TokenError};
use key::{Hash, Key};
use policy::Policy;
use signed::Signed;

/// Keys that may be valid at a time: more than one key group has.
const MAX_KEYS: usize = 8;
/// The longest id of a key, bytes.
const MAX_ID: usize = 64;

/// The keys by which CloudFront's tokens are verified.
pub struct CloudFrontKeys {
    keys: Vec<(String, Key)>,
    sha1: bool,
}

impl CloudFrontKeys {
    /// Reads the keys.
    ///
    /// # Errors
    /// [`CloudFrontError`], which names the key and what is wrong with it.
    pub fn new(config: &CloudFrontConfig) -> Result<Self, CloudFrontError> {
        match config.keys.len() {
            0 => return Err(CloudFrontError::None),
            1..=MAX_KEYS => {}
            many => return Err(CloudFrontError::TooMany(many)),
        }
        let mut keys: Vec<(String, Key)> = Vec::with_capacity(config.keys.len());
        for key in &config.keys {
            let id = || key.id.clone();
            if !(1..=MAX_ID).contains(&key.id.len()) || !key.id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                return Err(CloudFrontError::Id(id()));
            }
            if keys.iter().any(|(earlier, _)| *earlier == key.id) {
                return Err(CloudFrontError::Duplicate(id()));
            }
            let parsed = Key::parse(&key.public_key);
            keys.push((id(), parsed.map_err(|error| CloudFrontError::PublicKey { id: id(), error })?));
        }
        Ok(Self { keys, sha1: config.sha1 })
    }

    fn hash(&self, named: Option<&str>) -> Result<Hash, GrantError> {
        match named {
            Some("SHA256") => Ok(Hash::Sha256),
            None | Some("SHA1") if self.sha1 => Ok(Hash::Sha1),
            None | Some("SHA1") => Err(GrantError::Unsupported("a signature with SHA-1".to_owned())),
            Some(_) => Err(TokenError::Invalid.into()),
        }
    }
}

impl Kind for CloudFrontKeys {
    fn is_presented(&self, request: &Presented<'_>) -> bool {
        signed::in_url(request.url) || signed::in_cookies(request.cookies)
    }

    fn verify(&self, request: &Presented<'_>) -> Result<Grant, GrantError> {
        let invalid = TokenError::Invalid;
        let Signed { policy, expires, signature, key, hash, base } = Signed::of(request)?;
        let hash = self.hash(hash.as_deref())?;
        let (id, key) = self.keys.iter().find(|(id, _)| *id == key).ok_or(invalid)?;
        let base =
            base.as_deref().map(|base| Url::parse(base).filter(|_| base.len() <= MAX_URL).map(|url| (base, url)));
        let (json, canned) = match (&policy, &expires, base) {
            (Some(policy), None, _) => (signed::decode(policy, signed::MAX_POLICY).ok_or(invalid)?, None),
            // Without the URL nobody can tell what was signed.
            (None, Some(digits), Some(Some((base, _)))) => {
                let ends = signed::time(digits).ok_or(invalid)?;
                let canned = Policy { resource: None, ends, after: None, source: None };
                (Policy::canned(base, digits).into_bytes(), Some(canned))
            }
            _ => return Err(invalid.into()),
        };
        let signature = signed::decode(&signature, signed::MAX_SIGNATURE).ok_or(invalid)?;
        if !key.verifies(hash, &json, &signature) {
            return Err(invalid.into());
        }
        // Not looked at before its signature holds.
        let policy = match canned {
            Some(canned) => canned,
            None => Policy::parse(&json)?,
        };
        if policy.after.is_some_and(|after| request.now <= after) {
            return Err(invalid.into());
        }
        let net = policy.source.map_or(Ok(None), |source| source.bind(request.client))?;
        if let (Some(resource), Some(base)) = (&policy.resource, base) {
            let covered = base.is_some_and(|(_, url)| resource::covers(resource, &url));
            covered.then_some(()).ok_or(Deny::TitleMismatch)?;
        }
        if request.now >= policy.ends {
            return Err(TokenError::Expired.into());
        }
        let holder = Sha256::new().chain_update(b"cloudfront\0").chain_update(id).chain_update([0]).chain_update(&json);
        // What it covers has been seen: the session is for that title.
        Ok(Grant { net, ..Grant::plain(Account::Token(holder.finalize().into()), policy.ends, id) })
    }
}

#[cfg(test)]
mod tests;
