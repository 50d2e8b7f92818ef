//! `catgeoiso3166`: the countries and subdivisions that a token may be used in.

use super::cbor::Value;
use crate::TokenError;

/// The places, as ISO 3166 codes; whether the client is in one of them is [`crate::grant::Grant::admits`]'s to say.
///
/// # Errors
/// [`TokenError::Invalid`] where the claim is not an array of codes.
pub(super) fn places(claim: &Value<'_>) -> Result<Vec<String>, TokenError> {
    let places = claim.items().and_then(|items| items.iter().map(Value::text).collect::<Option<Vec<_>>>());
    let places = places.filter(|places| places.iter().all(|place| is_code(place))).ok_or(TokenError::Invalid)?;
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
