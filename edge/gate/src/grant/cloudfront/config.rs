use sluice_document::members;

use super::super::public_key::PublicKeyError;

/// How CloudFront's signed URLs and cookies are recognised: the `cloudfront` object of the edge's configuration.
///
/// ```json
/// {"keys":[{"id":"K2JCJMDEHXQW5F","public_key":"-----BEGIN PUBLIC KEY-----…"}],"sha1":false}
/// ```
#[derive(Clone, Debug)]
pub struct CloudFrontConfig {
    /// The public keys of the trusted key group.
    pub keys: Vec<CloudFrontKeyConfig>,
    /// Whether signatures with SHA-1 count, which are CloudFront's default.
    pub sha1: bool,
}

members!(deny CloudFrontConfig { keys, sha1 = true });

/// A public key as it was uploaded to CloudFront.
#[derive(Clone, Debug)]
pub struct CloudFrontKeyConfig {
    /// The id that CloudFront gave it: a token's `Key-Pair-Id`.
    pub id: String,
    /// PEM (`BEGIN PUBLIC KEY`): RSA of 2048 to 4096 bits, or P-256.
    pub public_key: String,
}

members!(deny CloudFrontKeyConfig { id, public_key });

/// Why a configuration gives no keys.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CloudFrontError {
    /// No key: nobody could watch.
    #[error("keys is empty: list the public keys of the key group, each with the id that CloudFront gave it")]
    None,
    /// Too many keys.
    #[error("keys lists {0} keys where at most 8 are taken; remove those that sign no more")]
    TooMany(usize),
    /// A key without a sensible id.
    #[error("key {0:?}: id must be 1 to 64 letters and digits, as CloudFront shows it (K2JCJMDEHXQW5F)")]
    Id(String),
    /// Two keys of one id.
    #[error("key {0:?} is listed twice; remove one")]
    Duplicate(String),
    /// A public key that does not serve.
    #[error("key {id:?}: public_key {error}")]
    PublicKey {
        /// The key.
        id: String,
        /// What is wrong with it.
        error: PublicKeyError,
    },
}
