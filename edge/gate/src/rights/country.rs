use core::fmt;

use serde::{Deserialize, Serialize};

/// A country: an assigned ISO 3166-1 alpha-2 code, or `XK` (Kosovo, user-assigned), which geolocation services report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Country([u8; 2]);

/// A text that is no country.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no country: use ISO 3166-1 alpha-2 codes in upper case, such as DE or GB")]
pub struct CountryError(String);

/// Where a title is offered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Countries {
    /// There and nowhere else.
    Allow(CountrySet),
    /// Everywhere but there.
    Deny(CountrySet),
}

/// Countries, at least one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Country>", into = "Vec<Country>")]
pub struct CountrySet(Vec<Country>);

/// A list of countries that restricts nothing, or everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a list of countries is empty: leave countries out for everywhere, or unpublish the title for nowhere")]
pub struct EmptySet;

/// The assigned codes, sorted, without separators.
const ASSIGNED: &[u8] = b"\
ADAEAFAGAIALAMAOAQARASATAUAWAXAZ\
BABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBVBWBYBZ\
CACCCDCFCGCHCICKCLCMCNCOCRCUCVCWCXCYCZ\
DEDJDKDMDODZ\
ECEEEGEHERESET\
FIFJFKFMFOFR\
GAGBGDGEGFGGGHGIGLGMGNGPGQGRGSGTGUGWGY\
HKHMHNHRHTHU\
IDIEILIMINIOIQIRISIT\
JEJMJOJP\
KEKGKHKIKMKNKPKRKWKYKZ\
LALBLCLILKLRLSLTLULVLY\
MAMCMDMEMFMGMHMKMLMMMNMOMPMQMRMSMTMUMVMWMXMYMZ\
NANCNENFNGNINLNONPNRNUNZ\
OM\
PAPEPFPGPHPKPLPMPNPRPSPTPWPY\
QA\
RERORSRURW\
SASBSCSDSESGSHSISJSKSLSMSNSOSRSSSTSVSXSYSZ\
TCTDTFTGTHTJTKTLTMTNTOTRTTTVTWTZ\
UAUGUMUSUYUZ\
VAVCVEVGVIVNVU\
WFWS\
XK\
YEYT\
ZAZMZW";

impl Country {
    /// Parses a code.
    ///
    /// # Errors
    /// [`CountryError`] where it is no assigned code in upper case.
    pub fn parse(code: &str) -> Result<Self, CountryError> {
        let parsed =
            code.as_bytes().try_into().ok().filter(|code| ASSIGNED.as_chunks::<2>().0.binary_search(code).is_ok());
        parsed.map(Self).ok_or_else(|| CountryError(code.chars().take(16).collect()))
    }

    /// The code.
    pub fn as_bytes(&self) -> [u8; 2] {
        self.0
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|letter| write!(f, "{}", char::from(*letter)))
    }
}

impl TryFrom<String> for Country {
    type Error = CountryError;
    fn try_from(code: String) -> Result<Self, CountryError> {
        Self::parse(&code)
    }
}

impl From<Country> for String {
    fn from(country: Country) -> Self {
        country.to_string()
    }
}

impl Countries {
    /// Whether the title is offered in that country.
    pub fn admit(&self, country: Country) -> bool {
        match self {
            Self::Allow(CountrySet(list)) => list.contains(&country),
            Self::Deny(CountrySet(list)) => !list.contains(&country),
        }
    }
}

impl TryFrom<Vec<Country>> for CountrySet {
    type Error = EmptySet;
    fn try_from(list: Vec<Country>) -> Result<Self, EmptySet> {
        if list.is_empty() { Err(EmptySet) } else { Ok(Self(list)) }
    }
}

impl From<CountrySet> for Vec<Country> {
    fn from(CountrySet(list): CountrySet) -> Self {
        list
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_complete() {
        let (codes, rest) = ASSIGNED.as_chunks::<2>();
        assert!(rest.is_empty());
        assert!(codes.is_sorted_by(|a, b| a < b));
        // ISO 3166-1 assigns 249 codes; XK is one more.
        assert_eq!(codes.len(), 250);
    }

    #[test]
    fn codes_that_look_right_are_refused() {
        for good in ["DE", "GB", "AD", "ZW", "XK"] {
            assert_eq!(Country::parse(good).expect("country").to_string(), good);
        }
        for bad in ["", "D", "de", "De", "DEU", "UK", "EU", "XX", "T1", "ZZ", "\u{c4}"] {
            assert!(Country::parse(bad).is_err(), "{bad}");
        }
    }
}
