use serde_json::{Map, Value};

use super::{Grant, ViewerConfig};
use crate::{TokenError, Unix};

/// The longest account, tier, title or device in a token, bytes.
const MAX_NAME: usize = 256;

/// What a token's claims grant. Its signature has been verified.
///
/// A claim that is there but of another form than it should be makes the token invalid: none that restricts is passed over.
pub(super) fn grant(config: &ViewerConfig, claims: &Map<String, Value>, now: Unix) -> Result<Grant, TokenError> {
    let invalid = TokenError::Invalid;
    let ends = standing(config, claims, now)?;
    let grant = Grant {
        account: name(claims.get("sub").ok_or(invalid)?)?,
        tier: claims.get(&config.tier_claim).map(name).transpose()?.unwrap_or_default(),
        titles: claims.get(&config.titles_claim).map(titles).transpose()?,
        issued: claims.get("iat").map(|value| time(value, f64::floor).ok_or(invalid)).transpose()?,
        ends,
        device: claims.get("device").map(name).transpose()?,
        stream_limit: claims
            .get("stream_limit")
            .map(|limit| limit.as_u64().and_then(|limit| limit.try_into().ok()).ok_or(invalid))
            .transpose()?,
    };
    if now < ends { Ok(grant) } else { Err(TokenError::Expired) }
}

/// Whether a token is from and for whom it should be, and has begun; gives when it ends, which is the caller's to compare.
pub(super) fn standing(config: &ViewerConfig, claims: &Map<String, Value>, now: Unix) -> Result<Unix, TokenError> {
    let invalid = TokenError::Invalid;
    if let Some(issuer) = &config.issuer
        && claims.get("iss").and_then(Value::as_str) != Some(issuer)
    {
        return Err(invalid);
    }
    if !addressed(config.audience.as_deref(), claims.get("aud")) {
        return Err(invalid);
    }
    let latest_start = now.saturating_add(config.leeway_seconds);
    for start in ["nbf", "iat"] {
        if let Some(value) = claims.get(start)
            && time(value, f64::ceil).ok_or(invalid)? > latest_start
        {
            return Err(invalid);
        }
    }
    claims.get("exp").and_then(|value| time(value, f64::floor)).ok_or(invalid)
}

/// RFC 7519, 4.1.3: a string or an array of strings, among which the edge must find itself if there is one.
fn addressed(audience: Option<&str>, claim: Option<&Value>) -> bool {
    match (audience, claim) {
        (None, None) => true,
        (Some(audience), Some(Value::String(one))) => one == audience,
        (Some(audience), Some(Value::Array(many))) => many.iter().any(|one| one.as_str() == Some(audience)),
        (None, Some(_)) | (Some(_), None | Some(_)) => false,
    }
}

/// A NumericDate (RFC 7519, 2): seconds, possibly with a fraction, which is rounded to the edge's disadvantage.
fn time(value: &Value, round: fn(f64) -> f64) -> Option<Unix> {
    if let Some(seconds) = value.as_u64() {
        return Some(seconds);
    }
    let seconds = round(value.as_f64()?);
    // Up to here every whole number is a double of its own; 2^53 seconds are 285 million years.
    (0.0..9_007_199_254_740_992.0).contains(&seconds).then_some(seconds as Unix)
}

fn name(value: &Value) -> Result<String, TokenError> {
    let name =
        value.as_str().filter(|name| (1..=MAX_NAME).contains(&name.len()) && !name.chars().any(char::is_control));
    name.map(str::to_owned).ok_or(TokenError::Invalid)
}

fn titles(value: &Value) -> Result<Vec<String>, TokenError> {
    value.as_array().ok_or(TokenError::Invalid)?.iter().map(name).collect()
}
