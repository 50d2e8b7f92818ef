//! Where a title is offered: by country, and by region in the countries of which a list names regions.

use super::{Country, Listed, Region};
use crate::{ClientFacts, Deny};

/// Whether the title is offered where the client is.
///
/// - A list of regions decides in the countries of which it names regions, and there an unknown region is refused.
/// - In other countries a `deny` list of regions refuses nothing; an `allow` list admits only what `countries` allows by name.
pub(super) fn admit(
    countries: Option<&Listed<Country>>,
    regions: Option<&Listed<Region>>,
    client: &ClientFacts,
) -> Result<(), Deny> {
    if countries.is_none() && regions.is_none() {
        return Ok(());
    }
    // A code that is no country is as good as none.
    let code = client.country.as_ref().and_then(|code| core::str::from_utf8(code).ok());
    let country = code.and_then(|code| Country::parse(code).ok()).ok_or(Deny::GeoBlocked)?;
    let by_country = countries.is_none_or(|countries| countries.admits(&country));
    let by_region = regions.is_none_or(|regions| match client.region.filter(|region| region.country() == country) {
        _ if !names(regions, country) => !regions.allows() || countries.is_some_and(Listed::allows),
        Some(region) => regions.admits(&region),
        None => false,
    });
    if by_country && by_region { Ok(()) } else { Err(Deny::GeoBlocked) }
}

/// Whether a list names regions of that country.
pub(super) fn names(regions: &Listed<Region>, country: Country) -> bool {
    regions.list().iter().any(|region| region.country() == country)
}

/// A region that is allowed in a country that is not: nobody could be there.
pub(super) fn contradiction(countries: Option<&Listed<Country>>, regions: Option<&Listed<Region>>) -> Option<Region> {
    let (countries, regions) = (countries?, regions?);
    let lost = |region: &&Region| regions.allows() && !countries.admits(&region.country());
    regions.list().iter().find(lost).copied()
}
