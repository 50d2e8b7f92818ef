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
