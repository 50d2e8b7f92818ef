use core::fmt;

use serde::{Deserialize, Serialize};

use super::Country;

/// A subdivision of a country by its ISO 3166-2 code, such as `US-CA` or `GB-SCT`. The country is an assigned one; that the rest is assigned is not
/// checked: there are five thousand, and they change.
///
/// Codes are compared as they are. Where subdivisions lie within others (Scotland in the United Kingdom, and its council areas), a list must name
/// those that the deployment's platform tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Region {
    country: Country,
    /// One to three letters or digits, then zeros.
    subdivision: [u8; 3],
}

/// A text that is no region.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no region: use ISO 3166-2 codes in upper case, such as US-CA or GB-SCT")]
pub struct RegionError(String);

impl Region {
    /// Parses a code.
    ///
    /// # Errors
    /// [`RegionError`] where it is not an assigned country's code, a hyphen, and one to three letters in upper case or digits.
    pub fn parse(code: &str) -> Result<Self, RegionError> {
        let parse = || {
            let (country, subdivision) = code.split_once('-')?;
            Some(Self { country: Country::parse(country).ok()?, subdivision: part(subdivision)? })
        };
        parse().ok_or_else(|| RegionError(code.chars().take(16).collect()))
    }

    /// What a platform or a proxy tells beside the country: the whole code, or only what follows the country's. `None` where
    /// it is neither, or another country's.
    pub fn told(country: [u8; 2], code: &str) -> Option<Self> {
        let code = code.to_ascii_uppercase();
        let country = Country::parse(core::str::from_utf8(&country).ok()?).ok()?;
        match code.split_once('-') {
            Some(_) => Self::parse(&code).ok().filter(|region| region.country == country),
            None => Some(Self { country, subdivision: part(&code)? }),
        }
    }

    /// The country that it is a part of.
    pub fn country(&self) -> Country {
        self.country
    }

    /// What follows the hyphen, then zeros.
    pub fn subdivision(&self) -> [u8; 3] {
        self.subdivision
    }
}

fn part(code: &str) -> Option<[u8; 3]> {
    let good = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    let mut part = [0; 3];
    part.get_mut(..code.len())?.copy_from_slice(code.as_bytes());
    (!code.is_empty() && code.bytes().all(good)).then_some(part)
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-", self.country)?;
        self.subdivision.iter().filter(|byte| **byte != 0).try_for_each(|byte| write!(f, "{}", char::from(*byte)))
    }
}

impl TryFrom<String> for Region {
    type Error = RegionError;
    fn try_from(code: String) -> Result<Self, RegionError> {
        Self::parse(&code)
    }
}

impl From<Region> for String {
    fn from(region: Region) -> Self {
        region.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_whole_and_of_a_country() {
        for good in ["US-CA", "GB-SCT", "JP-13", "RU-MOW", "FR-2A", "CZ-1"] {
            assert_eq!(Region::parse(good).expect("region").to_string(), good);
        }
        for bad in
            ["", "US", "US-", "-CA", "US-CALI", "us-CA", "US-ca", "UK-SCT", "XX-A", "US_CA", "US-C-A", "US-\u{c4}"]
        {
            assert!(Region::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_platforms_tell_is_whole_or_the_second_half() {
        let of = |country: &[u8; 2], code| Region::told(*country, code).map(|region| region.to_string());
        assert_eq!(of(b"US", "CA").as_deref(), Some("US-CA"));
        assert_eq!(of(b"US", "us-ca").as_deref(), Some("US-CA"));
        for (country, unknown) in
            [(b"US", "GB-SCT"), (b"US", "?"), (b"AX", "NO REGION"), (b"US", ""), (b"US", "CALIFORNIA"), (b"XX", "CA")]
        {
            assert_eq!(of(country, unknown), None, "{unknown}");
        }
    }
}
