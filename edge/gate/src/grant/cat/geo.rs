//! `catgeoiso3166`: the countries and subdivisions that a token may be used in.

use super::cbor::Value;
use crate::{Deny, TokenError, grant::GrantError, handle::ClientFacts};

/// The places, as ISO 3166 codes; the client is in one of them.
///
/// No platform's fact is finer than a country here, so that a subdivision alone (`US-CA`) is not met by its country.
///
/// # Errors
/// [`Deny::GeoBlocked`] where the client is not, or it is not known where it is; [`TokenError::Invalid`] where the claim is not an array of codes.
pub(super) fn check(claim: &Value<'_>, client: &ClientFacts) -> Result<Vec<String>, GrantError> {
    let places = claim.items().and_then(|items| items.iter().map(Value::text).collect::<Option<Vec<_>>>());
    let places = places.filter(|places| places.iter().all(|place| is_code(place))).ok_or(TokenError::Invalid)?;
    let country = client.country.ok_or(Deny::GeoBlocked)?;
    if !places.iter().any(|place| place.as_bytes() == country) {
        return Err(Deny::GeoBlocked.into());
    }
    Ok(places.into_iter().map(str::to_owned).collect())
}

/// ISO 3166-1 alpha-2 (`DE`), or ISO 3166-2: that, a hyphen, and up to three letters or digits (`US-CA`).
fn is_code(place: &str) -> bool {
    let (country, subdivision) = match place.split_once('-') {
        Some((country, subdivision)) => (country, Some(subdivision)),
        None => (place, None),
    };
    country.len() == 2
        && country.bytes().all(|letter| letter.is_ascii_uppercase())
        && subdivision.is_none_or(|code| {
            (1..=3).contains(&code.len()) && code.bytes().all(|sign| sign.is_ascii_uppercase() || sign.is_ascii_digit())
        })
}
