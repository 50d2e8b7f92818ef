use serde_json::{Map, Value};

use super::{
    Account, Grant, GrantError, ViewerConfig,
    mapping::{Claim, is_place, name},
};
use crate::{Deny, TokenError, Unix};

/// When a token counts, by its registered claims.
#[derive(Clone, Copy)]
pub(super) struct Validity {
    /// `exp`.
    ends: Unix,
    /// `iat`.
    issued: Option<Unix>,
}

/// Checks whose token it is, for whom, and when (RFC 7519, 4.1), and what else the configuration requires. Its signature has been verified.
///
/// [`TokenError::Expired`] is said only of a token that is sound in all else.
pub(super) fn check(config: &ViewerConfig, claims: &Map<String, Value>, now: Unix) -> Result<Validity, TokenError> {
    let invalid = TokenError::Invalid;
    if let Some(issuer) = &config.issuer
        && claims.get("iss").and_then(Value::as_str) != Some(issuer)
    {
        return Err(invalid);
    }
    if !addressed(config.audience.as_deref(), claims.get("aud")) || !config.require.is_met(claims) {
        return Err(invalid);
    }
    let latest_start = now.saturating_add(config.leeway_seconds);
    let start = |claim: &str| match claims.get(claim).map(|value| time(value, f64::ceil).ok_or(invalid)) {
        Some(Ok(start)) if start > latest_start => Err(invalid),
        start => start.transpose(),
    };
    start("nbf")?;
    let issued = start("iat")?;
    let ends = claims.get("exp").and_then(|value| time(value, f64::floor)).ok_or(invalid)?;
    if now < ends { Ok(Validity { ends, issued }) } else { Err(TokenError::Expired) }
}

/// What the claims of a token that key `kid` signed grant, by the configured names.
///
/// A claim that is there but of another form than it should be makes the token invalid: none that restricts is passed over.
pub(super) fn grant(
    config: &ViewerConfig,
    claims: &Map<String, Value>,
    validity: Validity,
    kid: &str,
    now: Unix,
) -> Result<Grant, GrantError> {
    let invalid = TokenError::Invalid;
    let names = &config.claims;
    let found = |claim| found(claim, claims);
    let number = |claim, round| match found(claim)? {
        Some((_, value)) => seconds(value, round).map(Some).ok_or(invalid),
        None => Ok(None),
    };
    let account = name(names.account.find(claims)?.ok_or(invalid)?)?;
    // A tier that `map` does not know is none of ours: as a token that names none.
    let tier = found(&names.tier)?.map(|(claim, value)| claim.one(value)).transpose()?.flatten().unwrap_or_default();
    let titles = found(&names.titles)?.map(|(claim, value)| claim.many(value, false)).transpose()?;
    let places = found(&names.region)?.map(|(claim, value)| claim.many(value, true)).transpose()?;
    if places.as_ref().is_some_and(|places| !places.iter().all(|place| is_place(place))) {
        return Err(invalid.into());
    }
    let device = found(&names.device)?.map(|(_, value)| name(value)).transpose()?;
    let device_class = match found(&names.device_class)? {
        Some((claim, value)) => Some(claim.one(value)?.ok_or(invalid)?),
        None => None,
    };
    let stream_limit = match number(&names.stream_limit, |_| f64::NAN)? {
        Some(limit) => Some(u32::try_from(limit).map_err(|_| invalid)?),
        None => None,
    };
    let persistent = found(&names.persistent)?.map(|(_, value)| flag(value).ok_or(invalid)).transpose()?;
    let begins = number(&names.not_before, f64::ceil)?;
    let closes = number(&names.not_after, f64::floor)?;
    if begins.is_some_and(|begins| now < begins) || closes.is_some_and(|closes| now >= closes) {
        return Err(Deny::RightsWindow.into());
    }
    let ends = closes.map_or(validity.ends, |closes| closes.min(validity.ends));
    Ok(Grant {
        tier,
        titles,
        device,
        device_class,
        stream_limit,
        persistent: persistent.unwrap_or(false),
        issued: validity.issued,
        places,
        ..Grant::plain(Account::Named(account), ends, kid)
    })
}

fn found<'a>(
    claim: &'a Option<Claim>,
    claims: &'a Map<String, Value>,
) -> Result<Option<(&'a Claim, &'a Value)>, TokenError> {
    let Some(claim) = claim else { return Ok(None) };
    Ok(claim.find(claims)?.map(|value| (claim, value)))
}

/// A boolean: there are issuers that can write nothing but texts.
fn flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
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

/// The same in a claim that is no registered one: there are issuers that can write nothing but texts.
fn seconds(value: &Value, round: fn(f64) -> f64) -> Option<Unix> {
    match value {
        Value::String(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok(),
        other => time(other, round),
    }
}
