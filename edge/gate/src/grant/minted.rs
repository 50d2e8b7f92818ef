use jsonwebtoken::{EncodingKey, Header};
use serde::Serialize;
use serde_json::Value;

use super::{compact::MAX_TOKEN, provider, viewer_keys::MIN_SECRET};
use crate::Unix;

/// A token cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MintError {
    /// The edge would refuse it.
    #[error("the secret has {0} bytes where HS256 needs at least 32")]
    ShortSecret(usize),
    /// The claims are no JSON object.
    #[error("the claims are no JSON object")]
    Claims,
    /// The edge would refuse it.
    #[error("the token has {0} bytes where at most 8192 are accepted")]
    TooLong(usize),
}

/// The claims of a viewer's token, by the names that the edge expects unless configured otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ViewerClaims {
    /// Who signs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iss: Option<String>,
    /// For whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aud: Option<String>,
    /// The account.
    pub sub: String,
    /// When the token ends.
    pub exp: Unix,
    /// Before when it is not valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nbf: Option<Unix>,
    /// When it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iat: Option<Unix>,
    /// The tier of subscription.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tier: Option<String>,
    /// The titles that it covers; every one where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub titles: Option<Vec<String>>,
    /// The device that it is given to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// How many sessions the account may have at a time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream_limit: Option<u32>,
}

/// Mints a viewer's token with HS256, for tools and tests; `claims` is [`ViewerClaims`] or any other JSON object.
///
/// # Errors
/// [`MintError`].
pub fn mint_hs256(kid: &str, secret: &[u8], claims: &impl Serialize) -> Result<String, MintError> {
    if secret.len() < MIN_SECRET {
        return Err(MintError::ShortSecret(secret.len()));
    }
    let claims = serde_json::to_value(claims).ok().filter(Value::is_object).ok_or(MintError::Claims)?;
    provider::install();
    let mut header = Header::new(jsonwebtoken::Algorithm::HS256);
    header.kid = Some(kid.to_owned());
    let token =
        jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(secret)).map_err(|_| MintError::Claims)?;
    if token.len() > MAX_TOKEN { Err(MintError::TooLong(token.len())) } else { Ok(token) }
}
