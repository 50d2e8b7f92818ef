use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser::SerializeMap};
use sluice_document::members;

/// A restriction by a list, as documents write it: `{"allow":[…]}`, these and no others, or `{"deny":[…]}`, all but these. Never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed<T> {
    allows: bool,
    list: Vec<T>,
}

impl<T: PartialEq> Listed<T> {
    /// Whether it is an allow-list.
    pub fn allows(&self) -> bool {
        self.allows
    }

    /// What it names, at least one.
    pub fn list(&self) -> &[T] {
        &self.list
    }

    /// Whether it admits an item.
    pub fn admits(&self, item: &T) -> bool {
        self.list.contains(item) == self.allows
    }
}

impl<T: Serialize> Serialize for Listed<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(if self.allows { "allow" } else { "deny" }, &self.list)?;
        map.end()
    }
}

/// One reader for all kinds of items, for the module's size.
struct Raw {
    allow: Option<Vec<String>>,
    deny: Option<Vec<String>>,
}

members!(deny Raw { allow = None, deny = None });

impl<'de, T: TryFrom<String, Error: fmt::Display>> Deserialize<'de> for Listed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (allows, items) = match Raw::deserialize(deserializer)? {
            Raw { allow: Some(items), deny: None } => (true, items),
            Raw { allow: None, deny: Some(items) } => (false, items),
            _ => return Err(de::Error::custom("give either allow or deny")),
        };
        if items.is_empty() {
            return Err(de::Error::custom(
                "an empty list restricts nothing or everything: leave it out, or unpublish the title",
            ));
        }
        let list = items.into_iter().map(T::try_from).collect::<Result<_, _>>().map_err(de::Error::custom)?;
        Ok(Self { allows, list })
    }
}
