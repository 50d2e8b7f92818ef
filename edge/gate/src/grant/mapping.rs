//! Which claims of an issuer's tokens say what: the `claims` and `require` objects of its configuration.
//!
//! A claim is named by a text (`"https://tv.example/tier"`, a member of the token as it is: dots, colons and slashes mean
//! nothing), or by an array of texts (`["app_metadata","plan"]`, a member of a member). With `map` its values are turned into
//! ours: `{"claim":"roles","map":[["gold","premium"],["silver","basic"]]}`, of which the first pair whose left side the token
//! has counts. `null` in place of a claim: not looked at.

use serde::{Deserialize, Deserializer, de::Error};
use serde_json::{Map, Value};
use sluice_document::members;

use super::strict::UniqueNames;
use crate::{TokenError, rights::Country};

/// The longest account, tier, title, place or device in a token, bytes.
const MAX_NAME: usize = 256;

/// The claims that grant something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimsConfig {
    /// Names the account: a text. Must be in the token.
    pub account: Claim,
    /// Names the tier: a text, or with `map` one of several.
    pub tier: Option<Claim>,
    /// Lists the titles: an array of texts. A token without it covers every title; with `map`, titles that it does not name are passed over.
    pub titles: Option<Claim>,
    /// Where the token may be used: ISO 3166-1 alpha-2 (`DE`) or ISO 3166-2 (`US-CA`), a text or an array.
    pub region: Option<Claim>,
    /// From when it grants: Unix seconds, a number or a text of digits.
    pub not_before: Option<Claim>,
    /// Until when, not included.
    pub not_after: Option<Claim>,
    /// The device that it was given to: a text.
    pub device: Option<Claim>,
    /// The class of devices that it was given to: a text, or with `map` one of several.
    pub device_class: Option<Claim>,
    /// How many sessions the account may have at a time: a number or a text of digits.
    pub stream_limit: Option<Claim>,
    /// Whether licences may be stored on the viewer's device, where the title allows it: `true` or `false`, also as a text.
    pub persistent: Option<Claim>,
}

members!(deny ClaimsConfig {
    account = ClaimsConfig::default().account,
    tier = ClaimsConfig::default().tier,
    titles = ClaimsConfig::default().titles,
    region = None,
    not_before = None,
    not_after = None,
    device = ClaimsConfig::default().device,
    device_class = ClaimsConfig::default().device_class,
    stream_limit = ClaimsConfig::default().stream_limit,
    persistent = None,
});

impl Default for ClaimsConfig {
    fn default() -> Self {
        Self {
            account: Claim::named("sub"),
            tier: Some(Claim::named("tier")),
            titles: Some(Claim::named("titles")),
            region: None,
            not_before: None,
            not_after: None,
            device: Some(Claim::named("device")),
            device_class: Some(Claim::named("device_class")),
            stream_limit: Some(Claim::named("stream_limit")),
            persistent: None,
        }
    }
}

impl ClaimsConfig {
    /// The first of the claims that has a `map` and takes none.
    pub(super) fn wrongly_mapped(&self) -> Option<&'static str> {
        let plain = [
            ("account", Some(&self.account)),
            ("not_before", self.not_before.as_ref()),
            ("not_after", self.not_after.as_ref()),
            ("device", self.device.as_ref()),
            ("stream_limit", self.stream_limit.as_ref()),
            ("persistent", self.persistent.as_ref()),
        ];
        plain.into_iter().find(|(_, claim)| claim.is_some_and(|claim| claim.map.is_some())).map(|(name, _)| name)
    }

    /// The first of the places that `region` is turned into and that is none.
    pub(super) fn wrong_place(&self) -> Option<&str> {
        let pairs = self.region.as_ref()?.map.as_ref()?;
        pairs.iter().map(|(_, place)| place.as_str()).find(|place| !is_place(place))
    }
}

/// A claim by its path, and what its values mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The names from the token's object inwards: at least one.
    path: Vec<String>,
    /// The token's value and ours, in order of preference.
    map: Option<Vec<(String, String)>>,
}

impl Claim {
    fn named(name: &str) -> Self {
        Self { path: vec![name.to_owned()], map: None }
    }

    fn read(value: Value) -> Option<Self> {
        let text = |value: Value| match value {
            Value::String(text) => Some(text),
            _ => None,
        };
        match value {
            Value::String(name) => Some(Self { path: vec![name], map: None }),
            Value::Array(names) if !names.is_empty() => {
                Some(Self { path: names.into_iter().map(text).collect::<Option<_>>()?, map: None })
            }
            Value::Object(mut members) if members.len() == 2 => {
                // Taken out of their places: to remove members is five kilobytes of module.
                let Self { path, map: None } = Self::read(members.get_mut("claim")?.take())? else { return None };
                let Value::Array(pairs) = members.get_mut("map")?.take() else { return None };
                let pair = |value: Value| match value {
                    Value::Array(pair) => {
                        let [from, to] = <[Value; 2]>::try_from(pair).ok()?;
                        Some((text(from)?, text(to)?))
                    }
                    _ => None,
                };
                Some(Self { path, map: Some(pairs.into_iter().map(pair).collect::<Option<_>>()?) })
            }
            _ => None,
        }
    }

    /// The claim in a token; `None` where it is not there.
    pub(super) fn find<'a>(&self, claims: &'a Map<String, Value>) -> Result<Option<&'a Value>, TokenError> {
        let Some((first, inner)) = self.path.split_first() else { return Ok(None) };
        let mut found = claims.get(first);
        for name in inner {
            found = match found {
                Some(Value::Object(members)) => members.get(name),
                // A restriction may not be lost in something of another form.
                Some(_) => return Err(TokenError::Invalid),
                None => return Ok(None),
            };
        }
        Ok(found)
    }

    /// Its one text. Without `map` the claim is that text; with it, it is the first pair's that applies, or `None`.
    pub(super) fn one(&self, value: &Value) -> Result<Option<String>, TokenError> {
        let Some(map) = &self.map else { return name(value).map(Some) };
        let values = self.values(value)?;
        Ok(map.iter().find(|(from, _)| values.contains(&from.as_str())).map(|(_, to)| to.clone()))
    }

    /// All its texts, those of `map` where there is one. `lone`: whether a text by itself is as good as an array of it.
    pub(super) fn many(&self, value: &Value, lone: bool) -> Result<Vec<String>, TokenError> {
        match &self.map {
            Some(map) => {
                let values = self.values(value)?;
                Ok(map.iter().filter(|(from, _)| values.contains(&from.as_str())).map(|(_, to)| to.clone()).collect())
            }
            None if lone || value.is_array() || self.is_words() => {
                self.values(value)?.into_iter().map(checked).collect()
            }
            None => Err(TokenError::Invalid),
        }
    }

    fn values<'a>(&self, value: &'a Value) -> Result<Vec<&'a str>, TokenError> {
        match value {
            Value::String(words) if self.is_words() => Ok(words.split(' ').filter(|word| !word.is_empty()).collect()),
            Value::String(one) => Ok(vec![one]),
            Value::Array(many) => many.iter().map(|one| one.as_str().ok_or(TokenError::Invalid)).collect(),
            _ => Err(TokenError::Invalid),
        }
    }

    fn is_words(&self) -> bool {
        self.path.last().is_some_and(|name| is_words(name))
    }
}

impl<'de> Deserialize<'de> for Claim {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let UniqueNames(value) = UniqueNames::deserialize(deserializer)?;
        Self::read(value).ok_or_else(|| {
            D::Error::custom(
                "a claim is \"name\", [\"outer\",\"inner\"] or {\"claim\":one of these,\"map\":[[\"theirs\",\"ours\"],…]}",
            )
        })
    }
}

/// Claims that must be there. A value is met by a claim that equals it, by an array that has it, and by a word of `scope` or
/// `scp`; an object is met by an object whose members meet its own.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Required(Map<String, Value>);

impl<'de> Deserialize<'de> for Required {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match UniqueNames::deserialize(deserializer)? {
            UniqueNames(Value::Object(members)) => Ok(Self(members)),
            UniqueNames(_) => {
                Err(D::Error::custom("require is an object of claims and the values that they must have"))
            }
        }
    }
}

impl Required {
    /// Whether a token's claims are as required.
    pub(super) fn is_met(&self, claims: &Map<String, Value>) -> bool {
        met(&self.0, claims)
    }
}

fn met(wanted: &Map<String, Value>, claims: &Map<String, Value>) -> bool {
    wanted.iter().all(|(name, wanted)| match (wanted, claims.get(name)) {
        (_, None) => false,
        (Value::Object(wanted), Some(Value::Object(members))) => met(wanted, members),
        (Value::String(word), Some(Value::String(words))) if is_words(name) => {
            words.split(' ').any(|found| found == word)
        }
        (wanted, Some(Value::Array(many))) => many.contains(wanted),
        (wanted, Some(found)) => found == wanted,
    })
}

/// Claims whose text is a list of words: `scope` (RFC 8693, 4.2), and the name that some issuers have for it.
fn is_words(name: &str) -> bool {
    matches!(name, "scope" | "scp")
}

/// A text that names something.
pub(super) fn name(value: &Value) -> Result<String, TokenError> {
    checked(value.as_str().ok_or(TokenError::Invalid)?)
}

fn checked(name: &str) -> Result<String, TokenError> {
    if (1..=MAX_NAME).contains(&name.len()) && !name.chars().any(char::is_control) {
        Ok(name.to_owned())
    } else {
        Err(TokenError::Invalid)
    }
}

/// ISO 3166-1 alpha-2, or ISO 3166-2: a country, a hyphen and one to three letters or digits.
pub(super) fn is_place(text: &str) -> bool {
    let (country, subdivision) = match text.split_once('-') {
        Some((country, subdivision)) => (country, Some(subdivision)),
        None => (text, None),
    };
    let letter_or_digit = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_uppercase();
    Country::parse(country).is_ok()
        && subdivision.is_none_or(|code| (1..=3).contains(&code.len()) && code.bytes().all(letter_or_digit))
}
